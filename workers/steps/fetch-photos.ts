// Copies originals byte for byte: hashed while they flow, checked, put under their SHA-256. Running twice puts the same
// object under the same key, and the ledger counts a photo that left `listed` once.
import type { ChunkPhoto, Outcome } from '#server/ledger.ts'
import { completeness, looksLikeHtml, sniff } from '#server/sniff.ts'
import { originalKey } from '#server/store/store.ts'
import { endThaw, isThawing, waitForThaw } from '#server/thaw.ts'
import { workChunk } from '../chunk.ts'
import { SourceFault, Truncated, UnexpectedPage } from '../connectors/connector.ts'
import type { Job } from '../run.ts'
import { type Spooled, spool } from '../spool.ts'
import type { Tools } from '../tools.ts'

/** Downloads of one chunk at once; three chunks a worker make 18 connections. */
const parallel = 6
/** A file that arrives whole but has no end is taken as the provider's own damage when it came so this often. */
const damagedAfterAttempts = 3

export async function fetchPhotos(job: Job<'fetch-photos'>, { house, sessions, temp }: Tools): Promise<void> {
  // One photo is tried before the others where the gallery waits for its thaw.
  const thawing = await isThawing(house.db, job.payload.photoIds[0]!)
  await workChunk(job, house, {
    queue: 'fetch-photos',
    from: 'listed',
    parallel: thawing ? 1 : parallel,
    onThaw: (photo, runId, usualHours) => waitForThaw(house.db, runId, photo.galleryId, usualHours),
    async each(photo, run) {
      const copied = await sessions.with(run.sourceId!, async (session, connector) => {
        const opened = await session.open({
          ref: photo.ref,
          kind: photo.kind,
          galleryRef: photo.galleryRef,
          handle: photo.handle,
        })
        const spooled = await spool(opened.stream, temp)
        try {
          const { contentType } = await check(spooled, photo, connector.abilities.sizes === 'exact')
          const { sha256, bytes } = spooled
          await house.store.put(originalKey(run.clientId, sha256), spooled.body(), {
            sha256,
            bytes,
            contentType,
            signal: job.signal,
          })
          return { sha256, bytes, contentType, isOriginal: opened.isOriginal }
        } finally {
          await spooled.remove()
        }
      })
      if (thawing) await endThaw(house.db, run.id, photo.galleryId)
      const render = photo.kind === 'photo' && Object.keys(run.renditions).length > 0
      return { id: photo.id, attempts: photo.attempts, to: 'stored', ...copied, render } satisfies Outcome
    },
  })
}

/** Throws where the bytes are not what was asked for; a damaged original is moved as it is. */
async function check(spooled: Spooled, photo: ChunkPhoto, exact: boolean): Promise<{ contentType: string }> {
  const { head, tail, bytes } = spooled
  const { contentType } = await sniff(head, photo.filename ?? undefined)
  if (bytes === 0) throw new SourceFault('the provider served no bytes', 200)
  if (photo.kind !== 'file' && looksLikeHtml(head)) {
    throw new UnexpectedPage('a picture', {
      url: '',
      status: 200,
      contentType,
      excerpt: head.subarray(0, 2000).toString('utf8'),
    })
  }
  if (exact && photo.statedBytes !== null && photo.statedBytes !== bytes)
    throw new Truncated(`${bytes} bytes came, ${photo.statedBytes} were stated`)
  const asStated = photo.statedBytes === bytes
  if (
    !asStated &&
    photo.attempts < damagedAfterAttempts &&
    completeness(contentType, head, tail, bytes) === 'truncated'
  ) {
    throw new Truncated('the file has no end')
  }
  return { contentType }
}
