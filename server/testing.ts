// For tests of the verbs: a house on a database of its own, a run in it made by the verbs themselves, and the counts
// held against a recount.
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { testDatabase } from '#db/testing.ts'
import { createClient } from './clients.ts'
import { type Env, parseEnv } from './env.ts'
import { type House, openHouse } from './house.ts'
import { type FoundGallery, type FoundPhoto, type ListedGallery, recordGalleries, recordPage } from './listing.ts'
import { prepareDatabase } from './prepare.ts'
import type { QueueName } from './queues.ts'
import { createMigration, planRun, startRun } from './runs.ts'
import { addSource } from './sources.ts'

export interface VerbHouse extends House {
  dispose(): Promise<void>
}

/** Files for objects, queues declared, nobody working. */
export async function verbHouse(): Promise<VerbHouse> {
  await using begun = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'verbs-'))
  begun.defer(() => rm(dir, { recursive: true, force: true }))
  const database = await testDatabase()
  begun.defer(() => database.drop())
  const env = parseEnv({
    DATABASE_URL: database.url,
    PASS_DATA_DIR: dir,
    PASS_SECRET_KEY: randomBytes(32).toString('base64'),
    LOG_LEVEL: 'silent',
  })
  await prepareDatabase(env as Env & { DATABASE_URL: string })
  const house = await openHouse(env)
  begun.defer(() => house.close())
  const all = begun.move()
  return { ...house, dispose: () => all.disposeAsync() }
}

/** A client with one account; every call makes others. */
export async function aSource(house: House): Promise<{ clientId: string; sourceId: string }> {
  const loginName = `anna-${randomUUID()}`
  const client = await createClient(house, 'test', { name: loginName })
  const source = await addSource(house, 'test', {
    clientId: client.id,
    provider: 'zenfolio',
    credentials: { loginName, password: 'secret' },
  })
  return { clientId: client.id, sourceId: source.id }
}

export interface MovingRun {
  id: string
  clientId: string
  sourceId: string
  galleries: ListedGallery[]
}

/** A migration that moves: surveyed, started, its galleries built, nothing listed. `of` takes the source of an earlier run. */
export async function aMovingRun(
  house: House,
  galleries: Partial<FoundGallery>[] = [{}],
  of?: { clientId: string; sourceId: string },
): Promise<MovingRun> {
  const { clientId, sourceId } = of ?? (await aSource(house))
  const { id } = await createMigration(house, 'test', { sourceId, renditions: ['thumb'], autoStart: false })
  await recordGalleries(
    house.db,
    { id, clientId, sourceId },
    galleries.map((gallery, i) => ({ ...foundGallery(`g${i}`), ...gallery, ordinal: i })),
  )
  await planRun(house, id, {}, {})
  await startRun(house, 'test', id)
  await house.pool.query('update galleries set built_at = now(), expected_count = stated_count where run_id = $1', [id])
  const { rows } = await house.pool.query<ListedGallery>(
    `select id, run_id as "runId", client_id as "clientId", source_id as "sourceId", ref, "virtual" from galleries where run_id = $1 order by ordinal`,
    [id],
  )
  return { id, clientId, sourceId, galleries: rows }
}

export function foundGallery(ref: string): FoundGallery {
  return {
    ref,
    folderRef: null,
    title: `Gallery ${ref}`,
    position: 0,
    virtual: false,
    statedCount: null,
    statedBytes: null,
    access: null,
    date: null,
    coverRef: null,
    changeToken: null,
  }
}

export function foundPhoto(galleryRef: string, ref: string, more: Partial<FoundPhoto> = {}): FoundPhoto {
  return {
    ref,
    kind: 'photo',
    galleryRef,
    filename: `${ref}.jpg`,
    caption: null,
    keywords: [],
    takenAt: null,
    bytes: 1000,
    width: null,
    height: null,
    access: null,
    star: null,
    placements: [{ setRef: null, position: Number(/\d+/.exec(ref)?.[0] ?? 0) }],
    handle: null,
    changeToken: null,
    extra: {},
    ...more,
  }
}

/** Lists these photos (p0, p1 … where it is a number) in a gallery, all on one page; resolves with their ids. */
export async function listedIn(house: House, gallery: ListedGallery, of: number | FoundPhoto[]): Promise<number[]> {
  const photos = typeof of === 'number' ? Array.from({ length: of }, (_, i) => foundPhoto(gallery.ref, `p${i}`)) : of
  await recordPage(house.db, house.queues, gallery, { photos, next: null }, null)
  const { rows } = await house.pool.query<{ id: number }>('select id from photos where gallery_id = $1 order by id', [
    gallery.id,
  ])
  return rows.map(({ id }) => id)
}

export interface WaitingJob {
  id: string
  state: string
  data: { photoIds?: number[]; galleryId?: number; runId?: string }
  group: string | null
  priority: number
  /** Seconds until it may be taken; below 0: it may. */
  wait: number
}

/** Jobs of one queue that are not through. */
export async function jobsOf(house: House, queue: QueueName): Promise<WaitingJob[]> {
  const { rows } = await house.pool.query<WaitingJob>(
    `select id, state, data, group_id as "group", priority, extract(epoch from start_after - now())::float8 as wait
     from pgboss.job where name = $1 and state < 'completed' order by created_on, id`,
    [queue],
  )
  return rows
}

export async function forgetJobs(house: House): Promise<void> {
  await house.pool.query('delete from pgboss.job')
}

const counters = [
  'total',
  'listed',
  'stored',
  'rendered',
  'published',
  'skipped',
  'failed',
  'gone',
  'degraded',
  'bytes_found',
  'bytes_stored',
]

/** What each gallery of a run counts, and what its photos say. */
export async function countedAndRecounted(house: House, runId: string) {
  const counted = await house.db.execute(
    sql`select id, ${sql.raw(counters.join(', '))} from galleries where run_id = ${runId} order by id`,
  )
  const state = (name: string) => sql.raw(`count(p.id) filter (where p.state = '${name}')::int as ${name}`)
  const recounted = await house.db.execute(sql`
    select g.id, count(p.id) filter (where p.state not in ('gone', 'deleted'))::int as total, ${state('listed')}, ${state('stored')}, ${state('rendered')}, ${state('published')},
      ${state('skipped')}, ${state('failed')}, ${state('gone')},
      count(p.id) filter (where p.state in ('rendered', 'published') and p.rendition <> 'ok')::int as degraded,
      coalesce(sum(p.stated_bytes) filter (where p.state not in ('gone', 'deleted')), 0)::int8 as bytes_found,
      coalesce(sum(p.bytes) filter (where p.state not in ('gone', 'deleted')), 0)::int8 as bytes_stored
    from galleries g left join photos p on p.gallery_id = g.id where g.run_id = ${runId} group by g.id order by g.id`)
  return { counted: counted.rows, recounted: recounted.rows }
}
