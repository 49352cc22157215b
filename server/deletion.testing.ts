// For tests of what goes and what stays: galleries with real objects, published by the verbs themselves.
import { createHash, randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { beginRemoval, endRemoval, remove } from './deletion-removal.ts'
import type { House } from './house.ts'
import { instructionsHash, resolvePreset } from './instructions.ts'
import { type Outcome, settle } from './ledger.ts'
import { recordPage } from './listing.ts'
import { publishGallery } from './reconcile.ts'
import type { Rendered } from './renditions.ts'
import { originalKey, renditionKey } from './store/store.ts'
import { aMovingRun, foundPhoto, type MovingRun } from './testing.ts'
import { storedOutcome } from './testing-outcomes.ts'

export interface Shelf extends MovingRun {
  /** Public ids by ref. */
  ids: Record<string, string>
  /** Keys by ref. */
  keys: Record<string, { original: string; thumb: string }>
}

const thumb = resolvePreset('thumb')

/** A finished migration: galleries with photos by ref, each of the bytes that are named; equal bytes are one original. */
export async function aShelf(
  house: House,
  galleries: Record<string, string>[],
  of?: { clientId: string; sourceId: string },
): Promise<Shelf> {
  const run = await aMovingRun(
    house,
    galleries.map(() => ({})),
    of,
  )
  const shelf: Shelf = { ...run, ids: {}, keys: {} }
  for (const [i, contents] of galleries.entries()) {
    const gallery = run.galleries[i]!
    const photos = Object.keys(contents).map((ref) => foundPhoto(gallery.ref, ref))
    await house.db.transaction((tx) => recordPage(tx, house.queues, gallery, { photos, next: null }, null))
    const { rows } = await house.pool.query<{ id: number; ref: string; publicId: string }>(
      'select id, ref, public_id as "publicId" from photos where gallery_id = $1 order by id',
      [gallery.id],
    )
    for (const { id, ref, publicId } of rows) {
      shelf.ids[ref] = publicId
      shelf.keys[ref] = await store(house, run, id, contents[ref]!)
    }
    await house.db.transaction((tx) => publishGallery(tx, house.queues, gallery, null))
  }
  return shelf
}

/** Fetched and rendered, as the steps do it. */
async function store(house: House, run: MovingRun, id: number, text: string) {
  const bytes = Buffer.from(text)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const original = originalKey(run.clientId, sha256)
  await put(house, original, bytes)
  const advance = (outcome: Outcome, step: string, from: 'listed' | 'stored', made: Rendered[] = []) =>
    house.db.transaction((tx) => settle(tx, house.queues, run, step, from, [outcome], made))
  const stored = storedOutcome({ id }, { sha256, bytes: bytes.length, render: true })
  await advance(stored, 'fetch-photos', 'listed')
  const rendition = Buffer.from(`thumb of ${text}`)
  const hash = instructionsHash(thumb)
  const key = renditionKey(run.clientId, sha256, hash, 'webp')
  await put(house, key, rendition)
  const fileSha256 = createHash('sha256').update(rendition).digest('hex')
  const made = { hash, extension: 'webp', contentType: 'image/webp', bytes: rendition.length, fileSha256 }
  const rendered = { clientId: run.clientId, sha256, width: 4, height: 3, code: 'ok' }
  const renditions = [{ ...rendered, made: [{ ...made, width: 4, height: 3, level: 'strict' }] }]
  const size = { width: 4, height: 3, takenAt: null }
  await advance({ id, attempts: 0, to: 'rendered', rendition: 'ok', ...size }, 'render-photos', 'stored', renditions)
  return { original, thumb: key }
}

export async function put(house: Pick<House, 'store'>, key: string, bytes: Buffer): Promise<void> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  await house.store.put(key, bytes, { sha256, bytes: bytes.length, contentType: 'image/jpeg' })
}

/** Every key of a client, in order. */
export async function keysOf({ store }: Pick<House, 'store'>, clientId: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(`${clientId}/`))).map(({ key }) => key)
}

/** Its grace is over. */
export async function isDue(house: Pick<House, 'pool'>, deletionId: string): Promise<void> {
  await house.pool.query('update deletions set due_at = now() where id = $1', [deletionId])
}

/** As the step does it. False where it stopped before the end. */
export async function removeNow(house: House, deletionId: string): Promise<boolean> {
  const removal = await beginRemoval(house, deletionId)
  if (!removal) return false
  const through = await remove(house, removal, (work) => house.db.transaction(work), new AbortController().signal)
  if (through) await house.db.transaction((tx) => endRemoval(tx, removal))
  return through
}

/** Bytes that no other test has. */
export const someText = () => randomBytes(12).toString('hex')

export async function textAt({ store }: Pick<House, 'store'>, key: string): Promise<string> {
  return (await buffer((await store.get(key)).stream)).toString()
}
