// The sets of a collection, each of which answers with all of its photos and videos at once.
import type { z } from 'zod'
import { NotFound, type SourcePhoto } from '../connector.ts'
import type { Calls } from './calls.ts'
import { bestOf, type Entry, photoOf, videoOf } from './photos.ts'
import { type ListedSet, layersOf, listIn, openedSet, type Photo, photo, set, type Video, video } from './wire.ts'

/** Photos and videos of one set in the order of their ranks. */
export interface ReadSet {
  entries: Entry[]
  photos: number
  videos: number
}

/** Photos kept of sets that were looked at for their cover, until their listing takes them, and how long. */
const mostKept = 20_000
const keptMilliseconds = 60_000

/** What the sets of one session hold, as far as they were read. */
export class Sets {
  readonly #calls: Calls
  readonly #kept = new Map<string, { read: ReadSet; at: number }>()
  /** Where the videos of sets read in this session are, until a token turns out to be over. */
  readonly #sources = new Map<string, Video>()

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** In Pixieset's order. Throws UnexpectedPage where there are none and something speaks of some. */
  async of(collectionRef: string, stated: number | null): Promise<ListedSet[]> {
    const body = await this.#calls.read('sets', collectionRef)
    const list = listIn(body.json, ['galleries'])
    if (!list) throw body.odd('data: a list of sets')
    const found = list.map((value, i) => body.as(set, value, `data[${i}]`))
    for (const field of ['name', 'photo_count'] as const)
      if (found.length > 0 && found.every((one) => one[field] === undefined)) throw body.odd(`data[0].${field}`)
    if (found.length === 0 && ((stated ?? 0) > 0 || (await this.#hasSets(collectionRef))))
      throw body.odd('data: an empty list of sets where photos are stated')
    return [...new Map(found.map((one) => [one.id, one])).values()]
  }

  /** The same of another call: an empty list alone proves nothing. */
  async #hasSets(collectionRef: string): Promise<boolean> {
    const body = await this.#calls.read('overview', collectionRef)
    const list = layersOf(body.json).find(({ galleries }) => Array.isArray(galleries))?.galleries as
      | unknown[]
      | undefined
    if (!list) throw body.odd('data.galleries')
    return list.length > 0
  }

  /** null where the set is gone while its collection is there. `known` is what the collection says of it. */
  async read(ref: string, collectionRef: string, known: Pick<ListedSet, 'private'>): Promise<ReadSet | null> {
    const kept = this.#kept.get(ref)
    this.#kept.delete(ref)
    if (kept && performance.now() - kept.at < keptMilliseconds) return kept.read
    try {
      return await this.#ask(ref, collectionRef, known)
    } catch (error) {
      if (error instanceof NotFound) return null
      throw error
    }
  }

  /** The same, kept for a `read` soon after. */
  async lookInto(one: Pick<ListedSet, 'id' | 'private'>, collectionRef: string): Promise<ReadSet | null> {
    const read = await this.read(one.id, collectionRef, one)
    if (read) this.#keep(one.id, read)
    return read
  }

  /** A video as its set shows it; `anew` where an earlier answer is over. Throws NotFound where it is gone. */
  async video(id: string, setRef: string, collectionRef: string, anew: boolean): Promise<Video> {
    const known = this.#sources.get(id)
    if (known && !anew) return known
    this.#sources.delete(id)
    if (this.#sources.size >= mostKept) this.#sources.clear()
    await this.#ask(setRef, collectionRef)
    const found = this.#sources.get(id)
    if (!found) throw new NotFound('the video is in its set no more')
    return found
  }

  async #ask(ref: string, collectionRef: string, known?: Pick<ListedSet, 'private'>): Promise<ReadSet> {
    const as = { id: ref, private: known?.private ?? null }
    const entries: Entry[] = []
    /** The first that was not understood. */
    let broken: string | undefined
    let [photos, named, videos] = [0, 0, 0]
    const take = <Found extends Photo | Video>(
      place: string,
      read: z.ZodSafeParseResult<Found>,
      make: (found: Found) => Entry,
    ) => {
      if (!read.success) broken ??= `${place}.${read.error.issues[0]?.path.join('.') || 'id'}`
      else entries.push(make(read.data))
      if (read.data?.name !== undefined) named++
    }
    const body = await this.#calls.readSet(ref, (key, element) => {
      if (key === 'photos')
        take(`data.photos[${photos++}]`, photo.safeParse(element), (found) => photoOf(found, as, collectionRef))
      else take(`data.videos[${videos++}]`, video.safeParse(element), (found) => this.#filmOf(found, as, collectionRef))
    })
    const layers = layersOf(body.json)
    const layer = layers.find((inner) => 'photos' in inner || 'videos' in inner) ?? layers.find(({ id }) => id != null)
    if (!layer || !('photos' in layer)) throw body.odd('data.photos')
    body.as(openedSet, layer, 'data')
    if (broken) throw body.odd(broken)
    const self = set.safeParse(layer).data
    if (self && self.id !== ref) throw body.odd('data.id: the set that was asked for')
    // One without a name is an odd one; all of them without is a renamed field.
    if (entries.length > 0 && named === 0) throw body.odd(`data.${photos > 0 ? 'photos' : 'videos'}[0].name`)
    const once = [...new Map(entries.map((entry) => [`${entry.photo.kind} ${entry.photo.ref}`, entry])).values()]
    const of = (kind: SourcePhoto['kind']) => once.filter((entry) => entry.photo.kind === kind).length
    return { entries: once.toSorted(byRank), photos: of('photo'), videos: of('video') }
  }

  #filmOf(found: Video, as: Pick<ListedSet, 'id' | 'private'>, collectionRef: string): Entry {
    if (bestOf(found) === null) this.#calls.note('a video without a rendition', found)
    if (this.#sources.size < mostKept) this.#sources.set(found.id, found)
    return videoOf(found, as, collectionRef)
  }

  #keep(ref: string, read: ReadSet): void {
    this.#kept.set(ref, { read, at: performance.now() })
    let total = 0
    for (const [kept, { read: one }] of [...this.#kept].toReversed()) {
      total += one.entries.length
      if (total > mostKept) this.#kept.delete(kept)
    }
  }
}

/** Photos before videos where ranks are equal, else in the order of the arrays. */
function byRank(a: Entry, b: Entry): number {
  if (a.rank !== b.rank) return a.rank - b.rank
  return Number(a.photo.kind === 'video') - Number(b.photo.kind === 'video')
}
