// What the ledger counts of a run: one query over its galleries, never over its photos.
import { coveredBy } from './coverage.ts'
import type { GalleryState } from './galleries.ts'
import type { House } from './house.ts'
import { notFound } from './refusal.ts'
import type { Health } from './sources.ts'
import type { RunRow, RunTotals } from './views.ts'

export interface Counted extends Omit<RunRow, 'id' | 'totals'>, RunTotals {
  stateBy: string | null
  stateAt: Date
  frozen: RunTotals | null
  superseded: boolean
  /** Before the start: galleries read or chosen so far, and their stated photos. */
  ahead: { galleries: number; photos: number | null } | null
  bytesFound: number
  gone: number
  verified: number
  listed: number
  built: number
  settled: number
  statedPhotos: number | null
  statedBytes: number | null
  states: Partial<Record<GalleryState, number>> | null
  waitingSince: Date | null
  askAgainAt: Date | null
  usualHours: number | null
  passwordsMissing: number
  /** The survey's end. */
  plannedAt: Date | null
  listedAt: Date | null
  builtAt: Date | null
  firstVerifiedAt: Date | null
  settledAt: Date | null
  captureUntil: Date | null
  waitedSeconds: number
  waitsSince: Date | null
  source: {
    sourceId: string
    health: Health
    todo: string | null
    /** It was just handed over and is being tried. */
    trying: boolean
    /** When it ends, where only a person can renew it. */
    endsAt: string | null
  } | null
}

const counted = `
  select r.kind, s.provider, json_build_object('id', c.id, 'name', c.name) as client, r.state, r.priority, r.code, r.todo, r.state_by as "stateBy",
    r.state_at as "stateAt", r.created_at as "createdAt", r.started_at as "startedAt", r.finished_at as "finishedAt", r.totals as frozen,
    exists (select from runs l where l.source_id = r.source_id and l.created_at > r.created_at and l.started_at is not null) as superseded,
    case when r.started_at is not null then null when r.plan is not null then (
      select json_build_object('galleries', count(*), 'photos', sum(stated_count) filter (where not "virtual"))
      from run_galleries where run_id = r.id and chosen and difference <> 'gone')
    else (select json_build_object('galleries', coalesce(sum(jsonb_array_length(galleries)), 0)) from survey_pages where run_id = r.id) end as ahead,
    case when r.plan is not null then (select at from events where run_id = r.id and kind = 'planned' order by id limit 1) end as "plannedAt",
    case when r.capture_until > now() then r.capture_until end as "captureUntil", r.waited_seconds as "waitedSeconds", r.waits_since as "waitsSince",
    case when s.id is not null then json_build_object('sourceId', s.id, 'health', s.health, 'todo', s.todo, 'endsAt', s.session_ends_at,
      'trying', s.checked_at is null and s.credentials is not null and (s.offered is not null or s.health = 'untested')) end as source, t.*
  from runs r join clients c on c.id = r.client_id left join sources s on s.id = r.source_id
  cross join lateral (
    select count(*)::int as galleries, coalesce(sum(total), 0)::int as found, coalesce(sum(stored), 0)::int as stored,
      coalesce(sum(rendered), 0)::int as rendered, coalesce(sum(published), 0)::int as published,
      coalesce(sum(skipped), 0)::int as skipped, coalesce(sum(failed), 0)::int as failed, coalesce(sum(degraded), 0)::int as degraded,
      coalesce(sum(bytes_stored), 0)::int8 as bytes, coalesce(sum(bytes_found), 0)::int8 as "bytesFound", coalesce(sum(gone), 0)::int as gone,
      coalesce(sum(published) filter (where verified_at is not null), 0)::int as verified,
      count(*) filter (where listed_at is not null or state = 'attention')::int as listed,
      count(*) filter (where built_at is not null or state = 'attention')::int as built,
      count(*) filter (where state in ('published', 'attention'))::int as settled,
      max(listed_at) filter (where listed_at > coalesce(r.started_at, r.created_at)) as "listedAt",
      max(built_at) filter (where built_at > coalesce(r.started_at, r.created_at)) as "builtAt",
      min(verified_at) filter (where verified_at > r.started_at) as "firstVerifiedAt", max(published_at) filter (where published_at > r.started_at) as "settledAt",
      sum(stated_count) filter (where not "virtual")::int as "statedPhotos", sum(stated_bytes) filter (where not "virtual")::int8 as "statedBytes",
      min(waiting_since) filter (where state = 'waiting') as "waitingSince", min(ask_again_at) filter (where state = 'waiting') as "askAgainAt",
      max(thaw_usual_hours) filter (where state = 'waiting') as "usualHours",
      count(*) filter (where access = 'password' and password is null and built_at is not null)::int as "passwordsMissing",
      (select json_object_agg(state, n) from (select state, count(*) as n from galleries where id = ${coveredBy('r.id')} group by state) by_state) as states
    from galleries g where g.id = ${coveredBy('r.id')}
  ) t where r.id = $1 and c.deletion_id is null`

/** Throws Refusal `not_found`. */
export async function countedOf(house: House, runId: string): Promise<Counted> {
  const { rows } = await house.pool.query<Counted>(counted, [runId])
  if (!rows[0]) throw notFound('run')
  return rows[0]
}
