// One project: its scenes and photos, which come in one answer, handed on in pages.
import { createHash } from 'node:crypto'
import { Challenge, type GalleryDetail, type Page, type SourcePhoto, type SourceSet } from '../connector.ts'
import type { Account } from './account.ts'
import { todo } from './answers.ts'
import { type Calls, galleryPath } from './calls.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { isBounded, type PhotoRow, type ProjectRow, type SceneRow } from './wire.ts'

/** Photos handed on together. */
const pageSize = 200

/** What `open` is given back. */
export interface Handle {
  /** Virtual path of the gallery. */
  path: string
  /** True where the gallery's downloads are held to a size: what a single download gives may be no original. */
  bounded?: true
}

export interface Contents {
  path: string
  bounded: boolean
  scenes: SceneRow[]
  photos: PhotoRow[]
}

export class Projects {
  readonly #calls: Calls
  readonly #account: Account
  readonly #shared = new Map<string, Shared>()

  constructor(calls: Calls, account: Account) {
    this.#calls = calls
    this.#account = account
  }

  /**
   * Throws Challenge where nothing came though photos are stated (the soft block), UnexpectedPage where fewer came
   * than stated also after a second look. A known `path` saves a call.
   */
  async contents(ref: string, path?: string): Promise<Contents> {
    const project = await this.#account.project(ref)
    const settings = path === undefined ? await this.#account.settings(ref) : null
    const list = () =>
      this.#account.standing(ref, () => this.#calls.call('projectPhotos2', { projectId: Number(ref), photoIds: null }))
    let rows = await list()
    if (isShort(rows.photos_s, project)) {
      const now = await this.#account.again(ref)
      rows = await list()
      if (isShort(rows.photos_s, now)) throw this.#shortage(rows.photos_s.length, now.photoCount)
    }
    return {
      path: path ?? settings?.virtualPath ?? '',
      bounded: isBounded(settings),
      scenes: rows.scenes_s ?? [],
      photos: rows.photos_s,
    }
  }

  async detail(ref: string): Promise<GalleryDetail> {
    const { photos, scenes, path } = await this.#sharedContents(ref, 'detail')
    const project = await this.#account.project(ref)
    return {
      description: null,
      expiresAt: null,
      access: null,
      passwordUnknown: false,
      password: null,
      passwordHint: null,
      coverRef: coverOf(project, photos),
      date: null,
      statedCount: project.photoCount ?? null,
      // Never less than stated, or it would have been loud; more is what has been added since the dashboard was read.
      expectedCount: new Set(photos.map(({ photoId }) => photoId)).size,
      sets: setsOf(scenes, photos),
      extra: {
        ...(project.status == null ? {} : { status: project.status }),
        ...(path === '' ? {} : { publicUrl: `${this.#calls.base.origin}${galleryPath(path)}` }),
      },
    }
  }

  /** Goes on behind the photos that an earlier page had, or from the beginning where they are others now. */
  async *pages(ref: string, cursor?: string): AsyncGenerator<Page> {
    const given = readCursor(cursor)
    const contents =
      given?.path === undefined ? await this.#sharedContents(ref, 'pages') : await this.contents(ref, given.path)
    const photos = placed(contents, ref)
    const isSame = given !== null && seenOf(photos, given.at) === given.seen
    if (given && !isSame) this.#calls.context.note('Pic-Time: the photos of a project have changed meanwhile')
    for (let at = isSame ? given.at : 0; ; ) {
      const page = photos.slice(at, at + pageSize)
      at += page.length
      const isLast = at >= photos.length
      const next = isLast ? null : writeCursor({ at, seen: seenOf(photos, at), ...pathFor(contents) })
      yield { photos: page, next }
      if (isLast) return
    }
  }

  /** One answer serves a detail and a listing that follow each other, each once. */
  #sharedContents(ref: string, taker: Shared['for']): Promise<Contents> {
    const known = this.#shared.get(ref)
    this.#shared.delete(ref)
    if (known?.for === taker && Date.now() - known.at < sharedMilliseconds) return known.contents
    const contents = this.contents(ref)
    this.#shared.set(ref, { for: taker === 'detail' ? 'pages' : 'detail', at: Date.now(), contents })
    contents.catch(() => this.#shared.delete(ref))
    for (const oldest of this.#shared.keys()) {
      if (this.#shared.size <= mostShared) break
      this.#shared.delete(oldest)
    }
    return contents
  }

  #shortage(got: number, stated: number | null | undefined): Error {
    if (stated == null) return this.#calls.unexpected('dashboard: photoCount (8) of a project without photos')
    if (got === 0) return new Challenge(todo.blocked)
    return this.#calls.unexpected(`projectPhotos2: photos_s with the ${stated} photos that are stated, not ${got}`)
  }
}

interface Shared {
  for: 'detail' | 'pages'
  at: number
  contents: Promise<Contents>
}
const sharedMilliseconds = 30_000
/** Of 10,000 photos at the most: some megabytes each. */
const mostShared = 4

/** Where no count is stated, an empty project is not believed. */
export function isShort(photos: PhotoRow[], { photoCount }: ProjectRow): boolean {
  return photoCount == null ? photos.length === 0 : photos.length < photoCount
}

/** The cursor carries the path for the sake of one call; a bounded gallery needs that call for its settings. */
function pathFor({ path, bounded }: Contents): { path?: string } {
  return bounded ? {} : { path }
}

/** Scenes in order, then one for photos that lie in none. A scene that only photos name keeps its id and has no name. */
function setsOf(scenes: SceneRow[], photos: PhotoRow[]): SourceSet[] {
  const titles = new Map<string | null, string>(scenes.map(({ sceneId, name }) => [sceneId, name ?? '']))
  for (const { sceneId } of photos) if (sceneId != null && !titles.has(sceneId)) titles.set(sceneId, '')
  if (titles.size === 0 || photos.some(({ sceneId }) => sceneId == null)) titles.set(null, '')
  return [...titles].map(([ref, title], position) => ({ ref, parentRef: null, title, position }))
}

/** In the order of the answer, each photo once, with its place in each scene that shows it. */
function placed({ photos, path, bounded }: Contents, galleryRef: string): SourcePhoto[] {
  const handle: Handle = { path, ...(bounded ? { bounded } : {}) }
  const inScene = new Map<string | null, number>()
  const found = new Map<string, SourcePhoto>()
  for (const { photoId, fileName, sceneId } of photos) {
    const setRef = sceneId ?? null
    const position = inScene.get(setRef) ?? 0
    const known = found.get(photoId)
    if (known?.placements.some((place) => place.setRef === setRef)) continue
    inScene.set(setRef, position + 1)
    if (known) known.placements.push({ setRef, position })
    else found.set(photoId, photoOf(photoId, fileName ?? null, galleryRef, { setRef, position }, handle))
  }
  return [...found.values()]
}

function photoOf(
  ref: string,
  filename: string | null,
  galleryRef: string,
  placement: { setRef: string | null; position: number },
  handle: Handle,
): SourcePhoto {
  return {
    ref,
    // Pic-Time takes JPEG and GIF; how a video is listed is not known, but it would be named as one.
    kind: /\.(mp4|mov|m4v|avi|webm)$/i.test(filename ?? '') ? 'video' : 'photo',
    galleryRef,
    filename: filename || null,
    caption: null,
    keywords: [],
    takenAt: null,
    bytes: null,
    width: null,
    height: null,
    access: null,
    star: null,
    placements: [placement],
    handle,
    changeToken: null,
    extra: {},
  }
}

/** Whether the cover is named like a photo's file or by its id is not known: only one that fits alone is believed. */
function coverOf({ coverFile }: ProjectRow, photos: PhotoRow[]): string | null {
  if (!coverFile) return null
  const byId = coverFile.replace(/\.\w{2,5}$/, '')
  const fitting = new Set(
    photos.filter(({ photoId, fileName }) => fileName === coverFile || photoId === byId).map(({ photoId }) => photoId),
  )
  return fitting.size === 1 ? ([...fitting][0] ?? null) : null
}

function seenOf(photos: readonly SourcePhoto[], count: number): string {
  const hash = createHash('sha256')
  for (const { ref, placements } of photos.slice(0, count)) hash.update(`${ref} ${JSON.stringify(placements)} `)
  return hash.digest('base64url').slice(0, 16)
}
