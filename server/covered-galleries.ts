// The galleries that a run covers, in the order of the account as that run found it, each with the folders it is in.
import { coveredBy } from './coverage.ts'
import type { House } from './house.ts'

/**
 * A query whose first parameter is the id of the run, to be gone on with after its `where`: these columns, `path` and
 * `ordinal`. Columns and joins may name the gallery `g`; `p.path` are the titles of its folders from the top, null for none.
 */
export const selectCovered = (columns: string, joins = '') => `
  with recursive paths as (
    select f.id, array[f.title] as path from folders f where f.parent_id is null and f.source_id = (select source_id from runs where id = $1)
    union all select f.id, p.path || f.title from folders f join paths p on f.parent_id = p.id
  )
  select ${columns}, coalesce(p.path, '{}') as path, ${ordinal} as ordinal
  from galleries g left join paths p on p.id = g.folder_id ${joins}
    left join run_galleries m on m.run_id = $1 and m.ref = g.ref and m.covered
  where g.id = ${coveredBy('$1')}`

const ordinal = 'coalesce(m.ordinal, g.ordinal)'

/** The end of such a query: what comes after the row of this ordinal and id; from the first where the ordinal is null. */
export const coveredAfter = (lastOrdinal: string, lastId: string, limit: string) =>
  `and (${lastOrdinal}::int is null or (${ordinal}, g.id) > (${lastOrdinal}, ${lastId}::int8)) order by ${ordinal}, g.id limit ${limit}`

/** All of them, read in pages; `columns` and `joins` as in `selectCovered`, with `g.id` among them. */
export async function* coveredGalleries<Row extends { id: number; ordinal: number }>(
  house: Pick<House, 'pool'>,
  runId: string,
  columns: string,
  joins?: string,
): AsyncGenerator<Row> {
  const query = `${selectCovered(columns, joins)} ${coveredAfter('$2', '$3', String(atOnce))}`
  for (let last: Row | undefined; ; ) {
    const { rows }: { rows: Row[] } = await house.pool.query<Row>(query, [runId, last?.ordinal ?? null, last?.id ?? 0])
    yield* rows
    last = rows.at(-1)
    if (!last || rows.length < atOnce) return
  }
}

const atOnce = 500
