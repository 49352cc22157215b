// What scenes are made of: clients, runs and galleries as rows of the ledger.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { attempts, clients, events, folders, galleries, photos, runGalleries, runs, sets, sources } from '#db/schema.ts'

type RunValues = typeof runs.$inferInsert
type GalleryValues = typeof galleries.$inferInsert

export const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)
export const fields = {
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
export const plan = {
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

export async function addClient(db: Tx, name: string, index: number, provider = 'zenfolio') {
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
      provider,
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

export async function addRun(
  db: Tx,
  { client, source }: { client: string; source: string | null },
  values: Partial<RunValues> & Pick<RunValues, 'state'>,
) {
  const begun = values.startedAt ? (Date.now() - values.startedAt.getTime()) / 60_000 : 2
  const [run] = await db
    .insert(runs)
    .values({
      clientId: client,
      sourceId: source,
      kind: 'migration',
      renditions: { thumb: {}, web: {} },
      createdBy: 'lena@pass.local',
      createdAt: minutesAgo(begun + 11),
      stateAt: minutesAgo(7),
      ...values,
    })
    .returning()
  await addEvent(db, run!.id, 'created', 'lena@pass.local', {}, begun + 11)
  if (values.plan) await addEvent(db, run!.id, 'planned', 'worker', {}, begun + 4)
  if (values.startedAt) await addEvent(db, run!.id, 'started', 'lena@pass.local', {}, begun)
  return run!.id
}

export const addEvent = (
  db: Tx,
  runId: string,
  kind: string,
  actor: string,
  data: Record<string, unknown>,
  minutes = 20,
) => db.insert(events).values({ runId, kind, actor, data, at: minutesAgo(minutes) })

/** Galleries were listed, built and verified one after the other since the start, not when the scene was made. */
export async function spread(db: Tx): Promise<void> {
  const between = (from: string, to: string) =>
    sql`r.started_at + (${sql.raw(from)} + (${sql.raw(to)} - ${sql.raw(from)}) * ((g.ordinal * 37) % 101) / 100.0) * (coalesce(r.finished_at, now()) - r.started_at)`
  await db.execute(sql`
    update galleries g set listed_at = case when g.listed_at is not null then ${between('0.01', '0.3')} end,
      built_at = case when g.built_at is not null then ${between('0.01', '0.2')} end,
      verified_at = case when g.verified_at is not null then ${between('0.1', '0.97')} end,
      published_at = case when g.verified_at is not null then ${between('0.1', '0.97')} end
    from runs r where r.id = g.run_id and r.started_at is not null`)
}

export type Counters = Partial<GalleryValues>
const done = { listedAt: new Date(), builtAt: new Date() }
export const safe = (total: number): Counters => ({
  state: 'published',
  total,
  published: total,
  statedCount: total,
  verifiedAt: new Date(),
  bytesFound: total * 6e6,
  bytesStored: total * 6e6,
})
export const moving = (total: number, copied: number): Counters => {
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

export async function addGalleries(
  db: Tx,
  runId: string,
  { client, source }: { client: string; source: string | null },
  count: number,
  counters: (index: number) => Counters,
) {
  const inserted = source
    ? await db
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
    : []
  const values = Array.from(
    { length: count },
    (_, index): GalleryValues => ({
      clientId: client,
      sourceId: source,
      runId,
      folderId: inserted[Math.floor((index / count) * inserted.length)]?.id,
      ref: `g${index}`,
      title: `${couples[index % couples.length]}, ${places[(index * 5) % places.length]}`,
      date: `20${String(10 + (index % 15)).padStart(2, '0')}-06-${String(1 + (index % 28)).padStart(2, '0')}`,
      access: index % 7 === 0 ? 'password' : index % 11 === 0 ? 'hidden' : 'public',
      password: index % 7 === 0 ? Buffer.from('sealed') : null,
      position: index,
      ordinal: index,
      ...done,
      ...counters(index),
    }),
  )
  for (let from = 0; from < values.length; from += 500)
    await db.insert(galleries).values(values.slice(from, from + 500))
}

export type Planned = Partial<typeof runGalleries.$inferInsert> & Pick<typeof runGalleries.$inferInsert, 'difference'>

export async function addPlanned(db: Tx, runId: string, count: number, said: (index: number) => Planned) {
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

export async function addPhotos(
  db: Tx,
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
