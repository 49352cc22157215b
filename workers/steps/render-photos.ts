// Makes the run's renditions of stored originals. Running twice makes the same bytes under the same keys; an original
// that has them already (equal bytes elsewhere) is not decoded again.
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { House } from '#server/house.ts'
import { type Instructions, instructionsHash, parseInstructions } from '#server/instructions.ts'
import type { ChunkPhoto, Outcome } from '#server/ledger.ts'
import { type MadeRendition, recordRenditions, renditionsOf } from '#server/renditions.ts'
import { NoSuchObject, originalKey, renditionKey, StoreUnavailable, watermarkKey } from '#server/store/store.ts'
import { workChunk } from '../chunk.ts'
import type { RenderResult, Wanted } from '../imaging.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

/** Pictures of one chunk at once: while one is decoded, the next is read and the last is written. */
const parallel = 2
/** Larger originals are decoded from a temp file, not from memory. */
const memoryBytes = 48 * 1024 * 1024

export async function renderPhotos(job: Job<'render-photos'>, { house, imager, temp }: Tools): Promise<void> {
  // The same for every photo of the chunk, which is of one run.
  let chunkWants: Promise<Wanted[]> | undefined
  await workChunk(job, house, {
    queue: 'render-photos',
    from: 'stored',
    parallel,
    async each(photo, run) {
      chunkWants ??= wantedOf(house, run.clientId, run.renditions)
      const wanted = await chunkWants
      const key = originalKey(run.clientId, photo.sha256!)
      const known = await renditionsOf(
        house,
        run.clientId,
        photo.sha256!,
        wanted.map((want) => instructionsHash(want.instructions)),
      )
      if (known)
        return {
          id: photo.id,
          attempts: photo.attempts,
          to: 'rendered',
          rendition: known.code,
          width: known.width,
          height: known.height,
          takenAt: null,
        } satisfies Outcome
      const original = await bring(house, key, photo, temp)
      try {
        const result = await imager.render(original.input, wanted, photo.filename ?? undefined)
        await keep(house, run.clientId, photo.sha256!, result)
        return {
          id: photo.id,
          attempts: photo.attempts,
          to: 'rendered',
          rendition: result.code,
          width: result.width,
          height: result.height,
          // A provider that states no capture time leaves it unknown; only uploads have nothing but the EXIF.
          takenAt: run.sourceId ? null : result.takenAt,
        } satisfies Outcome
      } finally {
        await original.remove()
      }
    },
  })
}

/** With the client's stored picture where a watermark names one; a picture that is not there shows as `invalid_watermark`. */
async function wantedOf(house: House, clientId: string, renditions: Record<string, unknown>): Promise<Wanted[]> {
  return Promise.all(
    Object.entries(renditions).map(async ([name, stored]) => {
      const instructions: Instructions = parseInstructions(stored)
      const { watermark } = instructions
      const picture = watermark && 'picture' in watermark ? watermarkKey(clientId, watermark.picture) : null
      const watermarkPicture =
        picture && (await house.store.head(picture)) ? await buffer((await house.store.get(picture)).stream) : undefined
      return { name, instructions, watermarkPicture }
    }),
  )
}

/** The original as the decoder takes it: a path where it lies on this machine or is large, else its bytes. */
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
    return { input: local, remove: nothing }
  }
  const { stream, bytes } = await house.store.get(key)
  if (bytes <= memoryBytes) return { input: await wholeOf(stream, bytes), remove: nothing }
  const path = join(temp, `render-${photo.id}`)
  await pipeline(stream, createWriteStream(path, { mode: 0o600 }))
  return { input: path, remove: () => rm(path, { force: true }) }
}

/** One allocation: what `stream/consumers` leaves behind at five megabytes a picture keeps the collector busy. */
async function wholeOf(stream: Readable, bytes: number): Promise<Buffer> {
  const whole = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) at += chunk.copy(whole, at)
  if (at < bytes) throw new StoreUnavailable('an original ends early')
  return whole
}

async function keep(house: House, clientId: string, original: string, result: RenderResult): Promise<void> {
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
  await recordRenditions(
    house,
    clientId,
    original,
    { width: result.width, height: result.height, code: result.code },
    made,
  )
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
