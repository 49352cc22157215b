// Where a benchmark takes place: a folder, a PostgreSQL and a house of its own, and runs in it whose photos are already
// where the part to be measured begins.
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '#server/clients.ts'
import { startEmbeddedPostgres } from '#server/embedded.ts'
import { jsonb } from '#server/jsonb.ts'
import { type FoundPhoto, type ListedGallery, recordGalleries } from '#server/listing.ts'
import { createMigration, planRun, startRun } from '#server/runs.ts'
import { renewSession } from '#server/sign-ins.ts'
import { addSource } from '#server/sources.ts'
import { type TestHouse, testHouse } from '#workers/testing.ts'

export interface Bench {
  /** Aborted by Ctrl-C: the benchmark cleans up and ends. */
  signal: AbortSignal
  /** One line for a person who waits. */
  say(line: string): void
  rounds: number | undefined
  photos: number | undefined
}

export interface Setting {
  house: TestHouse
  /** For files of the benchmark itself. */
  folder: string
  postgresPid: number
  [Symbol.asyncDispose](): Promise<void>
}

/** `durable: false` leaves out Postgres' fsync. */
export async function setUp(options: { durable: boolean }): Promise<Setting> {
  const folder = await mkdtemp(join(tmpdir(), 'pass-bench-'))
  await chmod(folder, 0o711)
  const postgres = await startEmbeddedPostgres({ dir: join(folder, 'postgres'), durable: options.durable })
  const house = await testHouse(postgres.url, { PASS_DATA_DIR: join(folder, 'data') })
  return {
    house,
    folder,
    postgresPid: postgres.pid,
    async [Symbol.asyncDispose]() {
      await house.dispose()
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface BenchRun {
  id: string
  clientId: string
  sourceId: string
  galleries: ListedGallery[]
}

/**
 * A running migration of a client of its own, with galleries that are built and nothing listed; nobody has to sign in.
 * `renditions` are parsed instructions by name.
 */
export async function aRunningMigration(
  { house }: Setting,
  options: { renditions: Record<string, unknown>; galleries: number; origin?: string },
): Promise<BenchRun> {
  const client = await createClient(house, 'bench', { name: randomUUID() })
  const source = await addSource(house, 'bench', {
    clientId: client.id,
    provider: 'zenfolio',
    credentials: { loginName: 'bench', password: 'bench' },
    endpoints: { api: `${options.origin ?? 'http://127.0.0.1:9'}/api` },
  })
  const session = async () => ({ kept: { token: 'bench', loginName: 'bench' }, endsAt: null })
  await renewSession(house, { id: source.id, clientId: client.id }, 0, session)
  const { id } = await createMigration(house, 'bench', {
    sourceId: source.id,
    renditions: ['none'],
    autoStart: false,
  })
  await house.pool.query('update runs set renditions = $2::jsonb where id = $1', [id, jsonb(options.renditions)])
  const run = { id, clientId: client.id, sourceId: source.id }
  const found = Array.from({ length: options.galleries }, (_, ordinal) => ({
    ref: `g${ordinal}`,
    folderRef: null,
    title: `Gallery ${ordinal}`,
    position: ordinal,
    ordinal,
    virtual: false,
    statedCount: null,
    statedBytes: null,
    access: 'public' as const,
    date: null,
    coverRef: null,
    changeToken: null,
  }))
  await recordGalleries(house.db, run, found)
  await planRun(house, id, {}, {})
  await startRun(house, 'bench', id)
  await house.pool.query('update galleries set built_at = now() where run_id = $1', [id])
  await house.pool.query(
    `delete from pgboss.job where group_id = $1 and name in ('survey-source', 'list-gallery', 'build-gallery')`,
    [id],
  )
  const { rows } = await house.pool.query<ListedGallery>(
    `select id, run_id as "runId", client_id as "clientId", source_id as "sourceId", ref, "virtual" from galleries
     where run_id = $1 order by ordinal`,
    [id],
  )
  return { ...run, galleries: rows }
}

/** A photo as a listing tells of it; `n` is its number and place. */
export function aFoundPhoto(galleryRef: string, n: number, handle: unknown): FoundPhoto {
  return {
    ref: String(1_000_000 + n),
    kind: 'photo',
    galleryRef,
    filename: `DSC_${n}.jpg`,
    caption: null,
    keywords: ['wedding', 'church'],
    takenAt: '2024-06-01T14:03:12',
    bytes: null,
    width: 4000,
    height: 3000,
    access: null,
    star: null,
    placements: [{ setRef: null, position: n }],
    handle,
    changeToken: null,
    extra: {},
  }
}
