// How fast a queue of pictures that wait to be rendered drains, in turns with a bare loop: the queue is paused for each
// of its turns, since what one core does in a second changes by the minute on a machine that others use too.
import { setTimeout as pause } from 'node:timers/promises'
import { pauseQueue, resumeQueue } from '#server/queue-control.ts'
import { cpuSeconds, familyCpuSeconds } from './processes.ts'
import type { Bench, Setting } from './setting.ts'

export interface Speed {
  /** Pictures a second. */
  rate: number
  /** Milliseconds of CPU a picture. */
  cpu: number
}

export interface Turn {
  ours: Speed
  /** Of the turns before and after it. */
  bare: Speed
}

const queue = 'render-photos'
const actor = 'bench'
/** After each start this many are made before it counts: every worker has chunks in hand, at different places. */
const unsteady = 200
const lookMilliseconds = 250

/** `turns` of the queue with the bare loop around them; what is left after the last is drained without being measured. */
export async function drain(
  setting: Setting,
  { signal }: Pick<Bench, 'signal'>,
  options: { turns: number; workers: number[]; bare: () => Promise<Speed> },
): Promise<Turn[]> {
  const { house } = setting
  const left = () => unmade(setting)
  const used = async () => (await cpuSeconds(options.workers)) + (await familyCpuSeconds(setting.postgresPid))
  const until = async (done: () => Promise<boolean>) => {
    while (!(await done())) await pause(lookMilliseconds, undefined, { signal })
  }
  const share = Math.floor((await left()) / (options.turns + 1))
  if (share < 2 * unsteady) throw new Error('the workers kept up, so no queue drains: offer more pictures')

  const turns: Turn[] = []
  await pauseQueue(house, actor, queue)
  await until(() => isIdle(setting))
  let before = await options.bare()
  for (let turn = 0; turn < options.turns; turn++) {
    const at = await left()
    await resumeQueue(house, actor, queue)
    await until(async () => (await left()) <= at - unsteady)
    const from = { left: await left(), cpu: await used(), at: performance.now() }
    await until(async () => (await left()) <= at - share)
    const made = from.left - (await left())
    const ours = {
      rate: (made * 1000) / (performance.now() - from.at),
      cpu: (((await used()) - from.cpu) * 1000) / made,
    }
    await pauseQueue(house, actor, queue)
    await until(() => isIdle(setting))
    const after = await options.bare()
    turns.push({ ours, bare: { rate: (before.rate + after.rate) / 2, cpu: (before.cpu + after.cpu) / 2 } })
    before = after
  }
  await resumeQueue(house, actor, queue)
  await until(async () => (await left()) === 0)
  return turns
}

/** Photos that wait to be fetched or rendered. */
export async function unmade({ house }: Setting): Promise<number> {
  const { rows } = await house.pool.query<{ n: number }>(
    'select coalesce(sum(listed + stored), 0)::int as n from galleries',
  )
  return rows[0]!.n
}

async function isIdle({ house }: Setting): Promise<boolean> {
  const { rows } = await house.pool.query("select from pgboss.job where name = $1 and state = 'active' limit 1", [
    queue,
  ])
  return rows.length === 0
}
