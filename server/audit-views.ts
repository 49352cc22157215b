// Who did what, to look at and to take away. The rows are written by `audit.ts` and never changed.
import { csvLine } from './csv.ts'
import type { House } from './house.ts'

export interface AuditFilter {
  actor?: string
  /** `run.pause`, or `run.` for every act upon runs. */
  act?: string
  clientId?: string
  /** From that moment on, and before that one; ISO 8601. */
  from?: string
  to?: string
}

export interface AuditRow {
  id: number
  at: Date
  actor: string
  act: string
  client: { id: string; name: string } | null
  subject: string
  data: Record<string, unknown>
}

/** Newest first. */
export async function listAudit(
  house: Pick<House, 'pool'>,
  { cursor, limit = 50, ...filter }: AuditFilter & { cursor?: string | null; limit?: number },
): Promise<{ acts: AuditRow[]; nextCursor: string | null }> {
  const { where, values } = conditionOf(filter)
  const [before, beforeId] = cursor?.split('|') ?? []
  const n = values.length
  const { rows } = await house.pool.query<AuditRow & { place: string }>(
    `select a.id, a.at, a.actor, a.act, a.subject, a.data, a.at::text || '|' || a.id as place,
       case when a.client_id is not null then json_build_object('id', a.client_id, 'name', coalesce(c.name, 'deleted client')) end as client
     from audit a left join clients c on c.id = a.client_id
     where ${where} and ($${n + 1}::timestamptz is null or (a.at, a.id) < ($${n + 1}, $${n + 2}::int8))
     order by a.at desc, a.id desc limit $${n + 3}`,
    [...values, before ?? null, beforeId ?? null, limit + 1],
  )
  const shown = rows.slice(0, limit)
  return {
    acts: shown.map(({ place: _, ...row }) => ({ ...row, id: Number(row.id) })),
    nextCursor: rows.length > limit ? shown.at(-1)!.place : null,
  }
}

/** Whom and what one can filter by. */
export async function auditFacets(house: Pick<House, 'pool'>): Promise<{ actors: string[]; acts: string[] }> {
  // One step an entry, from index entry to index entry: never over all rows.
  const distinct = async (column: 'actor' | 'act') => {
    const { rows } = await house.pool.query<{ value: string }>(
      `with recursive step as (
         (select ${column} as value from audit order by ${column} limit 1)
         union all
         select (select a.${column} from audit a where a.${column} > s.value order by a.${column} limit 1) from step s where s.value is not null
       ) select value from step where value is not null limit 1000`,
    )
    return rows.map(({ value }) => value)
  }
  const [actors, acts] = await Promise.all([distinct('actor'), distinct('act')])
  return { actors, acts }
}

/** Id of the newest act that matches; null where there is none. */
export async function newestAct(house: Pick<House, 'pool'>, filter: AuditFilter): Promise<number | null> {
  const { acts } = await listAudit(house, { ...filter, limit: 1 })
  return acts[0]?.id ?? null
}

const atOnce = 1000

/** Lines of RFC 4180, newest first, read as they are written: never all rows in memory. */
export async function* auditCsv(house: Pick<House, 'pool'>, filter: AuditFilter): AsyncGenerator<string> {
  yield csvLine(['number', 'at', 'who', 'act', 'client', 'client id', 'subject', 'details'])
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await listAudit(house, { ...filter, cursor, limit: atOnce })
    for (const { id, at, actor, act, client, subject, data } of page.acts) {
      const details = Object.keys(data).length > 0 ? JSON.stringify(data) : ''
      yield csvLine([String(id), at.toISOString(), actor, act, client?.name ?? '', client?.id ?? '', subject, details])
    }
    cursor = page.nextCursor
  }
}

/** Only what is asked for stands in the statement, so that each filter has its own index. */
function conditionOf({ actor, act, clientId, from, to }: AuditFilter): { where: string; values: unknown[] } {
  const values: unknown[] = []
  const parts = ['true']
  const add = (part: (place: string) => string, value: unknown) => {
    values.push(value)
    parts.push(part(`$${values.length}`))
  }
  if (actor) add((place) => `a.actor = ${place}`, actor)
  if (act?.endsWith('.')) add((place) => `starts_with(a.act, ${place})`, act)
  else if (act) add((place) => `a.act = ${place}`, act)
  if (clientId) add((place) => `a.client_id = ${place}::uuid`, clientId)
  if (from) add((place) => `a.at >= ${place}::timestamptz`, from)
  if (to) add((place) => `a.at < ${place}::timestamptz`, to)
  return { where: parts.join(' and '), values }
}
