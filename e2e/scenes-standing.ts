// Runs that stand still or end, each for another reason, and one that is larger than a page can hold.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { causeNotes, galleries, hostBudgets, manifests, photos, sets } from '#db/schema.ts'
import {
  addClient,
  addEvent,
  addGalleries,
  addPhotos,
  addRun,
  fields,
  minutesAgo,
  moving,
  plan,
  safe,
} from './scenes-parts.ts'

/** Runs by what keeps them. */
export interface Standing {
  /** Its worker died. */
  stalled: string
  limited: string
  retrying: string
  archived: string
  huge: string
  hugeGallery: string
  failed: string
  cancelled: string
  upload: string
}

export async function makeStanding(db: Tx): Promise<Standing> {
  const huge = await makeHuge(db)
  return {
    stalled: await makeStalled(db),
    limited: await makeLimited(db),
    retrying: await makeRetrying(db),
    archived: await makeArchived(db),
    ...huge,
    failed: await makeFailed(db),
    cancelled: await makeCancelled(db),
    upload: await makeUpload(db),
  }
}

/** The job is as a worker left it that was killed; no heart is listened to, so that nobody takes it over. */
async function makeStalled(db: Tx): Promise<string> {
  const whose = await addClient(db, 'Petra Lindqvist', 8)
  const run = await addRun(db, whose, { state: 'running', plan, fields, startedAt: minutesAgo(75) })
  await addGalleries(db, run, whose, 120, (index) => (index < 52 ? safe(74) : moving(74, index < 56 ? 30 : 0)))
  await db.execute(sql`
    insert into pgboss.job (name, data, group_id, state, started_on, heartbeat_on, heartbeat_seconds, expire_seconds)
    values ('fetch-photos', '{"photoIds":[0]}', ${run}, 'active', now() - interval '9 minutes', now() - interval '7 minutes', null, 8640000)`)
  return run
}

/** Its host has asked us to wait; the only scene of this provider. */
async function makeLimited(db: Tx): Promise<string> {
  const whose = await addClient(db, 'Ana & Luís Fotógrafos', 9, 'pixieset')
  const run = await addRun(db, whose, { state: 'running', plan, fields, startedAt: minutesAgo(40) })
  await addGalleries(db, run, whose, 96, (index) => (index < 20 ? safe(64) : moving(64, index < 24 ? 12 : 0)))
  await db
    .insert(hostBudgets)
    .values({
      host: 'galleries.pixieset.com',
      lane: 'bytes',
      rate: 4,
      least: 1,
      most: 200,
      tokens: 0,
      blockedUntil: new Date(Date.now() + 9 * 60_000),
      reason: '429',
      provider: 'pixieset',
    })
    .onConflictDoNothing()
  return run
}

/** All are here but a handful that did not come at once. */
async function makeRetrying(db: Tx): Promise<string> {
  const whose = await addClient(db, 'Studio Feldmann', 10)
  const run = await addRun(db, whose, { state: 'running', plan, fields, startedAt: minutesAgo(90) })
  const late = 23
  await addGalleries(db, run, whose, 48, (index) =>
    index === 0 ? { ...moving(120, 0), listed: late, rendered: 120 - late, bytesStored: (120 - late) * 6e6 } : safe(90),
  )
  await addPhotos(db, run, 'g0', late, { state: 'failed', code: 'source_error', step: 'fetch-photos' })
  // One job, due tomorrow, holds them all; the time that people see is theirs.
  const job = randomUUID()
  await db.execute(sql`
    update photos set state = 'listed', attempts = 2 + id % 2, next_try_at = now() + interval '6 minutes', job_id = ${job} where run_id = ${run}`)
  await db.execute(sql`
    insert into pgboss.job (id, name, data, group_id, start_after)
    select ${job}::uuid, 'fetch-photos', jsonb_build_object('photoIds', jsonb_agg(id)), ${run}, now() + interval '1 day'
    from photos where run_id = ${run}`)
  return run
}

/** Nothing is left but what the provider is bringing back. */
async function makeArchived(db: Tx): Promise<string> {
  const whose = await addClient(db, 'Bergblick Studio', 11, 'pic-time')
  const values = { state: 'running' as const, plan, fields, startedAt: minutesAgo(260), waitsSince: minutesAgo(130) }
  const run = await addRun(db, whose, values)
  await addGalleries(db, run, whose, 60, (index) =>
    index >= 12
      ? safe(88)
      : {
          ...moving(88, 0),
          state: 'waiting',
          waitingSince: minutesAgo(130),
          askAgainAt: new Date(Date.now() + 20 * 3_600_000),
          thawUsualHours: 4,
        },
  )
  return run
}

const hugePhotos = 6214

/** One gallery of thousands that is still listed; nobody knows how many there are. */
async function makeHuge(db: Tx): Promise<Pick<Standing, 'huge' | 'hugeGallery'>> {
  const whose = await addClient(db, 'Marathon Bilder GmbH', 12)
  const run = await addRun(db, whose, {
    state: 'running',
    plan: { ...plan, photos: null },
    fields,
    startedAt: minutesAgo(18),
  })
  await addGalleries(db, run, whose, 1, () => ({
    state: 'copying',
    title: 'City Marathon, start to finish',
    listedAt: null,
    statedCount: null,
    total: hugePhotos,
    listed: hugePhotos - 1840,
    published: 1840,
    bytesStored: 1840 * 6e6,
    bytesFound: hugePhotos * 6e6,
  }))
  const [gallery] = await db.select().from(galleries).where(sql`run_id = ${run}`)
  const [set] = await db.insert(sets).values({ galleryId: gallery!.id, ref: null, title: '', position: 0 }).returning()
  const later = randomUUID()
  await db.execute(sql`
    with added as (
      insert into photos (client_id, run_id, gallery_id, ref, kind, filename, state, attempts, job_id, handle)
      select ${whose.client}, ${run}, ${gallery!.id}, 'h' || n, 'photo', 'IMG_' || lpad(n::text, 5, '0') || '.jpg',
        (case when n <= 1840 then 'published' else 'listed' end)::photo_state, 0, case when n > 1840 then ${later}::uuid end, '{}'
      from generate_series(1, ${hugePhotos}) n returning id)
    insert into placements (set_id, photo_id, position) select ${set!.id}, id, row_number() over (order by id) from added`)
  await db.execute(sql`
    insert into pgboss.job (id, name, data, group_id, start_after) values
      (${later}, 'fetch-photos', '{"photoIds":[0]}', ${run}, now() + interval '1 day'),
      (${randomUUID()}, 'list-gallery', jsonb_build_object('galleryId', ${gallery!.id}::int8), ${run}, now() + interval '1 day')`)
  return { huge: run, hugeGallery: gallery!.publicId }
}

async function makeFailed(db: Tx): Promise<string> {
  const whose = await addClient(db, 'Nils Haugen', 13)
  const run = await addRun(db, whose, {
    state: 'failed',
    code: 'unexpected_page',
    todo: 'The provider answered something unknown (galleries[].id): have the connector looked at, then start another.',
    startedAt: minutesAgo(200),
    finishedAt: minutesAgo(180),
    stateAt: minutesAgo(180),
    plan,
    fields,
  })
  await addGalleries(db, run, whose, 30, (index) => (index < 9 ? safe(51) : moving(51, 0)))
  await addEvent(
    db,
    run,
    'unrecognised',
    'worker',
    {
      step: 'list-gallery',
      code: 'unexpected_page',
      expected: 'galleries[].id',
      url: 'https://api.zenfolio.com/api/1.8/zfapi.asmx',
      status: 200,
      contentType: 'text/html',
      excerpt: '<title>We will be back soon</title>\n<h1>Scheduled maintenance</h1>',
      page: null,
      screenshot: null,
    },
    180,
  )
  return run
}

async function makeCancelled(db: Tx): Promise<string> {
  const whose = await addClient(db, 'Sofia Marchetti', 14)
  const run = await addRun(db, whose, {
    state: 'cancelled',
    code: 'cancelled',
    stateBy: 'lena@pass.local',
    todo: 'stays with her old host after all',
    startedAt: minutesAgo(500),
    finishedAt: minutesAgo(440),
    stateAt: minutesAgo(440),
    plan,
    fields,
  })
  await addGalleries(db, run, whose, 25, (index) => (index < 14 ? safe(40) : moving(40, 0)))
  await addEvent(db, run, 'cancelled', 'lena@pass.local', { note: 'stays with her old host after all' }, 440)
  return run
}

/** A dropped folder; the sender has gone away in the middle. */
async function makeUpload(db: Tx): Promise<string> {
  const whose = await addClient(db, 'Café Lichtblick', 15)
  const run = await addRun(
    db,
    { client: whose.client, source: null },
    {
      kind: 'upload',
      state: 'running',
      startedAt: minutesAgo(25),
    },
  )
  await addGalleries(db, run, { client: whose.client, source: null }, 4, (index) =>
    index < 2
      ? { ...safe(130), listedAt: minutesAgo(24) }
      : { ...moving(130, index === 2 ? 40 : 0), listedAt: minutesAgo(24) },
  )
  await db.insert(manifests).values({
    runId: run,
    clientId: whose.client,
    layout: { into: 'folders', title: 'From the studio’s archive' },
    completeAt: minutesAgo(24),
    duplicates: 12,
    duplicateBytes: 12 * 6e6,
  })
  return run
}

/** Scenes whose times run out, put back to where they are worth looking at. */
export async function renewStanding(db: Tx, { retrying }: Pick<Standing, 'retrying'>): Promise<void> {
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000)
  await db
    .update(hostBudgets)
    .set({ blockedUntil: inMinutes(9) })
    .where(sql`host = 'galleries.pixieset.com'`)
  await db
    .update(photos)
    .set({ nextTryAt: inMinutes(6) })
    .where(sql`run_id = ${retrying}`)
}

/** What somebody has decided about causes: one ignored, one resolved that came back. */
export async function decideSome(db: Tx, run: string): Promise<void> {
  const decided = { runId: run, decidedBy: 'lena@pass.local', decidedAt: minutesAgo(30) }
  await db.insert(causeNotes).values([
    { ...decided, code: 'not_available', state: 'skipped', decision: 'ignored', photos: 2, note: 'the client knows' },
    { ...decided, code: 'source_error', state: 'failed', decision: 'resolved', photos: 1 },
  ])
}
