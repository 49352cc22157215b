// What went wrong in a run, by cause: how often, since when, what was tried, what a person has decided about it.

import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import { recordEvent } from './events.ts'
import type { PhotoState } from './galleries.ts'
import type { Actor, House } from './house.ts'
import { announce } from './live.ts'
import { Refusal } from './refusal.ts'
import { lockRun } from './runs.ts'

export interface Cause {
  code: string
  state: 'failed' | 'skipped'
}

export interface FailureGroup extends Cause {
  step: string | null
  count: number
  firstAt: Date | null
  lastAt: Date | null
  /** How often the photos of it were tried, the least and the most. */
  attempts: [number, number]
  /** Other clients in whose runs of the last 30 days the same happened. */
  otherClients: number
  /** Kept pages and requests that show it. */
  evidence: number
  example: { publicId: string; filename: string | null; gallery: string; detail: string | null }
  /** What somebody decided; `open` beside it says that it came back. */
  decided: Decided | null
  open: boolean
}

export interface Decided {
  decision: 'ignored' | 'resolved'
  by: string
  at: Date
  until: Date | null
  untilCount: number | null
  note: string | null
}

/** Failed and skipped photos by cause, most first. */
export async function runFailures(house: Pick<House, 'pool'>, runId: string): Promise<FailureGroup[]> {
  const { rows } = await house.pool.query<Omit<FailureGroup, 'open'> & { decidedPhotos: number | null }>(
    `with causes as (
       select code, state, count(*)::int as count, min(id) as first, min(step) as step, min(attempts) as least, max(attempts) as most from photos
       where run_id = $1 and code is not null and state in ('failed', 'skipped') group by code, state
     )
     select c.code, c.state, c.step, c.count, array[c.least, c.most]::int[] as attempts,
       (select min(a.at) from attempts a where a.photo_id = c.first) as "firstAt",
       (select max(a.at) from attempts a join photos p on p.id = a.photo_id
          where p.run_id = $1 and p.code = c.code and p.state = c.state) as "lastAt",
       (select count(distinct r.client_id)::int from runs r
          where r.created_at > now() - interval '30 days' and r.client_id <> (select client_id from runs where id = $1)
            and exists (select from photos o where o.run_id = r.id and o.code = c.code and o.state = c.state)) as "otherClients",
       (select count(*)::int from events e where e.run_id = $1 and e.kind in ('unrecognised', 'captured') and e.data->>'code' = c.code) as evidence,
       json_build_object('publicId', p.public_id, 'filename', p.filename, 'gallery', g.title,
         'detail', (select a.detail from attempts a where a.photo_id = p.id order by a.at desc limit 1)) as example,
       case when n.run_id is not null then json_build_object('decision', n.decision, 'by', n.decided_by, 'at', n.decided_at, 'until', n.until,
         'untilCount', n.until_count, 'note', n.note) end as decided, n.photos as "decidedPhotos"
     from causes c join photos p on p.id = c.first join galleries g on g.id = p.gallery_id
       left join cause_notes n on n.run_id = $1 and n.code = c.code and n.state = c.state::text
     order by c.state = 'skipped', c.count desc`,
    [runId],
  )
  return rows.map(({ decidedPhotos, ...row }) => {
    const decided = row.decided && {
      ...row.decided,
      at: new Date(row.decided.at),
      until: row.decided.until && new Date(row.decided.until),
    }
    return { ...row, decided, open: isOpen(decided, decidedPhotos ?? 0, row, new Date()) }
  })
}

/** What was resolved is open again with the first photo that comes to it; what is ignored when its time or number is up. */
export function isOpen(
  decided: Pick<Decided, 'decision' | 'at' | 'until' | 'untilCount'> | null,
  photosThen: number,
  { count, lastAt }: { count: number; lastAt: Date | null },
  now: Date,
): boolean {
  if (!decided) return true
  const { decision, at, until, untilCount } = decided
  if (decision === 'resolved') return count > photosThen || (lastAt !== null && lastAt > at)
  return (until !== null && now >= until) || (untilCount !== null && count >= untilCount)
}

export interface Decision extends Cause {
  decision: 'ignored' | 'resolved'
  /** Of an ignored one: for so long, or until there are so many photos of it; neither: for good. */
  hours?: number
  untilCount?: number
  note?: string
}

/** Sets a cause aside; deciding again replaces what was decided. Throws Refusal `not_found`, `no_such_cause`. */
export async function decideCause(house: House, actor: Actor, runId: string, decision: Decision): Promise<void> {
  const { code, state } = decision
  await house.db.transaction(async (tx) => {
    const { clientId } = await lockRun(tx, runId)
    const made = await tx.execute(sql`
      insert into cause_notes (run_id, code, state, decision, until, until_count, photos, note, decided_by)
      select ${runId}, ${code}, ${state}, ${decision.decision}, now() + make_interval(hours => ${decision.hours ?? null}::int),
        ${decision.untilCount ?? null}::int, count(*)::int, ${decision.note ?? null}, ${actor}
      from photos where run_id = ${runId} and code = ${code} and state = ${state}::photo_state having count(*) > 0
      on conflict (run_id, code, state) do update set decision = excluded.decision, until = excluded.until,
        until_count = excluded.until_count, photos = excluded.photos, note = excluded.note, decided_by = excluded.decided_by, decided_at = now()
      returning run_id`)
    if (made.rows.length === 0) throw new Refusal('no_such_cause', 404, 'Nothing has this cause any more.')
    const { decision: kind, ...facts } = decision
    await recordEvent(tx, runId, actor, `cause_${kind}`, facts)
    await recordAudit(tx, actor, `run.cause_${kind}`, runId, { ...facts }, clientId)
  })
  announce(house, runId)
}

/** Takes a decision back; without one nothing happens. Throws Refusal `not_found`. */
export async function reopenCause(house: House, actor: Actor, runId: string, { code, state }: Cause): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { clientId } = await lockRun(tx, runId)
    const { rows } = await tx.execute(sql`
      delete from cause_notes where run_id = ${runId} and code = ${code} and state = ${state} returning code`)
    if (rows.length === 0) return
    await recordEvent(tx, runId, actor, 'cause_reopened', { code, state })
    await recordAudit(tx, actor, 'run.cause_reopened', runId, { code, state }, clientId)
  })
  announce(house, runId)
}

export interface TroubledPhoto {
  publicId: string
  filename: string | null
  state: PhotoState
  code: string
  step: string | null
  attempts: number
  gallery: { publicId: string; title: string }
  detail: string | null
}

/** The photos of one cause, by keyset. `limit` at most 200. */
export async function runTroubledPhotos(
  house: Pick<House, 'pool'>,
  runId: string,
  page: Cause & { cursor?: string | null; limit?: number },
): Promise<{ photos: TroubledPhoto[]; nextCursor: string | null }> {
  const limit = Math.min(page.limit ?? 50, 200)
  const { rows } = await house.pool.query<TroubledPhoto & { id: number }>(
    `select p.id, p.public_id as "publicId", p.filename, p.state, p.code, p.step, p.attempts,
       json_build_object('publicId', g.public_id, 'title', g.title) as gallery,
       (select a.detail from attempts a where a.photo_id = p.id order by a.at desc limit 1) as detail
     from photos p join galleries g on g.id = p.gallery_id
     where p.run_id = $1 and p.code = $2 and p.state = $3::photo_state and p.id > $4 order by p.id limit $5`,
    [runId, page.code, page.state, Number(page.cursor ?? 0), limit],
  )
  return {
    photos: rows.map(({ id: _, ...row }) => row),
    nextCursor: rows.length === limit ? String(rows.at(-1)!.id) : null,
  }
}
