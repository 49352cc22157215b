// Copies originals byte for byte: hashed while they flow, checked, put under their SHA-256. Running twice puts the same
// object under the same key, and the ledger counts a photo that left `listed` once.
import pLimit from 'p-limit'
import { takenAt } from '#server/exif.ts'
import type { Chunk, ChunkPhoto, Outcome } from '#server/ledger.ts'
import { completeness, looksLikeHtml, sniff } from '#server/sniff.ts'
import { type Spooled, spool } from '#server/spool.ts'
import { originalKey } from '#server/store/store.ts'
import { endThaw, isThawing, waitForThaw } from '#server/thaw.ts'
import { fromAddress } from '../addresses.ts'
import { workChunk } from '../chunk.ts'
import { type Opened, SourceFault, Truncated, UnexpectedPage } from '../connectors/connector.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

/** Downloads of one worker at once, whatever chunks they belong to: none idles while another chunk is settled. */
const download = pLimit(18)
/** Of one chunk. */
const parallel = 9

type ChunkRun = NonNullable<Chunk['run']>

export async function fetchPhotos(job: Job<'fetch-photos'>, tools: Tools): Promise<void> {
  const { house, sessions } = tools
  // One photo is tried before the others where the gallery waits for its thaw.
  const thawing = await isThawing(house.db, job.payload.photoIds[0]!)
  await workChunk(job, house, {
    queue: 'fetch-photos',
    from: 'listed',
    parallel: thawing ? 1 : parallel,
    async onThaw(photo, run, usualHours) {
      const asked = await sessions.with(run.sourceId!, async (_, { abilities }) => abilities.thaw === 'asked')
      return waitForThaw(house.db, run.id, photo.galleryId, usualHours, asked ? { missing: photo.id } : undefined)
    },
    async each(photo, run) {
      const isUpload = run.sourceId === null
      const copied = await download(() => (isUpload ? fromAddress : copy)(photo, run, tools, job.signal))
      if (thawing) await endThaw(house.db, run.id, photo.galleryId)
      const render = photo.kind === 'photo' && (isUpload || Object.keys(run.renditions).length > 0)
      return { id: photo.id, attempts: photo.attempts, to: 'stored', ...copied, render } satisfies Outcome
    },
  })
}

async function copy(photo: ChunkPhoto, run: ChunkRun, { house, sessions, temp }: Tools, signal: AbortSignal) {
  signal.throwIfAborted()
  const { ref, kind, galleryRef, handle } = photo
  return sessions.with(run.sourceId!, async (session, connector) => {
    const bring = async () => {
      const opened = await session.open({ ref, kind, galleryRef, handle })
      return { opened, spooled: await spool(opened.stream, temp) }
    }
    const { opened, spooled } = await bring()
    try {
      const { contentType, doubtful } = await check(spooled, photo, opened, connector.abilities.sizes === 'exact')
      if (doubtful) await comesAgain(bring, spooled)
      const { sha256, bytes, body } = spooled
      const facts = { sha256, bytes, contentType }
      await house.store.put(originalKey(run.clientId, sha256), body, { ...facts, proven: true, signal })
      const dated = connector.abilities.takenAt || photo.kind !== 'photo'
      return { ...facts, isOriginal: opened.isOriginal, takenAt: dated ? null : takenAt(spooled.head) }
    } finally {
      await spooled.remove()
    }
  })
}

/** Throws where the bytes are not what was asked for. `doubtful`: they may have been cut off on the way. */
async function check(spooled: Spooled, photo: ChunkPhoto, opened: Opened, exact: boolean) {
  const { head, tail, bytes } = spooled
  const { contentType } = await sniff(head, photo.filename ?? undefined)
  if (bytes === 0) throw new SourceFault('the provider served no bytes', 200)
  if (photo.kind !== 'file' && looksLikeHtml(head)) {
    const excerpt = head.subarray(0, 2000).toString('utf8')
    throw new UnexpectedPage('a picture', { url: '', status: 200, contentType, excerpt })
  }
  if (photo.statedBytes === bytes) return { contentType, doubtful: false }
  if (exact && photo.statedBytes !== null) {
    throw new Truncated(`${bytes} bytes came, ${photo.statedBytes} were stated`)
  }
  const end = completeness(contentType, head, tail, bytes)
  return { contentType, doubtful: end === 'truncated' || (end === 'unknown' && opened.bytes === null) }
}

/** An original that has no end is the provider's own damage only if it comes the same way twice. */
async function comesAgain(bring: () => Promise<{ spooled: Spooled }>, first: Spooled): Promise<void> {
  const { spooled: second } = await bring()
  await second.remove()
  if (second.sha256 !== first.sha256) throw new Truncated('the file has no end')
}
