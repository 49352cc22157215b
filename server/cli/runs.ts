// Looking at runs, steering them, and proving what they did.

import { runFailures } from '#server/failures.ts'
import type { House } from '#server/house.ts'
import { queueDepths } from '#server/queues.ts'
import { retryRun } from '#server/retry.ts'
import { cancelRun, pauseRun } from '#server/runs.ts'
import { snapshot } from '#server/snapshots.ts'
import { listRuns, type RunRow } from '#server/views.ts'
import { type ExitCode, exit, say } from './endings.ts'
import { bytes, count, table } from './figures.ts'
import { block, jsonLines } from './progress.ts'

const put = (text: string) => process.stdout.write(text)
const putLine = (value: object) => put(`${JSON.stringify(value)}\n`)

/** Newest first, all of them. */
export async function listAll(house: House, json: boolean): Promise<ExitCode> {
  const rows: string[][] = [['run', 'client', 'provider', 'state', 'photos', 'published', 'failed', 'skipped', 'bytes']]
  for (let cursor: string | undefined; ; ) {
    const { runs, nextCursor } = await listRuns(house, { cursor, limit: 200 })
    for (const run of runs) {
      if (json) putLine(run)
      else rows.push(rowOf(run))
    }
    if (nextCursor === null) break
    cursor = nextCursor
  }
  if (!json) put(table(rows))
  return exit.done
}

function rowOf({ id, client, provider, kind, state, totals }: RunRow): string[] {
  const figures = [totals.found, totals.published, totals.failed, totals.skipped].map(count)
  return [id, client.name, provider ?? kind, state, ...figures, bytes(totals.bytes)]
}

export async function status(house: House, run: string, json: boolean): Promise<ExitCode> {
  const now = await snapshot(house, run)
  if (json) jsonLines(process.stdout).show(now, [])
  else put(`${block(now, await runFailures(house, run)).join('\n')}\n`)
  return exit.done
}

export async function queues(house: House, json: boolean): Promise<ExitCode> {
  const depths = await queueDepths(house.pool)
  if (json) for (const depth of depths) putLine(depth)
  else {
    const rows = depths.map(({ name, ready, waiting, active, oldestSeconds }) => {
      return [name, count(ready), count(waiting), count(active), `${oldestSeconds} s`]
    })
    put(table([['queue', 'ready', 'waiting', 'active', 'oldest'], ...rows]))
  }
  return exit.done
}

export async function pause(house: House, run: string): Promise<ExitCode> {
  await pauseRun(house, 'cli', run)
  say(`Paused. \`pass resume ${run}\` goes on.`)
  return exit.done
}

export async function cancel(house: House, run: string): Promise<ExitCode> {
  await cancelRun(house, 'cli', run)
  say('Cancelled. What is copied stays.')
  return exit.done
}

export async function retry(house: House, run: string, code: string | undefined): Promise<ExitCode> {
  const { retried, galleries } = await retryRun(house, 'cli', run, { code })
  say(`${count(retried)} photos in ${count(galleries)} galleries are tried again. \`pass resume ${run}\` follows them.`)
  return exit.done
}
