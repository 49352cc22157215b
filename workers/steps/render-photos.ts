// Makes the run's renditions of stored originals, and those that were asked for of single photos. Running twice makes
// the same bytes under the same keys; an original that has them already (equal bytes elsewhere) is not decoded again.
import { createHash } from 'node:crypto'
import { closeSync, createWriteStream, existsSync, fstatSync, openSync, read } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type { House } from '#server/house.ts'
import { instructionsHash, parseInstructions } from '#server/instructions.ts'
import type { Chunk, ChunkPhoto, Outcome } from '#server/ledger.ts'
import type { Wish } from '#server/presets.ts'
import { type KnownRenditions, type MadeRendition, type Rendered, renditionsOf } from '#server/renditions.ts'
import { NoSuchObject, originalKey, renditionKey, StoreUnavailable, watermarkKey } from '#server/store/store.ts'
import { workChunk } from '../chunk.ts'
import type { RenderResult, Wanted } from '../imaging.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

/** Pictures of one chunk at once: while one is decoded, the next is read and the last is written. */
const parallel = 2
/** Larger originals are decoded from a temp file, not from memory. */
const memoryBytes = 48 * 1024 * 1024
/** Smaller ones are read at once: type, header, end and pixels by their path would each ask the disk again. */
const smallBytes = 1024 * 1024

export async function renderPhotos(job: Job<'render-photos'>, { house, imager, temp }: Tools): Promise<void> {
  const ready = new Map<string, Promise<Wanted[]>>()
  const made = new Map<number, Rendered>()
  let asked = new Map<number, Asked>()
  await workChunk(job, house, {
    queue: 'render-photos',
    from: 'stored',
    parallel,
    madeOf: ({ id }) => made.get(id) ?? null,
    async before(photos, run) {
      asked = await askedOf(house, photos, run)
    },
    async each(photo, run) {
      const { key, own, known, wanted: wishes } = asked.get(photo.id)!
      if (known) return { ...rendered(photo, known), takenAt: null } satisfies Outcome
      // Most photos of a chunk want the same.
      if (!ready.has(key)) ready.set(key, prepared(house, run.clientId, wishes))
      const wanted = await ready.get(key)!
      const original = await bring(house, originalKey(run.clientId, photo.sha256!), photo, temp)
      try {
        const result = await imager.render(original.input, wanted, photo.filename ?? undefined)
        // Who asks for one picture is told that it is damaged; what is moved or dropped by the thousand is shown as well as it can be.
        const refused = own && result.code !== 'ok' && result.code !== 'unsupported_codec'
        const shown = refused && result.level !== 'strict' ? { ...result, renditions: [] } : result
        made.set(photo.id, await keep(house, run.clientId, photo.sha256!, shown))
        if (refused)
          return { id: photo.id, attempts: photo.attempts, to: 'failed', code: result.code } satisfies Outcome
        // A provider that states no capture time leaves it unknown; only uploads have nothing but the EXIF.
        const takenAt = run.sourceId || photo.takenAt ? null : result.takenAt()
        return { ...rendered(photo, result), takenAt } satisfies Outcome
      } finally {
        await original.remove()
      }
    },
  })
}

/** What is wanted of one photo. */
interface Asked {
  wanted: Wish[]
  /** Of those that want the same. */
  key: string
  /** Its sender asked for something of it alone. */
  own: boolean
  /** All of it is there already. */
  known: KnownRenditions | undefined
}

async function askedOf(
  house: House,
  photos: ChunkPhoto[],
  run: NonNullable<Chunk['run']>,
): Promise<Map<number, Asked>> {
  const ofRun = Object.entries(run.renditions).map(([name, stored]) => {
    const instructions = parseInstructions(stored)
    return { name, instructions, hash: instructionsHash(instructions) }
  })
  const asked = photos.map(({ id, sha256, wishes, rendered }) => {
    const wanted = [...new Map([...ofRun, ...wishes].map((wish) => [wish.name, wish])).values()]
    const hashes = wanted.map(({ hash }) => hash)
    const key = wanted.map(({ name, hash }) => `${name} ${hash}`).join()
    return { id, sha256: sha256!, wanted, hashes, key, own: wishes.length > 0, rendered }
  })
  const before = asked.filter(({ rendered }) => rendered)
  const known = before.length > 0 ? await renditionsOf(house.db, run.clientId, before) : new Map()
  return new Map(asked.map((one) => [one.id, { ...one, known: known.get(before.indexOf(one)) }]))
}

function rendered(photo: ChunkPhoto, made: { code: string; width: number | null; height: number | null }) {
  const { code, width, height } = made
  return { id: photo.id, attempts: photo.attempts, to: 'rendered' as const, rendition: code, width, height }
}

/** With the client's stored picture where a watermark names one; a picture that is not there shows as `invalid_watermark`. */
async function prepared(house: House, clientId: string, wishes: Wish[]): Promise<Wanted[]> {
  return Promise.all(
    wishes.map(async (wish) => {
      const { watermark } = wish.instructions
      const picture = watermark && 'picture' in watermark ? watermarkKey(clientId, watermark.picture) : null
      const watermarkPicture =
        picture && (await house.store.head(picture)) ? await buffer((await house.store.get(picture)).stream) : undefined
      return { ...wish, watermarkPicture }
    }),
  )
}

/** The original as the decoder takes it: a path where it lies on this machine and is not small, or is large, else its bytes. */
async function bring(
  house: House,
  key: string,
  photo: ChunkPhoto,
  temp: string,
): Promise<{ input: Buffer | string; remove(): Promise<void> }> {
  const nothing = async () => {}
  const local = house.store.path(key)
  if (local !== null) {
    if (!existsSync(local)) throw new NoSuchObject(key)
    if ((photo.bytes ?? smallBytes) >= smallBytes) return { input: local, remove: nothing }
    return { input: await smallFile(local), remove: nothing }
  }
  const { stream, bytes } = await house.store.get(key)
  if (bytes <= memoryBytes) return { input: await wholeOf(stream, bytes), remove: nothing }
  const path = join(temp, `render-${photo.id}`)
  await pipeline(stream, createWriteStream(path, { mode: 0o600 }))
  return { input: path, remove: () => rm(path, { force: true }) }
}

const reading = promisify(read)

/** The disk is waited for once; what the kernel has in memory is not worth a thread. */
async function smallFile(path: string): Promise<Buffer> {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(file).size)
    const { bytesRead } = await reading(file, bytes, 0, bytes.length, 0)
    return bytes.subarray(0, bytesRead)
  } finally {
    closeSync(file)
  }
}

/** One allocation: what `stream/consumers` leaves behind at five megabytes a picture keeps the collector busy. */
async function wholeOf(stream: Readable, bytes: number): Promise<Buffer> {
  const whole = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) at += chunk.copy(whole, at)
  if (at < bytes) throw new StoreUnavailable('an original ends early')
  return whole
}

async function keep(house: House, clientId: string, original: string, result: RenderResult): Promise<Rendered> {
  const made: MadeRendition[] = []
  for (const { bytes, hash, contentType, extension, width, height } of result.renditions) {
    const key = renditionKey(clientId, original, hash, extension)
    const facts = { sha256: sha256Of(bytes), bytes: bytes.length, contentType, proven: true }
    const { existed } = await house.store.put(key, bytes, facts)
    // What was there already stays: the ledger states that one, should another version have made it.
    const kept = existed ? await buffer((await house.store.get(key)).stream) : bytes
    const fileSha256 = existed ? sha256Of(kept) : facts.sha256
    const level = result.level ?? 'none'
    made.push({ hash, extension, contentType, bytes: kept.length, fileSha256, width, height, level })
  }
  const { width, height, code } = result
  return { clientId, sha256: original, width, height, code, made }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
