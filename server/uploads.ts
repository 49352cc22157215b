// Direct uploads into the ledger: single pictures, many at once, addresses to fetch from, and further renditions of what
// is here. What is entered is never lost: the rest is the way of every photo.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { House } from './house.ts'
import type { Caller } from './keys.ts'
import { announce, announceWork, onPhoto } from './live.ts'
import type { Wish } from './presets.ts'
import { chunkSize } from './queues.ts'
import {
  awaitedPriority,
  type Entry,
  enterPhotos,
  GalleryClosed,
  type Places,
  type UploadGallery,
} from './uploads/enter.ts'
import { type Arrived, openReception, type Received, type Reception } from './uploads/receive.ts'
import { inRounds } from './uploads/rounds.ts'
import { actorOf, closeGallery, dayGallery, namedSet, type OpenGallery, openUploadRun } from './uploads/runs.ts'
import { type Item, itemOf, refOf } from './uploads/status.ts'

/** What a sender says beside the files. */
export interface UploadWishes {
  access: 'public' | 'private'
  wanted: Wish[]
  /** Public id of a gallery of the client, and the title of a set in it. */
  gallery?: string
  set?: string
  /** As `receiverOf` gave it back: is told when it is ready. */
  notifyUrl?: string
}

export interface Uploads extends Reception {
  /**
   * Enters a picture; its job goes before those of whole runs. The same id twice is one image: false the second time.
   * Throws Refusal `invalid_parameter`, HoldLost.
   */
  enterOne(caller: Caller, imageId: string, file: Arrived, wishes: UploadWishes): Promise<boolean>
  /** Enters files in their order as one run; those that are none show as failed. The same id twice is one run. Throws as above. */
  enterMany(caller: Caller, jobId: string, files: Received[], wishes: UploadWishes): Promise<void>
  /** Enters addresses to be fetched; null: one that we do not talk to. */
  enterUrls(caller: Caller, jobId: string, urls: NamedUrl[], wishes: UploadWishes): Promise<void>
  /** Enters further renditions of one image of the client; null where there is none, else as `enterOne`. */
  processOne(
    caller: Caller,
    requestId: string,
    imageId: string,
    wanted: Wish[],
    notifyUrl?: string,
  ): Promise<boolean | null>
  /** The same of many, as one run; images that are not there show as failed. False where none is. */
  processMany(caller: Caller, jobId: string, imageIds: string[], wanted: Wish[], notifyUrl?: string): Promise<boolean>
}

export interface NamedUrl {
  url: string | null
  filename: string | null
}

interface Single {
  caller: Caller
  entry: Entry
  wishes: Pick<UploadWishes, 'gallery' | 'set' | 'notifyUrl'>
  /** Of an image that is here already. */
  standsFor?: boolean
}

/** One a process. */
export function openUploads(house: House): Uploads {
  const reception = openReception(house)
  const days = new Map<string, Promise<(single: Single) => Promise<boolean>>>()

  /** Tried again where the day ended, or staff the run, just now. */
  async function enterSingle(single: Single, tries = 3): Promise<boolean> {
    const day = `${single.caller.keyId} ${new Date().toISOString().slice(0, 10)}`
    const opened = days.get(day) ?? openDay(single.caller)
    days.set(day, opened)
    const forget = () => days.get(day) === opened && days.delete(day)
    opened.catch(forget)
    try {
      return await (await opened)(single)
    } catch (error) {
      if (!(error instanceof GalleryClosed) || tries === 0) throw error
      forget()
      return enterSingle(single, tries - 1)
    }
  }

  async function openDay(caller: Caller) {
    if (days.size > 1000) days.clear()
    const gallery = await dayGallery(house, caller)
    return inRounds(async (singles: Single[]) => {
      const fresh = await house.db.transaction((tx) => enterSingles(tx, house, gallery, singles))
      void announceWork(house, 'render-photos')
      announce(house, gallery.runId)
      return singles.map(({ entry }) => fresh.has(entry.publicId))
    }, gathering)
  }

  async function enterRun(
    caller: Caller,
    jobId: string,
    title: string,
    entries: Entry[],
    { gallery: named, set, notifyUrl }: Pick<UploadWishes, 'gallery' | 'set' | 'notifyUrl'>,
    placed = true,
  ): Promise<void> {
    await house.db.transaction(async (tx) => {
      const { clientId } = caller
      // Its pictures may be public; the gallery itself is for those who are shown it.
      const run = {
        id: jobId,
        clientId,
        title: titleOf(title, caller),
        actor: actorOf(caller),
        access: 'private' as const,
      }
      const gallery = await openUploadRun(tx, run)
      if (!gallery) return
      const own = named === undefined ? gallery.setId : await namedSet(tx, clientId, named, set)
      for (let from = 0; from < entries.length; from += entriesAtOnce) {
        const places: Places | undefined = placed ? { setId: own, isOwn: named === undefined } : undefined
        await enterPhotos(tx, house.queues, gallery, entries.slice(from, from + entriesAtOnce), { places })
      }
      if (notifyUrl) await promise(tx, caller, gallery, null, notifyUrl)
      await closeGallery(tx, house, gallery)
    })
    void announceWork(house, entries.some(({ state }) => state === 'listed') ? 'fetch-photos' : 'render-photos')
    announce(house, jobId)
  }

  return {
    ...reception,
    async enterOne(caller, imageId, file, { access, wanted, ...wishes }) {
      const entry: Entry = { publicId: imageId, ref: imageId, access, wanted, state: 'stored', ...file }
      const fresh = await enterSingle({ caller, entry, wishes })
      reception.entered([file])
      return fresh
    },
    async enterMany(caller, jobId, files, wishes) {
      const { access, wanted } = wishes
      const entries = files.map((file, index): Entry => {
        const common = { publicId: randomUUID(), ref: refOf(index), access, wanted }
        return 'code' in file ? { ...common, state: 'skipped', ...file } : { ...common, state: 'stored', ...file }
      })
      await enterRun(caller, jobId, 'Upload', entries, wishes)
      reception.entered(files)
    },
    async enterUrls(caller, jobId, urls, wishes) {
      const { access, wanted } = wishes
      const entries = urls.map(({ url, filename }, index): Entry => {
        const common = { publicId: randomUUID(), ref: refOf(index), filename, access, wanted }
        return url === null
          ? { ...common, state: 'skipped', code: 'url_not_allowed' }
          : { ...common, state: 'listed', handle: { url } }
      })
      await enterRun(caller, jobId, 'Upload from addresses', entries, wishes)
    },
    async processOne(caller, requestId, imageId, wanted, notifyUrl) {
      const [image] = await imagesOf(house, caller.clientId, [imageId])
      if (!image) return null
      const entry = standIn(image, requestId, requestId, wanted)
      return enterSingle({ caller, entry, wishes: notifyUrl ? { notifyUrl } : {}, standsFor: true })
    },
    async processMany(caller, jobId, imageIds, wanted, notifyUrl) {
      const images = new Map((await imagesOf(house, caller.clientId, imageIds)).map((image) => [image.imageId, image]))
      if (images.size === 0) return false
      const entries = imageIds.map((imageId, index): Entry => {
        const image = images.get(imageId)
        if (image) return standIn(image, randomUUID(), refOf(index), wanted)
        const common = { publicId: randomUUID(), ref: refOf(index), filename: null, access: 'private' as const, wanted }
        return { ...common, handle: { photoId: null, imageId }, state: 'skipped', code: 'not_found' }
      })
      await enterRun(caller, jobId, 'Processing', entries, notifyUrl ? { notifyUrl } : {}, false)
      return true
    },
  }
}

/** A crowd is entered, and worked on, by whole jobs; who comes when little else does waits for nobody. */
const gathering = { inASecond: 50, enough: chunkSize['render-photos'], milliseconds: 100 }

/** Rows of one statement. */
const entriesAtOnce = 2000

const titleOf = (what: string, { name }: Caller) =>
  `${what} by ${name}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')}`

/** Of one key and day, in one transaction. Returns the public ids of those that were not there before. */
async function enterSingles(tx: Tx, house: House, gallery: OpenGallery, singles: Single[]): Promise<Set<string>> {
  const fresh = new Set<string>()
  const groups = Map.groupBy(singles, ({ wishes, standsFor }) =>
    standsFor ? 'nowhere' : JSON.stringify([wishes.gallery, wishes.set]),
  )
  for (const [where, group] of groups) {
    const { gallery: named, set } = group[0]!.wishes
    const places =
      where === 'nowhere'
        ? undefined
        : named === undefined
          ? { setId: gallery.setId, isOwn: true }
          : { setId: await namedSet(tx, gallery.clientId, named, set) }
    const entries = group.map(({ entry }) => entry)
    const ids = await enterPhotos(tx, house.queues, gallery, entries, { places, priority: awaitedPriority })
    for (const { caller, entry, wishes } of group) {
      const id = ids.get(entry.publicId)
      if (id === undefined) continue
      fresh.add(entry.publicId)
      if (wishes.notifyUrl) await promise(tx, caller, gallery, id, wishes.notifyUrl)
    }
  }
  return fresh
}

async function promise(
  tx: Tx,
  { clientId, keyId }: Caller,
  { runId }: UploadGallery,
  photoId: number | null,
  url: string,
): Promise<void> {
  await tx.execute(sql`
    insert into upload_callbacks (client_id, key_id, run_id, photo_id, url) values (${clientId}, ${keyId}, ${runId}, ${photoId}, ${url})`)
}

interface KnownImage {
  photoId: number
  imageId: string
  filename: string | null
  isPublic: boolean
  sha256: string
  bytes: number
  contentType: string
}

/** Those whose bytes are here. */
async function imagesOf({ pool }: Pick<House, 'pool'>, clientId: string, imageIds: string[]): Promise<KnownImage[]> {
  const { rows } = await pool.query<KnownImage>(
    `select p.id as "photoId", p.public_id as "imageId", p.filename,
       r.kind = 'upload' and p.access is not distinct from 'public' as "isPublic", encode(a.sha256, 'hex') as sha256, a.bytes,
       a.content_type as "contentType"
     from photos p join runs r on r.id = p.run_id join assets a on a.client_id = p.client_id and a.sha256 = p.sha256
     where p.public_id = any($1::uuid[]) and p.client_id = $2 and p.kind = 'photo'
       and a.removed_at is null and p.state <> 'deleted' and (r.kind <> 'upload' or p.handle->>'imageId' is null)`,
    [imageIds, clientId],
  )
  return rows
}

/** The image's bytes once more in another run, where its further renditions are made. */
function standIn(image: KnownImage, publicId: string, ref: string, wanted: Wish[]): Entry {
  const { photoId, imageId, filename, sha256, bytes, contentType } = image
  const access = image.isPublic ? 'public' : 'private'
  const bytesOf = { sha256, bytes, contentType, takenAt: null, loose: null }
  return { publicId, ref, filename, access, wanted, handle: { photoId, imageId }, state: 'stored', ...bytesOf }
}

/**
 * Waits until an entry is no longer processing, at most so long; what it is then, null where the client has none.
 * `enter` is called once it listens; false: it was there already, so nothing may come.
 */
export async function settledWithin(
  house: House,
  clientId: string,
  entryId: string,
  milliseconds: number,
  signal: AbortSignal,
  enter: () => Promise<boolean>,
): Promise<Item | null> {
  let wake = () => {}
  let hinted = false
  let over = signal.aborted
  const stop = onPhoto(house, entryId, () => {
    hinted = true
    wake()
  })
  const end = () => {
    over = true
    wake()
  }
  signal.addEventListener('abort', end)
  let timer: NodeJS.Timeout | undefined
  try {
    hinted = !(await enter()) || hinted
    timer = setTimeout(end, milliseconds)
    for (;;) {
      if (!hinted && !over) await new Promise<void>((resolve) => (wake = resolve))
      hinted = false
      const item = await itemOf(house, clientId, entryId)
      if (item?.status !== 'processing' || over) return item
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
    stop()
  }
}
