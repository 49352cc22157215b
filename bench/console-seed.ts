// Rows that a large house has: one run of very many photos, a hundred others beside it, two hundred that move. Nothing of
// it is left for a worker to do.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Db } from '#db/client.ts'
import { freshSamples } from '../e2e/scenes.ts'
import { addClient, addRun, fields, minutesAgo, plan } from '../e2e/scenes-parts.ts'

export interface Large {
  run: string
  client: string
  /** Public id of its first gallery. */
  gallery: string
}

const photosInGallery = 500
const galleriesAtOnce = 50 // no statement takes longer than one may

/** Three fifths of it safe, some in trouble, the rest to come. */
export async function seedLargeRun(db: Db, photos: number): Promise<Large> {
  const whose = await addClient(db, 'Half a Million & Sons', 40)
  const run = await addRun(db, whose, {
    state: 'running',
    startedAt: minutesAgo(300),
    plan: { ...plan, photos },
    fields,
  })
  const galleries = Math.ceil(photos / photosInGallery)
  const safe = Math.floor(galleries * 0.6)
  const later = await aJobOfTomorrow(db, run)
  await db.execute(sql`
    insert into folders (client_id, source_id, ref, title, position)
    select ${whose.client}, ${whose.source}, ${run} || n, 'Year ' || 2000 + n, n from generate_series(1, 24) n`)
  await db.execute(sql`
    insert into galleries (client_id, source_id, run_id, folder_id, ref, title, date, access, position, ordinal, state, code,
      listed_at, built_at, verified_at, published_at, stated_count, total, listed, published, failed, skipped, bytes_found, bytes_stored)
    select ${whose.client}, ${whose.source}, ${run},
      (select id from folders f where f.ref = ${run} || (1 + n * 24 / ${galleries})), 'g' || n, 'Wedding ' || n, '2024-06-01', 'public', n, n,
      (case when n >= ${safe} then 'copying' when n % 97 = 3 then 'attention' else 'published' end)::gallery_state,
      case when n < ${safe} and n % 97 = 3 then 'photos_failed' end,
      now() - interval '4 hours', now() - interval '4 hours', case when n < ${safe} then now() - interval '1 hour' end,
      case when n < ${safe} then now() - interval '1 hour' end,
      ${photosInGallery}, ${photosInGallery}, case when n < ${safe} then 0 else ${photosInGallery} end,
      case when n < ${safe} then ${photosInGallery} - case when n % 97 = 3 then 9 else 0 end else 0 end,
      case when n < ${safe} and n % 97 = 3 then 6 else 0 end, case when n < ${safe} and n % 97 = 3 then 3 else 0 end,
      ${photosInGallery} * 6000000::int8, case when n < ${safe} then ${photosInGallery} * 6000000::int8 else 0 end
    from generate_series(0, ${galleries - 1}) n`)
  await db.execute(sql`
    insert into sets (gallery_id, title, position) select id, '', 0 from galleries where run_id = ${run}`)
  for (let from = 0; from < galleries; from += galleriesAtOnce)
    await db.execute(sql`
    with added as (
      insert into photos (client_id, run_id, gallery_id, ref, kind, filename, width, height, state, step, code, attempts, job_id, handle)
      select g.client_id, g.run_id, g.id, 'p' || n, 'photo', 'DSC_' || lpad((g.ordinal * ${photosInGallery} + n)::text, 6, '0') || '.jpg', 6000, 4000,
        (case when g.listed > 0 then 'listed' when n <= g.failed then 'failed' when n <= g.failed + g.skipped then 'skipped' else 'published' end)::photo_state,
        case when n <= g.failed + g.skipped then 'fetch-photos' end,
        case when n <= g.failed then (array['truncated', 'source_error', 'not_an_image'])[1 + n % 3] when n <= g.failed + g.skipped then 'gone_at_source' end,
        case when n <= g.failed then 8 else 0 end, case when g.listed > 0 then ${later}::uuid end, '{}'
      from galleries g, generate_series(1, ${photosInGallery}) n where g.run_id = ${run} and g.ordinal between ${from} and ${from + galleriesAtOnce - 1}
      returning id, gallery_id, state, code)
    , placed as (
      insert into placements (set_id, photo_id, position)
      select s.id, a.id, row_number() over (partition by s.id order by a.id) from added a join sets s on s.gallery_id = a.gallery_id)
    insert into attempts (photo_id, attempt, step, code, at)
    select id, n, 'fetch-photos', code, now() - interval '1 hour' from added, generate_series(1, 8) n where state = 'failed'`)
  await freshSamples(db, run)
  const { rows } = await db.execute<{ publicId: string }>(
    sql`select public_id as "publicId" from galleries where run_id = ${run} order by ordinal limit 1`,
  )
  return { run, client: whose.client, gallery: rows[0]!.publicId }
}

/** Runs of one client, a minute apart; their ids, the newest first. Those that move wait for what comes tomorrow. */
export async function seedRuns(db: Db, count: number, states: string[], title = 'Many Runs Studio'): Promise<string[]> {
  const { client } = await addClient(db, title, 41)
  const totals = { galleries: 20, found: 4000, published: 4000, failed: 0, skipped: 0, bytes: 24e9 }
  const { rows } = await db.execute<{ id: string }>(sql`
    insert into runs (client_id, kind, state, resume_to, renditions, created_by, created_at, state_at, started_at, finished_at, totals)
    select ${client}, 'upload', state::run_state, case when state = 'paused' then 'running' end::run_state, '{}', 'lena@pass.local',
      now() - n * interval '1 minute', now() - n * interval '1 minute', now() - n * interval '1 minute',
      case when state = 'done' then now() - n * interval '30 seconds' end, case when state = 'done' then ${JSON.stringify(totals)}::jsonb end
    from generate_series(1, ${count}) n, lateral (select (${sql.param(states)}::text[])[1 + n % ${states.length}] as state) s
    order by n returning id`)
  const ids = rows.map(({ id }) => id)
  await db.execute(sql`
    insert into galleries (client_id, run_id, ref, title, position, ordinal, state, waiting_since, ask_again_at, total, listed, published)
    select client_id, id, id::text || n, 'Archived', n, n, (case when n = 0 then 'waiting' else 'copying' end)::gallery_state,
      now(), now() + interval '1 day', 1000, 600, 400
    from runs, generate_series(0, 4) n where id = any(${sql.param(ids)}::uuid[]) and state in ('running', 'paused')`)
  return ids
}

async function aJobOfTomorrow(db: Db, run: string): Promise<string> {
  const job = randomUUID()
  await db.execute(sql`
    insert into pgboss.job (id, name, data, group_id, start_after)
    values (${job}, 'fetch-photos', '{"photoIds":[0]}', ${run}, now() + interval '1 day')`)
  return job
}

/** As the database looks after its own in the long run. */
export async function settle(db: Db): Promise<void> {
  for (const table of ['photos', 'placements', 'sets', 'galleries', 'runs', 'attempts'])
    await db.execute(sql.raw(`vacuum analyze ${table}`))
}

const addEndedRun = (db: Db, whose: Awaited<ReturnType<typeof addClient>>) =>
  addRun(db, whose, { state: 'done', startedAt: minutesAgo(900), finishedAt: minutesAgo(60), plan, fields })

/** A run that has ended, with so many galleries; its id. */
export async function seedGalleries(db: Db, count: number): Promise<string> {
  const whose = await addClient(db, 'Hundred Thousand Galleries', 42)
  const run = await addEndedRun(db, whose)
  await db.execute(sql`
    insert into galleries (client_id, source_id, run_id, ref, title, date, access, position, ordinal, state, listed_at, built_at, verified_at,
      published_at, stated_count, total, published, bytes_found, bytes_stored)
    select ${whose.client}, ${whose.source}, ${run}, 'g' || n, 'Wedding ' || n, '2024-06-01', 'public', n, n, 'published', now(), now(), now(),
      now(), 20, 20, 20, 120000000, 120000000 from generate_series(0, ${count - 1}) n`)
  return run
}

/** One gallery of so many photos, each of another shape; its public id. */
export async function seedPhotos(db: Db, count: number): Promise<string> {
  const whose = await addClient(db, 'Hundred Thousand Pictures', 43)
  const run = await addEndedRun(db, whose)
  const { rows } = await db.execute<{ id: number; publicId: string }>(sql`
    insert into galleries (client_id, source_id, run_id, ref, title, access, position, ordinal, state, listed_at, built_at, verified_at,
      published_at, stated_count, total, published)
    values (${whose.client}, ${whose.source}, ${run}, 'g', 'All of it', 'public', 0, 0, 'published', now(), now(), now(), now(), ${count}, ${count}, ${count})
    returning id, public_id as "publicId"`)
  const { id, publicId } = rows[0]!
  await db.execute(sql`
    with added as (
      insert into photos (client_id, run_id, gallery_id, ref, kind, filename, width, height, state, handle)
      select ${whose.client}, ${run}, ${id}, 'p' || n, 'photo', 'DSC_' || lpad(n::text, 6, '0') || '.jpg', (array[6000, 4000, 5000])[1 + n % 3],
        (array[4000, 6000, 4000])[1 + n % 3], 'published', '{}' from generate_series(1, ${count}) n returning id),
    kept as (insert into sets (gallery_id, title, position) values (${id}, '', 0) returning id)
    insert into placements (set_id, photo_id, position) select kept.id, a.id, row_number() over (order by a.id) from added a, kept`)
  return publicId
}
