// One collection: what the account's list says of it, and what one more look tells.
import type { Access, GalleryDetail, SourceGallery } from '../connector.ts'
import type { Calls } from './calls.ts'
import type { Listed } from './listed.ts'
import { storageHash } from './photos.ts'
import { addressOf, type Portal } from './portal.ts'
import type { Sets } from './sets.ts'
import { type Collection, collection, type ListedSet, layersOf } from './wire.ts'

export function galleryOf(found: Collection, folderRef: string | null, position: number): SourceGallery {
  return {
    ref: found.id,
    folderRef,
    title: found.name ?? '',
    position,
    virtual: false,
    // Neither ceiling nor floor: told, and never judged by.
    statedCount: found.photo_count ?? null,
    statedBytes: null,
    access: found.password ? 'password' : null,
    date: dayOf(found),
    coverRef: null,
    changeToken: null,
  }
}

/** `portal` null: unreadable. */
export async function detailOf(
  calls: Calls,
  ref: string,
  sets: Sets,
  list: Listed,
  portal: () => Promise<Portal | null>,
  userName: string | null,
): Promise<GalleryDetail> {
  const found = await wholeOf(await readCollection(calls, ref), list)
  const listed = await sets.of(ref, found.photo_count ?? null)
  const access = await accessOf(found, portal)
  return {
    description: found.description || null,
    expiresAt: found.expire_at?.day ?? null,
    access,
    passwordUnknown: access === 'password' && (found.password === true || !found.password),
    password: typeof found.password === 'string' ? found.password || null : null,
    passwordHint: null,
    coverRef: await coverOf(found, listed, sets),
    date: dayOf(found),
    statedCount: found.photo_count ?? null,
    expectedCount: expected(listed),
    sets:
      listed.length === 0
        ? [{ ref: null, parentRef: null, title: '', position: 0 }]
        : listed.map(({ id, name }, position) => ({ ref: id, parentRef: null, title: name ?? '', position })),
    extra: told(found, listed, addressOf(calls.context.endpoints.site ?? '', userName)),
  }
}

async function readCollection(calls: Calls, ref: string): Promise<Collection> {
  const body = await calls.read('collection', ref)
  const layers = layersOf(body.json)
  const layer =
    layers.map((outer) => outer.collection).find((inner) => inner != null) ?? layers.find(({ id }) => id != null)
  if (layer === undefined) throw body.odd('data.id')
  const found = body.as(collection, layer, 'data')
  if (found.id !== ref) throw body.odd('data.id: the collection that was asked for')
  if (found.name === undefined) throw body.odd('data.name')
  return found
}

/**
 * That a collection says its password, its expiry and the like by itself, as the account's list does, is not certain:
 * what it leaves out is taken from there, and stays unknown where that says nothing either.
 */
async function wholeOf(found: Collection, list: Listed): Promise<Collection> {
  const fields = ['description', 'url_key', 'expire_at', 'coverPhoto', 'password'] as const
  if (fields.every((field) => found[field] !== undefined)) return found
  const said = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
  return { ...(await list.of(found.id)), ...(said as Collection) }
}

/** The day of the event, else of the collection's making. */
function dayOf({ event_date, create_at, created_at }: Collection): string | null {
  return (event_date ?? create_at ?? created_at)?.day ?? null
}

/**
 * Never more open than at Pixieset. `private_password` is of another feature and makes no gallery one with a password;
 * a collection that has expired is for nobody, even where the portal still shows it.
 */
async function accessOf(found: Collection, portal: () => Promise<Portal | null>): Promise<Access | null> {
  if (found.password) return 'password'
  if (found.password === undefined || found.expire_at === undefined || !found.url_key) return null
  const shown = await portal()
  if (shown === null) return null
  const entry = shown.get(found.url_key)
  if (!entry) return 'hidden'
  if (entry.locked) return 'password'
  const expired = found.expire_at !== null && found.expire_at.day < new Date().toISOString().slice(0, 10)
  return expired ? null : 'public'
}

/** null where one set does not say how many it has. */
function expected(sets: readonly ListedSet[]): number | null {
  let sum = 0
  for (const { photo_count, video_count } of sets) {
    if (photo_count == null || video_count == null) return null
    sum += photo_count + video_count
  }
  return sum
}

/** Only the cover's address is told: its storage hash is that of the photo, where it is one of the collection. */
async function coverOf(found: Collection, listed: readonly ListedSet[], sets: Sets): Promise<string | null> {
  const hash = storageHash(found.coverPhoto)
  if (hash === null) return null
  for (const one of listed) {
    const cover = (await sets.lookInto(one, found.id))?.entries.find((entry) => entry.hash === hash)
    if (cover) return cover.photo.ref
  }
  return null
}

/** Of downloads only whether they are open: a PIN is a secret. */
function told(found: Collection, sets: readonly ListedSet[], site: string | null): Record<string, unknown> {
  const values = {
    publicUrl: site && found.url_key ? `${site}${encodeURIComponent(found.url_key)}/` : null,
    urlKey: found.url_key,
    status: found.status,
    collectionDownload: found.collection_download,
    photoDownload: found.photo_download,
    highResDownloadSize: found.high_res_download_size,
    webDownloadSize: found.web_download_size,
    downloadSize: found.download_size,
    privateSets: sets.filter((set) => set.private).map(({ id }) => id),
    setDescriptions: Object.fromEntries(
      sets.flatMap(({ id, description }) => (description ? [[id, description]] : [])),
    ),
  }
  const isTold = (value: unknown) =>
    value != null && value !== '' && !(typeof value === 'object' && Object.keys(value).length === 0)
  return Object.fromEntries(Object.entries(values).filter(([, value]) => isTold(value)))
}
