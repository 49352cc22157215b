// Runs in every state, as rows of the ledger: what the screenshots show. Nothing in them is left for a worker to do.
import { randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import type { Db } from '#db/client.ts'
import {
  attempts,
  clients,
  events,
  folders,
  galleries,
  photos,
  runGalleries,
  runs,
  samples,
  sets,
  sources,
} from '#db/schema.ts'

type RunValues = typeof runs.$inferInsert
type GalleryValues = typeof galleries.$inferInsert

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)
const fields = {
  ...Object.fromEntries(
    [
      'folders',
      'order',
      'covers',
      'dates',
      'descriptions',
      'captions',
      'keywords',
      'access',
      'files',
      'takenAt',
      'filenames',
    ].map((kind) => [kind, 'kept']),
  ),
  videos: 'mapped',
  passwords: 'lost',
  favourites: 'lost',
  sets: 'not_offered',
  stars: 'not_offered',
  expiry: 'not_offered',
}
const plan = {
  account: 'Anna Weber Fotografie',
  folders: 214,
  galleries: 1763,
  collections: 31,
  photos: 51_022,
  bytes: 310e9,
  favouriteLists: 128,
  secondsExpected: [2700, 9600],
  fields,
}

export interface Scenes {
  client: string
  running: string
  planned: string
  /** A second migration, planned: something of everything is different. */
  repeated: string
  surveying: string
  blocked: string
  paused: string
  troubled: string
}

const arranged = new WeakMap<Db, Promise<Scenes>>()

/** Once for each database. */
export function arrange(db: Db): Promise<Scenes> {
  const scenes = arranged.get(db) ?? makeScenes(db)
  arranged.set(db, scenes)
  return scenes
}

async function makeScenes(db: Db): Promise<Scenes> {
  const names = [
    'Anna Weber',
    'Studio Nordlicht',
    'Jörg & Anna Kaltenbach',
    'Lumen Photography',
    'Atelier Río',
    'Mira Okafor',
    'Hafen Hochzeiten',
    'Tom Ellery',
  ]
  const ids = new Map<string, { client: string; source: string }>()
  for (const [index, name] of names.entries()) ids.set(name, await addClient(db, name, index))
  const of = (name: string) => ids.get(name)!

  const running = await addRun(db, of('Anna Weber'), { state: 'running', plan, fields, startedAt: minutesAgo(52) })
  await fillBigRun(db, running, of('Anna Weber'))
  const planned = await addRun(db, of('Studio Nordlicht'), {
    state: 'planned',
    plan: { ...plan, account: 'Studio Nordlicht', collections: 4, repeated: false, archived: 0 },
    fields,
  })
  await addPlanned(db, planned, 1763, () => ({ difference: 'new' }))
  const repeated = await addRun(db, of('Tom Ellery'), {
    state: 'planned',
    plan: {
      ...plan,
      account: 'Tom Ellery',
      galleries: 238,
      repeated: true,
      photosToCopy: 214,
      foldersRenamed: 1,
      foldersMoved: 0,
      difference: { new: 2, changed: 5, moved: 2, same: 229, gone: 2, untold: 0 },
    },
    fields,
  })
  await addPlanned(db, repeated, 240, differing)
  const surveying = await addRun(db, of('Mira Okafor'), { state: 'surveying' })
  await holdSurvey(db, surveying)
  const blocked = await addRun(db, of('Lumen Photography'), {
    state: 'blocked',
    resumeTo: 'running',
    code: 'challenge',
    todo: 'Zenfolio asks for a code sent by e-mail: sign in once in a browser, then enter a fresh token here.',
    startedAt: minutesAgo(300),
    plan,
    fields,
  })
  await addGalleries(db, blocked, of('Lumen Photography'), 86, (index) => (index < 31 ? safe(60) : moving(60, 0)))
  const paused = await addRun(db, of('Atelier Río'), {
    state: 'paused',
    resumeTo: 'running',
    stateBy: 'lena@pass.local',
    startedAt: minutesAgo(95),
    plan,
    fields,
  })
  await addGalleries(db, paused, of('Atelier Río'), 140, (index) => (index < 70 ? safe(80) : moving(80, 20)))
  await addEvent(db, paused, 'paused', 'lena@pass.local', { note: 'until the studio has bought more space' })
  const troubled = await addRun(db, of('Jörg & Anna Kaltenbach'), {
    state: 'done_with_problems',
    startedAt: minutesAgo(400),
    finishedAt: minutesAgo(40),
    plan,
    fields,
  })
  await addGalleries(db, troubled, of('Jörg & Anna Kaltenbach'), 64, (index) =>
    index === 0 ? { ...safe(600), total: 640, published: 600, failed: 34, skipped: 6 } : safe(110),
  )
  await addTroubles(db, troubled)
  for (const name of ['Hafen Hochzeiten', 'Tom Ellery']) {
    const run = await addRun(db, of(name), {
      state: 'done',
      startedAt: minutesAgo(3000),
      finishedAt: minutesAgo(2700),
      plan,
      fields,
    })
    await addGalleries(db, run, of(name), 40, () => safe(95))
  }
  return { client: of('Lumen Photography').client, running, planned, repeated, surveying, blocked, paused, troubled }
}

/** The rate of the running scene ages: renewed before it is looked at. */
export async function freshSamples(db: Db, runId: string): Promise<void> {
  await db.delete(samples).where(eq(samples.runId, runId))
  const values = []
  for (let step = 180, stored = 1300; step >= 0; step--) {
    stored += 150 + Math.round(90 * Math.sin(step / 9) + 40 * Math.sin(step / 3.1))
    const at = new Date(Date.now() - step * 5000)
    values.push({
      runId,
      at,
      found: 51_022,
      stored,
      rendered: stored - 800,
      settled: stored - 1200,
      bytes: stored * 6_000_000,
    })
  }
  await db.insert(samples).values(values)
}

async function addClient(db: Db, name: string, index: number) {
  const email = `${name.toLowerCase().replaceAll(/[^a-z]+/g, '.')}@example.test`
  const [client] = await db
    .insert(clients)
    .values({ name, email, createdAt: minutesAgo(1440 * (index * 9 + 2)) })
    .returning()
  const health = (['ok', 'ok', 'ok', 'challenge'] as const)[index] ?? 'ok'
  const todo = health === 'challenge' ? 'Sign in once in a browser: the provider asks for a code sent by e-mail.' : null
  const [source] = await db
    .insert(sources)
    .values({
      clientId: client!.id,
      provider: 'zenfolio',
      accountKey: randomUUID(),
      title: name,
      endpoints: {},
      credentials: Buffer.from('sealed'),
      health,
      todo,
      checkedAt: minutesAgo(12),
    })
    .returning()
  return { client: client!.id, source: source!.id }
}

async function addRun(
  db: Db,
  { client, source }: { client: string; source: string },
  values: Partial<RunValues> & Pick<RunValues, 'state'>,
) {
  const [run] = await db
    .insert(runs)
    .values({
      clientId: client,
      sourceId: source,
      kind: 'migration',
      renditions: { thumb: {}, web: {} },
      createdBy: 'lena@pass.local',
      createdAt: minutesAgo(60),
      stateAt: minutesAgo(7),
      ...values,
    })
    .returning()
  await addEvent(db, run!.id, 'created', 'lena@pass.local', {})
  if (values.plan) await addEvent(db, run!.id, 'planned', 'worker', {})
  if (values.startedAt) await addEvent(db, run!.id, 'started', 'lena@pass.local', {})
  return run!.id
}

const addEvent = (db: Db, runId: string, kind: string, actor: string, data: Record<string, unknown>) =>
  db.insert(events).values({ runId, kind, actor, data, at: minutesAgo(20) })

type Counters = Partial<GalleryValues>
const done = { listedAt: new Date(), builtAt: new Date() }
const safe = (total: number): Counters => ({
  state: 'published',
  total,
  published: total,
  statedCount: total,
  verifiedAt: new Date(),
  bytesFound: total * 6e6,
  bytesStored: total * 6e6,
})
const moving = (total: number, copied: number): Counters => {
  const rendered = Math.floor(copied * 0.8)
  return {
    state: 'copying',
    total,
    statedCount: total,
    listed: total - copied,
    stored: copied - rendered,
    rendered,
    bytesFound: total * 6e6,
    bytesStored: copied * 6e6,
  }
}

const folderTitles = ['Weddings', 'Portraits', 'Families', 'Corporate', 'Travel', 'Newborn']
const couples = [
  'Smith & Doyle',
  'Jörg & Anna',
  'Zoë & Émile',
  'Łucja & Tomasz',
  'Ines & Noah',
  'Aiko & Ren',
  'Mia & José',
  'Eva & Paul',
]
const places = ['Lake Como', 'Old Town Hall', 'Villa Rosa', 'Brighton Pier', 'Gut Sonnenhof', 'Kirchheim']

async function addGalleries(
  db: Db,
  runId: string,
  { client, source }: { client: string; source: string },
  count: number,
  counters: (index: number) => Counters,
) {
  const inserted = await db
    .insert(folders)
    .values(
      folderTitles.map((title, position) => ({
        clientId: client,
        sourceId: source,
        ref: `${runId} ${title}`,
        title,
        position,
      })),
    )
    .returning()
  const values = Array.from(
    { length: count },
    (_, index): GalleryValues => ({
      clientId: client,
      sourceId: source,
      runId,
      folderId: inserted[Math.floor((index / count) * inserted.length)]!.id,
      ref: `g${index}`,
      title: `${couples[index % couples.length]}, ${places[(index * 5) % places.length]}`,
      date: `20${String(10 + (index % 15)).padStart(2, '0')}-06-${String(1 + (index % 28)).padStart(2, '0')}`,
      access: index % 7 === 0 ? 'password' : index % 11 === 0 ? 'hidden' : 'public',
      position: index,
      ordinal: index,
      ...done,
      ...counters(index),
    }),
  )
  for (let from = 0; from < values.length; from += 500)
    await db.insert(galleries).values(values.slice(from, from + 500))
}

type Planned = Partial<typeof runGalleries.$inferInsert> & Pick<typeof runGalleries.$inferInsert, 'difference'>

async function addPlanned(db: Db, runId: string, count: number, said: (index: number) => Planned) {
  const values = Array.from({ length: count }, (_, index) => {
    const kind = folderTitles[Math.floor((index / count) * folderTitles.length)]!
    const year = String(2012 + (Math.floor((index * 60) / count) % 10))
    return {
      runId,
      ref: `g${index}`,
      ordinal: index,
      path: [kind, year],
      folderRefs: [kind, `${kind} ${year}`],
      title: `${couples[index % couples.length]}, ${places[(index * 5) % places.length]}`,
      date: `${year}-06-${String(1 + (index % 28)).padStart(2, '0')}`,
      virtual: false,
      archived: index % 97 === 96,
      statedCount: 120 + ((index * 37) % 400),
      reasons: [],
      chosen: true,
      ...said(index),
    }
  })
  for (let from = 0; from < values.length; from += 500)
    await db.insert(runGalleries).values(values.slice(from, from + 500))
}

/** Two hundred and forty galleries, eleven of which are not what they were. */
function differing(index: number): Planned {
  const here = 120 + ((index * 37) % 400)
  if (index >= 238) return { difference: 'gone', folderRefs: [] }
  switch (index) {
    case 0:
    case 41:
      return { difference: 'new' }
    case 7:
      return {
        difference: 'changed',
        here,
        statedCount: here + 3,
        reasons: [{ what: 'count', stated: here + 3, here }],
      }
    case 52:
      return { difference: 'changed', here, reasons: [{ what: 'title', was: 'Untitled', now: 'now' }] }
    case 90:
      return { difference: 'changed', here, reasons: [{ what: 'undone', failed: 4, skipped: 0 }] }
    case 91:
      return { difference: 'changed', here, reasons: [{ what: 'cover' }, { what: 'position' }] }
    case 130:
      return { difference: 'changed', here, reasons: [{ what: 'content' }] }
    case 60:
      return { difference: 'moved', here, reasons: [{ what: 'folder', was: ['Weddings', '2013'], now: [] }] }
    case 61:
      return { difference: 'moved', here, reasons: [{ what: 'position' }] }
    default:
      return { difference: 'same', here }
  }
}

/** 1,763 galleries, most of them still to come, with one of everything that can be the matter. */
async function fillBigRun(db: Db, runId: string, whose: { client: string; source: string }) {
  await addGalleries(db, runId, whose, 1763, (index) => {
    if (index === 3) return { ...moving(29, 0), state: 'attention', code: 'count_mismatch', total: 29, listed: 29 }
    if (index === 5) return { state: 'attention', code: 'password_needed', statedCount: 18 }
    if ([9, 14, 22].includes(index))
      return {
        ...moving(29, 0),
        state: 'waiting',
        waitingSince: minutesAgo(48),
        askAgainAt: new Date(Date.now() + 22 * 60_000),
      }
    if (index === 30) return { ...safe(29), published: 26, failed: 3, bytesStored: 26 * 6e6 }
    if (index < 425) return safe(29)
    if (index < 437) return moving(29, 29 - (index - 420))
    return { ...moving(29, 0), state: 'planned' }
  })
  await addPhotos(db, runId, 'g30', 3, { state: 'failed', code: 'truncated', step: 'fetch-photos' })
}

async function addTroubles(db: Db, runId: string) {
  await addPhotos(db, runId, 'g0', 31, { state: 'failed', code: 'truncated', step: 'fetch-photos' })
  await addPhotos(db, runId, 'g0', 3, { state: 'failed', code: 'source_error', step: 'fetch-photos' })
  await addPhotos(db, runId, 'g0', 6, { state: 'skipped', code: 'gone_at_source', step: 'fetch-photos' })
}

async function addPhotos(
  db: Db,
  runId: string,
  ref: string,
  count: number,
  trouble: { state: 'failed' | 'skipped'; code: string; step: string },
) {
  const [gallery] = await db.select().from(galleries).where(sql`run_id = ${runId} and ref = ${ref}`)
  const [set] = await db
    .insert(sets)
    .values({ galleryId: gallery!.id, ref: null, title: '', position: 0 })
    .onConflictDoNothing()
    .returning()
  const added = await db
    .insert(photos)
    .values(
      Array.from({ length: count }, (_, index) => ({
        clientId: gallery!.clientId,
        runId,
        galleryId: gallery!.id,
        ref: `${trouble.code} ${index}`,
        kind: 'photo' as const,
        filename: `DSC_${4100 + index * 7}.jpg`,
        attempts: trouble.state === 'failed' ? 8 : 1,
        ...trouble,
      })),
    )
    .returning()
  const detail =
    {
      truncated: 'the body ended after 2,113,536 of 8,401,022 bytes',
      source_error: 'HTTP 502 from the originals host',
      gone_at_source: null,
    }[trouble.code] ?? null
  await db.insert(attempts).values(
    added.map(({ id }, index) => ({
      photoId: id,
      attempt: 8,
      step: trouble.step,
      code: trouble.code,
      detail,
      at: minutesAgo(60 - index),
    })),
  )
  if (set)
    await db.execute(
      sql`insert into placements (set_id, photo_id, position) select ${set.id}, id, row_number() over (order by id) from photos where gallery_id = ${gallery!.id}`,
    )
}

/** A survey that nobody takes up while it is looked at. */
async function holdSurvey(db: Db, runId: string) {
  await db.execute(sql`
    insert into pgboss.job (name, data, start_after) values ('survey-source', jsonb_build_object('runId', ${runId}::text), now() + interval '1 day')`)
}

/** In a gallery of a real run: one photo that failed, one skipped, a video and a file, beside those that are there. */
export async function oddTiles(db: Db, runId: string): Promise<string> {
  const { rows } = await db.execute<{ publicId: string }>(sql`
    with gallery as (select id, public_id from galleries where run_id = ${runId} order by ordinal offset 1 limit 1),
    numbered as (select p.id, row_number() over (order by p.id) as n from photos p join gallery g on g.id = p.gallery_id),
    changed as (
      update photos p set
        sha256 = null,
        state = case n when 3 then 'failed' when 4 then 'skipped' else 'published' end::photo_state,
        code = case n when 3 then 'truncated' when 4 then 'gone_at_source' end,
        kind = case n when 6 then 'video' when 8 then 'file' else 'photo' end::photo_kind,
        filename = case n when 6 then 'first-dance.mp4' when 8 then 'originals.zip' else filename end,
        caption = case n when 1 then 'The first look, an hour before the ceremony' else caption end
      from numbered x where x.id = p.id and n in (3, 4, 6, 8)
    ) select public_id as "publicId" from gallery`)
  return rows[0]!.publicId
}
