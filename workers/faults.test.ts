import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#server/embedded.ts'
import { queueDepths } from '#server/queues.ts'
import type { Snapshot } from '#server/snapshots.ts'
import { verifyRun } from '#server/verify.ts'
import {
  differences,
  migrateAll,
  reached,
  reportLines,
  startStandIn,
  type TestHouse,
  testHouse,
  withoutPacing,
} from './testing.ts'
import { sized } from './testing-house.ts'

test('with workers killed every 2 s, Postgres stopped hard twice and a provider that fails in every way, the report is the same and nothing is doubled', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'faults-'))
  const standIn = await startStandIn('zenfolio', sized(40, 100))
  let postgres = await startEmbeddedPostgres({ dir })
  const house = await testHouse(postgres.url)
  const chaos = killEvery(2000, house)
  try {
    await withoutPacing(house)
    await chaos.workers()
    await standIn.faults({ rate429: 0.1, retryAfter: 0, rate5xx: 0.1, rateTruncated: 0.05, expireTokenEvery: 500 })
    const run = await migrateAll(house, standIn)
    await reached(house, run, (seen) => seen.state === 'running')
    chaos.begin()
    for (const copied of [500, 2000]) {
      await reached(house, run, (seen) => seen.totals.copied > copied)
      postgres = await stoppedHard(postgres, dir)
    }
    const end = await reached(house, run, ended)
    await chaos.stop()
    expect(end.state).toBe('done')
    expect(chaos.killed()).toBeGreaterThan(3)
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    expect(await Array.fromAsync(verifyRun(house, run, { deep: true }))).toEqual([])
    expect((await queueDepths(house.pool)).filter(({ active, ready }) => active + ready > 0)).toEqual([])
    const { writes, unknown } = await standIn.requests()
    expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
  } finally {
    await chaos.stop()
    await house.dispose()
    await standIn.stop()
    await postgres.stop()
    await rm(dir, { recursive: true, force: true })
  }
}, 600_000)

const ended = (seen: Snapshot) =>
  seen.state === 'done' || seen.state === 'done_with_problems' || seen.state === 'blocked' || seen.state === 'failed'

/** Three workers; the oldest is killed each time, a new one takes its place. */
function killEvery(milliseconds: number, house: TestHouse) {
  const workers: ChildProcess[] = []
  let killed = 0
  let turn: Promise<void> = Promise.resolve()
  let stopped = false
  const renew = async () => {
    while (workers.length < 3 && !stopped) workers.push(await house.startWorker())
  }
  turn = renew()
  let timer: NodeJS.Timeout | undefined
  const kill = () => {
    turn = turn.then(async () => {
      const oldest = workers.shift()
      if (oldest && oldest.exitCode === null) {
        const gone = once(oldest, 'exit')
        oldest.kill('SIGKILL')
        await gone
        killed++
      }
      await renew().catch(() => {})
    })
  }
  return {
    workers: () => turn,
    begin() {
      timer = setInterval(kill, milliseconds)
    },
    killed: () => killed,
    async stop() {
      stopped = true
      clearInterval(timer)
      await turn
    },
  }
}

async function stoppedHard(postgres: EmbeddedPostgres, dir: string): Promise<EmbeddedPostgres> {
  process.kill(postgres.pid, 'SIGKILL')
  await postgres.exited
  return startEmbeddedPostgres({ dir, port: Number(new URL(postgres.url).port) })
}
