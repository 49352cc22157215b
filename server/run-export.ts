// The run list as a spreadsheet reads it: everything that matches, page by page, never whole in memory.
import { csvLine } from './csv.ts'
import type { House } from './house.ts'
import { type RunQuery, searchRuns } from './run-search.ts'

const pageRows = 200

/** Lines of RFC 4180 in the order of the list. */
export async function* runsCsv(house: Pick<House, 'pool' | 'env'>, query: RunQuery): AsyncGenerator<string> {
  yield csvLine([
    'run',
    'address',
    'client',
    'kind',
    'provider',
    'state',
    'code',
    'what to do',
    'looked after by',
    'created by',
    'created',
    'started',
    'finished',
    'galleries',
    'galleries that need a look',
    'found',
    'published',
    'skipped',
    'failed',
    'bytes',
  ])
  for (let cursor: string | null = null; ; ) {
    const page = await searchRuns(house, query, { cursor, limit: pageRows })
    for (const run of page.runs) {
      const { galleries, found, published, skipped, failed, bytes } = run.totals
      yield csvLine([
        run.id,
        `${house.env.CONSOLE_URL}/runs/${run.id}`,
        run.client.name,
        run.kind,
        run.provider,
        run.state,
        run.code,
        run.todo,
        run.staff,
        run.createdBy,
        ...[run.createdAt, run.startedAt, run.finishedAt].map((time) => time?.toISOString() ?? null),
        ...[galleries, run.attention, found, published, skipped, failed, bytes].map(String),
      ])
    }
    if (page.nextCursor === null) return
    cursor = page.nextCursor
  }
}
