// What keeps queues disposable: ledger rows that still have work and whose job is gone get a new one. Start, resume and
// retry use it too, so there is one way into the queues.
import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { finishIfSettled } from './finish.ts'
import type { House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { chunksOf } from './ledger.ts'
import { announce } from './live.ts'
import type { Queues } from './queues.ts'
import { worksUnsigned } from './standing.ts'

/** Rows in one go, so that a run of 500,000 photos needs no long transaction; the next round takes the rest. */
const photosAtOnce = 20_000

/** Enqueues all that is missing for one run; harmless at any time. Returns how many jobs it made. */
export async function enqueueMissing(tx: Tx, queues: Queues, runId: string): Promise<number> {
  const { rows } = await tx.execute<{ state: string; unsigned: boolean }>(
    sql`select state, ${sql.raw(worksUnsigned('runs'))} as unsigned from runs where id = ${runId}`,
  )
  const { state, unsigned } = rows[0] ?? { state: null, unsigned: false }
  if (state === 'surveying') return enqueueSurvey(tx, queues, runId)
  if (!unsigned) return 0
  if (state !== 'running')
    return (
      (await enqueueGalleries(tx, queues, runId, ['reconcile-gallery'])) +
      (await enqueuePhotos(tx, queues, runId, 'stored'))
    )
  return (
    (await enqueueGalleries(tx, queues, runId)) +
    (await enqueuePhotos(tx, queues, runId, 'listed')) +
    (await enqueuePhotos(tx, queues, runId, 'stored'))
  )
}

/** Every open run, one transaction each; one process at a time, the others skip. Ends runs that have nothing left. */
export async function sweep(house: House): Promise<number> {
  const { rows } = await house.pool.query<{ id: string }>(
    `select id from runs where state = 'surveying' or ${worksUnsigned('runs')}`,
  )
  let made = 0
  for (const { id } of rows) {
    const round = await house.db.transaction(async (tx) => {
      const free = await tx.execute<{ free: boolean }>(
        sql`select pg_try_advisory_xact_lock(hashtextextended(${`sweep:${id}`}, 0)) as free`,
      )
      if (!free.rows[0]!.free) return { jobs: 0, finished: false }
      const jobs = await enqueueMissing(tx, house.queues, id)
      return { jobs, finished: jobs === 0 && (await finishIfSettled(tx, id)) }
    })
    made += round.jobs
    if (round.finished) announce(house, id)
  }
  return made
}

async function enqueueSurvey(tx: Tx, queues: Queues, runId: string): Promise<number> {
  const { rows } = await tx.execute(sql`
    select 1 from pgboss.job where name = 'survey-source' and state < 'completed' and data->>'runId' = ${runId}`)
  if (rows.length > 0) return 0
  await queues.enqueue(tx, 'survey-source', [{ runId, payload: { runId } }])
  return 1
}

type GalleryQueue = 'thaw-gallery' | 'list-gallery' | 'build-gallery' | 'reconcile-gallery'

/** Thawing, listing, building and reconciling of galleries that need it and have no such job. */
async function enqueueGalleries(
  tx: Tx,
  queues: Queues,
  runId: string,
  only?: readonly GalleryQueue[],
): Promise<number> {
  let made = 0
  const need = {
    'thaw-gallery': sql`g.archived and g.state not in ('published', 'attention')
      and (g.state <> 'waiting' or g.thaw_ticket->'ticket' is null or g.ask_again_at <= now())`,
    'list-gallery': sql`g.listed_at is null and g.state <> 'attention'
      and (g.state <> 'waiting' or g.archived or g.ask_again_at <= now())`,
    'build-gallery': sql`g.built_at is null and g.state <> 'attention'`,
    'reconcile-gallery': sql`g.listed_at is not null and g.built_at is not null and g.listed = 0 and g.stored = 0
      and g.state not in ('published', 'attention') and (not g."virtual" or not exists (
        select 1 from placements l join sets s on s.id = l.set_id join photos p on p.id = l.photo_id
        where s.gallery_id = g.id and p.state in ('listed', 'stored')))`,
  } satisfies Record<GalleryQueue, SQL>
  for (const name of only ?? (Object.keys(need) as GalleryQueue[])) {
    const condition = need[name]
    const { rows } = await tx.execute<{ id: number; ordinal: number }>(sql`
      select g.id, g.ordinal from galleries g where g.run_id = ${runId} and ${condition} and not exists (
        select 1 from pgboss.job j where j.name = ${name} and j.state < 'completed' and j.data->>'galleryId' = g.id::text)
      order by g.ordinal`)
    await queues.enqueue(
      tx,
      name,
      rows.map(({ id }) => ({ runId, payload: { galleryId: id } })),
    )
    made += rows.length
  }
  return made
}

/**
 * Originals are left alone while their gallery's archive is asked, or its next look is not due; those of an upload that
 * names no address for them are brought by their sender.
 */
const untouched = sql`(g.state <> 'waiting' or g.ask_again_at <= now()) and (not g.archived or g.state = 'attention')
  and (g.source_id is not null or p.handle is not null)`

/** Photos whose job is not there any more (or never was); those that wait for a next try keep its time. */
async function enqueuePhotos(tx: Tx, queues: Queues, runId: string, state: 'listed' | 'stored'): Promise<number> {
  const name = state === 'listed' ? 'fetch-photos' : 'render-photos'
  const waiting = sql`p.run_id = ${runId} and p.state = ${state}::photo_state`
  // From job to job by the index: each has tens of photos, and a run may have half a million that wait.
  const firstJob = (which: SQL) =>
    sql`select p.job_id from photos p where ${waiting} and p.job_id is not null and ${which} order by p.job_id limit 1`
  const { rows } = await tx.execute<{ id: number; galleryId: number; wait: number }>(sql`
    with recursive jobs(job_id) as (
      (${firstJob(sql`true`)})
      union all
      select (${firstJob(sql`p.job_id > jobs.job_id`)}) from jobs where jobs.job_id is not null
    ), gone as (
      select j.job_id from jobs j where j.job_id is not null and not exists (
        select 1 from pgboss.job b where b.name = ${name} and b.id = j.job_id and b.state < 'completed')
    ), without as (
      select p.id, p.job_id from photos p where ${waiting} and p.job_id is null
      union all
      select p.id, p.job_id from gone join photos p on p.job_id = gone.job_id where ${waiting}
    )
    select p.id, p.gallery_id as "galleryId", greatest(0, ceil(extract(epoch from coalesce(p.next_try_at, now()) - now())))::int as wait
    from without w join photos p on p.id = w.id join galleries g on g.id = p.gallery_id
    where ${waiting} and p.job_id is not distinct from w.job_id and ${state === 'stored' ? sql`true` : untouched}
    order by p.gallery_id, p.id limit ${photosAtOnce} for update of p skip locked`)
  let made = 0
  for (const group of Map.groupBy(rows, (row) => `${row.galleryId} ${row.wait}`).values()) {
    const jobs = chunksOf(
      name,
      runId,
      group.map((row) => row.id),
      group[0]!.wait,
    )
    await tx.execute(sql`
      update photos p set job_id = j.id from jsonb_to_recordset(${jsonb(jobs.flatMap((job) => job.payload.photoIds.map((photo) => ({ id: job.id, photo }))))}::jsonb)
        as j(id uuid, photo int8) where p.id = j.photo`)
    await queues.enqueue(tx, name, jobs)
    made += jobs.length
  }
  return made
}
