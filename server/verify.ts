// Proof that the store holds what the ledger says, object by object, and nothing else of this client.
import { createHash } from 'node:crypto'
import { and, asc, eq, gt, inArray, isNotNull, ne, sql } from 'drizzle-orm'
import pLimit from 'p-limit'
import { assets, galleries, photos, renditions, runs } from '#db/schema.ts'
import { coveredByRun } from './coverage.ts'
import type { House } from './house.ts'
import { formats, type Instructions, instructionsHash } from './instructions.ts'
import { unnamed } from './orphans.ts'
import { notFound } from './refusal.ts'
import { NoSuchObject, originalKey, renditionKey } from './store/store.ts'

/**
 * `missing`: no object where the ledger names one. `size`: of another length. `hash`: other bytes (deep only).
 * `rendition_missing`: the ledger calls it rendered and knows no such rendition. `orphan`: an object that no row names.
 */
export type Problem = 'missing' | 'size' | 'hash' | 'rendition_missing' | 'orphan'

export interface Finding {
  problem: Problem
  /** null for orphans. */
  photo: string | null
  gallery: string | null
  key: string
}

export interface VerifyTotals {
  photos: number
  /** Originals and renditions looked at; one that several photos share counts for each. */
  objects: number
  /** Their bytes as the ledger states them. */
  bytes: number
  findings: number
}

const pageRows = 500
const headsAtOnce = 16 // waits on the store's answers
const readsAtOnce = 4 // waits on its bytes and on hashing
export const looksAtOnce = (deep: boolean) => (deep ? readsAtOnce : headsAtOnce)

type Needs = Pick<House, 'db' | 'store'>

/**
 * Yields what is wrong, in the order of the account, orphans last; returns the totals. `deep` reads and hashes every
 * original and rendition. Of a run still at work an original just put may show as an orphan.
 * Throws Refusal `not_found`.
 */
export async function* verifyRun(
  house: Needs,
  runId: string,
  options: { deep: boolean },
): AsyncGenerator<Finding, VerifyTotals> {
  const [run] = await house.db.select({ clientId: runs.clientId }).from(runs).where(eq(runs.id, runId))
  if (!run) throw notFound('run')
  const totals: VerifyTotals = { photos: 0, objects: 0, bytes: 0, findings: 0 }
  const inTime = pLimit(looksAtOnce(options.deep))
  for await (const page of claims(house, runId)) {
    const found = await Promise.all(
      page.flatMap((claim) => claim.objects.map((object) => inTime(() => look(house, object, options.deep)))),
    )
    const objects = page.flatMap(({ photo, gallery, objects }) =>
      objects.map((object) => ({ photo, gallery, ...object })),
    )
    totals.photos += page.length
    totals.objects += objects.length
    for (const [i, { photo, gallery, key, bytes }] of objects.entries()) {
      totals.bytes += bytes ?? 0
      const problem = found[i]
      if (!problem) continue
      totals.findings++
      yield { problem, photo, gallery, key }
    }
  }
  for await (const key of orphans(house, run.clientId)) {
    totals.findings++
    yield { problem: 'orphan', photo: null, gallery: null, key }
  }
  return totals
}

export interface ClaimedObject {
  key: string
  /** null: the ledger should know a rendition here and does not. */
  bytes: number | null
  /** Hex, where the ledger knows it. */
  sha256: string | null
}

interface Claim {
  photo: string
  gallery: string
  objects: ClaimedObject[]
}

/** Every photo of the run whose bytes the ledger says are safe, by gallery. */
async function* claims(house: Needs, runId: string): AsyncGenerator<Claim[]> {
  const moved = await house.db
    .select({ id: galleries.id, ref: galleries.ref })
    .from(galleries)
    .where(sql`${galleries.id} = ${coveredByRun(runId)}`)
    .orderBy(asc(galleries.ordinal), asc(galleries.id))
  const wantedOf = wantedRenditions(house)
  for (const gallery of moved) {
    for (let after = 0; ; ) {
      const rows = await photosWithBytes(house, gallery.id, after)
      const wanted = await wantedOf(rows.map((row) => row.runId))
      const made = await madeRenditions(house, rows)
      yield rows.map((row) => ({
        photo: row.ref,
        gallery: gallery.ref,
        objects: claimedBy(row, wanted.get(row.runId) ?? [], made),
      }))
      if (rows.length < pageRows) break
      after = rows.at(-1)!.id
    }
  }
}

type Row = Awaited<ReturnType<typeof photosWithBytes>>[number]

function photosWithBytes(house: Needs, galleryId: number, after: number) {
  const { id, ref, kind, clientId, runId, sha256, bytes, contentType, rendition } = photos
  return (
    house.db
      .select({ id, ref, kind, clientId, runId, sha256, bytes, contentType, rendition, removedAt: assets.removedAt })
      .from(photos)
      .leftJoin(assets, and(eq(assets.clientId, photos.clientId), eq(assets.sha256, photos.sha256)))
      .where(
        and(
          eq(photos.galleryId, galleryId),
          gt(photos.id, after),
          isNotNull(photos.sha256),
          ne(photos.state, 'deleted'),
        ),
      )
      // The sum keeps the planner from walking the primary key through everybody else's photos.
      .orderBy(sql`${photos.id} + 0`)
      .limit(pageRows)
  )
}

interface Wish {
  hash: string
  extension: string
}

interface Made extends Wish {
  bytes: number
  fileSha256: Buffer
}

const place = (clientId: string, sha256: Buffer) => `${clientId} ${sha256.toString('hex')}`

async function madeRenditions(house: Needs, rows: Row[]): Promise<Map<string, Made[]>> {
  if (rows.length === 0) return new Map()
  const made = await house.db
    .select()
    .from(renditions)
    .where(
      and(
        eq(renditions.clientId, rows[0]!.clientId),
        inArray(
          renditions.sha256,
          rows.map((row) => row.sha256!),
        ),
      ),
    )
  return Map.groupBy(made, (row) => place(row.clientId, row.sha256))
}

/** Hash and extension of every rendition that a photo's own run asked for. */
function wantedRenditions(house: Needs) {
  const known = new Map<string, Wish[]>()
  return async (runIds: string[]) => {
    const unknown = [...new Set(runIds)].filter((id) => !known.has(id))
    if (unknown.length > 0) {
      const rows = await house.db
        .select({ id: runs.id, named: runs.renditions })
        .from(runs)
        .where(inArray(runs.id, unknown))
      for (const { id, named } of rows) {
        const instructions = Object.values(named) as Instructions[]
        known.set(
          id,
          instructions.map((wish) => ({ hash: instructionsHash(wish), extension: formats[wish.format].extension })),
        )
      }
    }
    return known
  }
}

function claimedBy(row: Row, wanted: Wish[], madeBy: Map<string, Made[]>): ClaimedObject[] {
  const sha256 = row.sha256!.toString('hex')
  const made = madeBy.get(place(row.clientId, row.sha256!)) ?? []
  // Nothing is made of videos and files; where something is missing, `rendition` says why.
  const complete = row.rendition === 'ok' && row.kind === 'photo' && row.contentType?.startsWith('image/')
  const lacking = complete ? wanted.filter((wish) => !made.some(({ hash }) => hash === wish.hash)) : []
  const keyOf = (of: Wish) => renditionKey(row.clientId, sha256, of.hash, of.extension)
  return [
    // One that its client did not want kept is rightly not there.
    ...(row.removedAt ? [] : [{ key: originalKey(row.clientId, sha256), bytes: row.bytes, sha256 }]),
    ...made.map((one) => ({ key: keyOf(one), bytes: one.bytes, sha256: one.fileSha256.toString('hex') })),
    ...lacking.map((one) => ({ key: keyOf(one), bytes: null, sha256: null })),
  ]
}

/** What is wrong with one object; null: nothing. */
export async function look(house: Pick<House, 'store'>, object: ClaimedObject, deep: boolean): Promise<Problem | null> {
  if (object.bytes === null) return 'rendition_missing'
  const head = await house.store.head(object.key)
  if (!head) return 'missing'
  if (head.bytes !== object.bytes) return 'size'
  return deep ? read(house, object) : null
}

async function read(house: Pick<House, 'store'>, object: ClaimedObject): Promise<Problem | null> {
  try {
    const { stream } = await house.store.get(object.key)
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      bytes += chunk.length
    }
    if (bytes !== object.bytes) return 'size'
    return object.sha256 === null || hash.digest('hex') === object.sha256 ? null : 'hash'
  } catch (error) {
    if (error instanceof NoSuchObject) return 'missing'
    throw error
  }
}

/** Originals and renditions of the client that no row names. */
async function* orphans(house: Needs, clientId: string): AsyncGenerator<string> {
  yield* unnamedUnder(house, clientId, `${clientId}/originals/`)
  yield* unnamedUnder(house, clientId, `${clientId}/renditions/`)
}

async function* unnamedUnder(house: Needs, clientId: string, prefix: string): AsyncGenerator<string> {
  let keys: string[] = []
  for await (const { key } of house.store.list(prefix)) {
    keys.push(key)
    if (keys.length < pageRows) continue
    yield* await unnamed(house, clientId, keys)
    keys = []
  }
  yield* await unnamed(house, clientId, keys)
}
