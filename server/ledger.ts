// The ledger's verbs: how photos advance. Steps call them inside their own transaction; counters move in the statement
// that moves the photos, and only rows whose state really changed count, so a job that runs twice counts once.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { type Db, plannedOnce, type Tx } from '#db/client.ts'
import { jsonb } from './jsonb.ts'
import { recordAssets, recordAttempts, recordEnds } from './ledger-records.ts'
import type { Wish } from './presets.ts'
import { chunkSize, type NewJob, type Queues } from './queues.ts'
import { type Rendered, recordingRenditions } from './renditions.ts'
import { worksUnsigned } from './standing.ts'
import { wishesOf } from './uploads/wanted.ts'

/** What became of one photo in one attempt. */
export type Outcome = { id: number; attempts: number } & (
  | {
      to: 'stored'
      sha256: string
      bytes: number
      contentType: string
      isOriginal: boolean
      /** Where the provider tells none: what the EXIF says. */
      takenAt?: string | null
      /** False where nothing is to be made of it: it counts as rendered at once. */
      render: boolean
    }
  | { to: 'rendered'; rendition: string; width: number | null; height: number | null; takenAt: string | null }
  | { to: 'skipped'; code: string; detail?: string }
  | { to: 'failed'; code: string; detail?: string }
  /** Tried again later; `counts` false where it was not the photo's fault. */
  | { to: 'again'; code: string; detail?: string; afterSeconds: number; counts: boolean }
)

interface ChunkRun {
  runId: string
  clientId: string
  sourceId: string | null
  renditions: Record<string, unknown>
  captures: boolean
}

export interface Chunk {
  /** null where nothing is left to do: everything advanced already, or the run does not move. */
  run: {
    id: string
    clientId: string
    sourceId: string | null
    renditions: Record<string, unknown>
    /** What fails is kept with the requests that led there. */
    captures: boolean
  } | null
  photos: ChunkPhoto[]
}

export interface ChunkPhoto {
  id: number
  publicId: string
  ref: string
  kind: 'photo' | 'video' | 'file'
  filename: string | null
  handle: unknown
  galleryId: number
  galleryRef: string
  attempts: number
  statedBytes: number | null
  bytes: number | null
  sha256: string | null
  contentType: string | null
  takenAt: string | null
  /** What its sender asked for of it alone, in the order asked for. */
  wishes: Wish[]
  /** Something was made of its original before. */
  rendered: boolean
}

/** The photos of a job that still wait for this step. Reads only; the guard is in `settle`. */
export async function claim(db: Db, photoIds: number[], state: 'listed' | 'stored'): Promise<Chunk> {
  const { rows } = await db.execute<ChunkPhoto & ChunkRun & Record<string, unknown>>(sql`${plannedOnce}
    select p.id::int8 as id, p.public_id as "publicId", p.ref, p.kind, p.filename, p.handle, p.gallery_id as "galleryId", g.ref as "galleryRef",
      p.attempts, p.stated_bytes as "statedBytes", p.bytes::int8 as bytes, encode(p.sha256, 'hex') as sha256, p.content_type as "contentType",
      p.taken_at as "takenAt", r.id as "runId", r.client_id as "clientId", r.source_id as "sourceId", r.renditions,
      coalesce(r.capture_until > now(), false) as captures, ${state === 'stored' ? ofOriginal : sql`'[]'::json as wishes, false as rendered`}
    from photos p join galleries g on g.id = p.gallery_id join runs r on r.id = p.run_id
    where p.id = any(${sql.param(photoIds)}::int8[]) and p.state::text = ${state} and ${moves(state)}
      and (p.state = 'stored' or not g.archived or g.state = 'attention')
    order by p.id`)
  const first = rows[0]
  if (!first) return { run: null, photos: [] }
  const { runId, clientId, sourceId, renditions, captures } = first
  return {
    run: { id: runId, clientId, sourceId, renditions, captures },
    photos: rows.filter((row) => row.runId === runId),
  }
}

const ofOriginal = sql`
  case when r.source_id is null then ${wishesOf} else '[]' end as wishes,
  exists (select from assets a where a.client_id = p.client_id and a.sha256 = p.sha256 and a.rendition_code is not null) as rendered`

/** Rendering needs nobody who is signed in at the provider. */
const moves = (state: 'listed' | 'stored') => sql.raw(state === 'stored' ? worksUnsigned('r') : "r.state = 'running'")

export interface Settled {
  /** Ids whose state or attempt really changed. */
  changed: number[]
  /** Galleries in which nothing is left to copy or render. */
  complete: number[]
}

/**
 * Advances photos that are still in `from` with the attempt count they were claimed with (a stale worker changes
 * nothing), enqueues what follows, and tells which galleries are ready to be reconciled (their jobs are enqueued too).
 * An upload (`sourceId` null) has no provider to be held against: what is rendered of it is published at once.
 * `rendered`: what was made of their originals, written down with them.
 */
export async function settle(
  tx: Tx,
  queues: Queues,
  run: { id: string; clientId: string; sourceId?: string | null },
  step: string,
  from: 'listed' | 'stored',
  outcomes: Outcome[],
  rendered: Rendered[] = [],
): Promise<Settled> {
  if (outcomes.length === 0) return { changed: [], complete: [] }
  const jobs = followUps(run.id, from, outcomes)
  const isUpload = run.sourceId === null
  const ready = isUpload ? 'published' : 'rendered'
  const wanted = outcomes.map((outcome) => wantedRow(outcome, from, ready, step, jobs.of.get(outcome.id) ?? null))
  const { rows } = await tx.execute<{ id: number; complete: number[] | null }>(sql`${plannedOnce}
    with want as (
      select * from jsonb_to_recordset(${jsonb(wanted)}::jsonb) as w(
        id int8, attempts int2, "to" photo_state, tried int2, step text, code text, rendition text, sha256 text, bytes int8,
        content_type text, is_original bool, width int4, height int4, taken_at text, after_seconds float8, job_id uuid)
    ), locked as (
      select p.id from photos p join want w on w.id = p.id
      where p.id = any(${sql.param(outcomes.map(({ id }) => id))}::int8[]) and p.state::text = ${from} and p.attempts = w.attempts
      order by p.id for update of p
    ), changed as (
      update photos p set
        state = w."to", attempts = w.tried, step = w.step, code = w.code,
        rendition = coalesce(w.rendition, p.rendition),
        sha256 = coalesce(decode(w.sha256, 'hex'), p.sha256),
        bytes = coalesce(w.bytes, p.bytes),
        content_type = coalesce(w.content_type, p.content_type),
        is_original = coalesce(w.is_original, p.is_original),
        width = coalesce(w.width, p.width), height = coalesce(w.height, p.height),
        taken_at = coalesce(p.taken_at, w.taken_at),
        next_try_at = now() + make_interval(secs => w.after_seconds),
        job_id = w.job_id
      from want w join locked l on l.id = w.id
      where p.id = w.id
      returning p.id, p.gallery_id, p.state, w.bytes, p.rendition
    ), moved as (
      select gallery_id,
        count(*) filter (where state <> ${from}::photo_state)::int as away,
        count(*) filter (where state = 'stored' and ${from} <> 'stored')::int as stored,
        count(*) filter (where state = 'rendered')::int as rendered,
        count(*) filter (where state = 'published')::int as published,
        count(*) filter (where state = 'skipped')::int as skipped,
        count(*) filter (where state = 'failed')::int as failed,
        count(*) filter (where state in ('rendered', 'published') and rendition <> 'ok')::int as degraded,
        coalesce(sum(bytes), 0)::int8 as bytes
      from changed group by gallery_id
    ), ${rendered.some(({ made }) => made.length > 0) ? sql`made as (${recordingRenditions(rendered)}),` : sql``} counted as (
      update galleries g set
        listed = g.listed - case when ${from} = 'listed' then m.away else 0 end,
        stored = g.stored + m.stored - case when ${from} = 'stored' then m.away else 0 end,
        rendered = g.rendered + m.rendered, published = g.published + m.published, skipped = g.skipped + m.skipped,
        failed = g.failed + m.failed, degraded = g.degraded + m.degraded, bytes_stored = g.bytes_stored + m.bytes
      from moved m where g.id = m.gallery_id
      returning g.id, (g.listed = 0 and g.stored = 0 and g.listed_at is not null and g.built_at is not null) as complete
    )
    select c.id, (select array_agg(id) from counted where complete) as complete from changed c`)
  const changed = new Set(rows.map((row) => Number(row.id)))
  await recordAssets(
    tx,
    run.clientId,
    outcomes.filter((outcome) => changed.has(outcome.id)),
  )
  await recordAttempts(
    tx,
    step,
    outcomes.filter((outcome) => changed.has(outcome.id)),
  )
  await queues.enqueue(tx, 'render-photos', onlyOf(jobs.render, changed))
  await queues.enqueue(tx, 'fetch-photos', onlyOf(jobs.fetch, changed))
  await recordEnds(tx, rendered, isUpload ? [...changed] : [])
  const complete = (rows[0]?.complete ?? []).map(Number)
  await queues.enqueue(
    tx,
    'reconcile-gallery',
    complete.map((galleryId) => ({ runId: run.id, payload: { galleryId } })),
  )
  return { changed: [...changed], complete }
}

/** New jobs for rows that need one, in chunks; every row learns the id of its job. */
export function chunksOf<N extends 'fetch-photos' | 'render-photos'>(
  name: N,
  runId: string,
  photoIds: number[],
  startAfterSeconds?: number,
): NewJob<N>[] {
  const size = chunkSize[name]
  const jobs: NewJob<N>[] = []
  for (let i = 0; i < photoIds.length; i += size) {
    const payload = { photoIds: photoIds.slice(i, i + size) } as NewJob<N>['payload']
    jobs.push({ id: randomUUID(), runId, payload, startAfterSeconds })
  }
  return jobs
}

function followUps(runId: string, from: 'listed' | 'stored', outcomes: Outcome[]) {
  const render: NewJob<'render-photos'>[] = []
  const fetch: NewJob<'fetch-photos'>[] = []
  const of = new Map<number, string>()
  const remember = <N extends 'fetch-photos' | 'render-photos'>(into: NewJob<N>[], jobs: NewJob<N>[]) => {
    for (const job of jobs) {
      into.push(job)
      for (const id of (job.payload as { photoIds: number[] }).photoIds) of.set(id, job.id!)
    }
  }
  remember(
    render,
    chunksOf(
      'render-photos',
      runId,
      outcomes.filter((o) => o.to === 'stored' && o.render).map((o) => o.id),
    ),
  )
  const again = Map.groupBy(
    outcomes.filter((o) => o.to === 'again'),
    (o) => Math.ceil(o.afterSeconds),
  )
  for (const [seconds, group] of again) {
    const ids = group.map((o) => o.id)
    if (from === 'listed') remember(fetch, chunksOf('fetch-photos', runId, ids, seconds))
    else remember(render, chunksOf('render-photos', runId, ids, seconds))
  }
  return { render, fetch, of }
}

/** The jobs of those photos that really changed. */
function onlyOf<N extends 'fetch-photos' | 'render-photos'>(jobs: NewJob<N>[], changed: Set<number>): NewJob<N>[] {
  return jobs
    .map((job) => {
      const photoIds = job.payload.photoIds.filter((id) => changed.has(id))
      return { ...job, payload: { photoIds } as NewJob<N>['payload'] }
    })
    .filter((job) => job.payload.photoIds.length > 0)
}

function wantedRow(
  outcome: Outcome,
  from: 'listed' | 'stored',
  ready: 'rendered' | 'published',
  step: string,
  jobId: string | null,
) {
  const base = { id: outcome.id, attempts: outcome.attempts, tried: outcome.attempts, job_id: jobId }
  switch (outcome.to) {
    case 'stored': {
      const { sha256, bytes, contentType, isOriginal, takenAt, render } = outcome
      const facts = { sha256, bytes, content_type: contentType, is_original: isOriginal, taken_at: takenAt }
      const kept = { ...base, tried: 0, ...facts }
      return render ? { ...kept, to: 'stored' } : { ...kept, to: ready, rendition: 'ok' }
    }
    case 'rendered': {
      const { rendition, width, height, takenAt } = outcome
      return { ...base, to: ready, rendition, width, height, taken_at: takenAt }
    }
    case 'skipped':
      return { ...base, to: 'skipped', step, code: outcome.code }
    case 'failed':
      return { ...base, tried: outcome.attempts + 1, to: 'failed', step, code: outcome.code }
    case 'again':
      return {
        ...base,
        to: from,
        tried: outcome.attempts + (outcome.counts ? 1 : 0),
        step,
        code: outcome.code,
        after_seconds: outcome.afterSeconds,
      }
  }
}
