// Runs as the console and the command line show them, read in a few indexed queries whatever their size.

import { coveredBy } from './coverage.ts'
import { type ExplainedField, explainFields } from './fields.ts'
import type { House } from './house.ts'
import { notFound } from './refusal.ts'
import type { RunPriority } from './run-acts.ts'
import type { RunState } from './runs.ts'

export interface RunTotals {
  galleries: number
  found: number
  stored: number
  rendered: number
  published: number
  skipped: number
  failed: number
  degraded: number
  /** In the store. */
  bytes: number
}

export interface RunRow {
  id: string
  kind: 'migration' | 'upload'
  provider: string | null
  client: { id: string; name: string }
  state: RunState
  /** Whose work comes first. */
  priority: RunPriority
  code: string | null
  todo: string | null
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
  totals: RunTotals
}

/** Of `runs r`, `clients c` and `sources s`; a `where` follows. */
export const runRows = `
  select r.id, r.kind, s.provider, json_build_object('id', c.id, 'name', c.name) as client, r.state, r.priority, r.code, r.todo,
    r.created_at as "createdAt", r.started_at as "startedAt", r.finished_at as "finishedAt",
    coalesce(r.totals, (select json_build_object('galleries', greatest(count(*), (select count(*) from run_galleries p
        where p.run_id = r.id and r.started_at is null and p.chosen and p.difference <> 'gone')), 'found', coalesce(sum(g.total), 0), 'stored', coalesce(sum(g.stored), 0),
      'rendered', coalesce(sum(g.rendered), 0), 'published', coalesce(sum(g.published), 0), 'skipped', coalesce(sum(g.skipped), 0),
      'failed', coalesce(sum(g.failed), 0), 'degraded', coalesce(sum(g.degraded), 0), 'bytes', coalesce(sum(g.bytes_stored), 0))
      from galleries g where g.id = ${coveredBy('r.id')})::jsonb) as totals
  from runs r join clients c on c.id = r.client_id left join sources s on s.id = r.source_id`

export interface RunFilter {
  clientId?: string
  states?: RunState[]
  /** `nextCursor` of the page before. */
  cursor?: string | null
  /** At most 200. */
  limit?: number
}

/** Newest first, by keyset. */
export async function listRuns(
  house: House,
  filter: RunFilter = {},
): Promise<{ runs: RunRow[]; nextCursor: string | null }> {
  const limit = Math.min(filter.limit ?? 50, 200)
  const [before, beforeId] = filter.cursor?.split(' ') ?? []
  const { rows } = await house.pool.query<RunRow & { microseconds: string }>(
    `select page.*, (extract(epoch from "createdAt") * 1000000)::int8::text as microseconds from (
       ${runRows} where c.deletion_id is null and ($1::uuid is null or r.client_id = $1) and ($2::run_state[] is null or r.state = any($2))
         and ($3::int8 is null or (r.created_at, r.id) < (timestamptz 'epoch' + $3 * interval '1 microsecond', $4::uuid))
       order by r.created_at desc, r.id desc limit $5) page order by "createdAt" desc, id desc`,
    [filter.clientId ?? null, filter.states ?? null, before ?? null, beforeId ?? null, limit],
  )
  const last = rows.at(-1)
  return {
    runs: rows.map(({ microseconds: _, ...row }) => row),
    nextCursor: rows.length === limit && last ? `${last.microseconds} ${last.id}` : null,
  }
}

export interface RunDetail extends RunRow {
  sourceId: string | null
  sourceTitle: string | null
  plan: Record<string, unknown> | null
  fields: Record<string, string>
  /** The same, each with the reason. */
  fates: ExplainedField[]
  renditions: string[]
  only: string[] | null
  /** The run whose account this one looks through again. */
  deltaOf: string | null
  createdBy: string
  stateBy: string | null
  stateAt: Date
  events: RunEvent[]
}

export interface RunEvent {
  id: number
  at: Date
  kind: string
  actor: string
  gallery: { publicId: string; title: string } | null
  data: Record<string, unknown>
}

/** Without `verified`: one for every gallery says no more than the gallery's own row. */
const eventsShown = 100

export async function runDetail(house: House, runId: string): Promise<RunDetail> {
  const { rows } = await house.pool.query<RunRow>(`${runRows} where r.id = $1 and c.deletion_id is null`, [runId])
  if (!rows[0]) throw notFound('run')
  const [facts, events] = await Promise.all([
    house.pool.query(
      `select r.source_id as "sourceId", s.title as "sourceTitle", r.plan, r.fields, array(select jsonb_object_keys(r.renditions)) as renditions,
         r.only_refs as only, r.delta_of as "deltaOf", r.created_by as "createdBy", r.state_by as "stateBy", r.state_at as "stateAt"
       from runs r left join sources s on s.id = r.source_id where r.id = $1`,
      [runId],
    ),
    house.pool.query<RunEvent>(
      `select e.id, e.at, e.kind, e.actor, e.data,
         case when g.id is not null then json_build_object('publicId', g.public_id, 'title', g.title) end as gallery
       from events e left join galleries g on g.id = e.gallery_id
       where e.run_id = $1 and e.kind <> 'verified' order by e.id desc limit $2`,
      [runId, eventsShown],
    ),
  ])
  const { fields } = facts.rows[0] as { fields: Record<string, string> }
  const fates = explainFields(rows[0].provider, fields)
  return { ...rows[0], ...facts.rows[0], fates, events: events.rows }
}
