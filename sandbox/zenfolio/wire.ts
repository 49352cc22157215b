import { hash32 } from '../random.ts'
import { bare } from './json.ts'
import {
  type Access,
  type AnySet,
  type Element,
  effectiveAccess,
  type Group,
  type Photo,
  photosOf,
  type RawFile,
  setsOf,
} from './world.ts'

/** The objects of API 1.8 as JSON. Which fields are there is decided by the level; ids are bare numbers. */

export type Level = 'Level1' | 'Level2' | 'Full'
export type Fields = Record<string, unknown>

export interface Addresses {
  api: string
  originals: string
}

export class Wire {
  readonly #addresses: Addresses
  readonly #photo: (id: string) => Photo | undefined

  constructor(addresses: Addresses, photo: (id: string) => Photo | undefined) {
    this.#addresses = addresses
    this.#photo = photo
  }

  group(group: Group, level: Level, owner: string): Fields {
    const fields: Fields = {
      $type: 'Group',
      ...this.#element(group, owner),
      CreatedOn: dateTime(group.createdAt),
      ModifiedOn: dateTime(group.modifiedAt),
      PageUrl: `${this.#addresses.api}/f${group.id}`,
      TitlePhoto: this.#cover(group.cover),
      MailboxId: `group-${group.id}`,
      ImmediateChildrenCount: group.elements.length,
      TextCn: textCn(group),
    }
    if (level === 'Level1') return fields
    fields.Caption = group.caption
    if (level === 'Level2') return fields
    return { ...fields, ...groupCounts(group), ParentGroups: parents(group) }
  }

  set(set: AnySet, level: Level, owner: string): Fields {
    const fields: Fields = {
      $type: 'PhotoSet',
      ...this.#element(set, owner),
      CreatedOn: dateTime(set.createdAt),
      ModifiedOn: dateTime(set.modifiedAt),
      Type: set.type,
      FeaturedIndex: null,
      TitlePhoto: this.#cover(set.cover),
      PhotoCount: set.count,
      ImageCount: set.count - set.videos,
      VideoCount: set.videos,
      FileCount: set.files.length,
      Views: hash32(set.id, 'views') % 5000,
      UploadUrl: `${this.#addresses.api}/upload/${set.id}`,
      VideoUploadUrl: `${this.#addresses.api}/upload-video/${set.id}`,
      RawUploadUrl: `${this.#addresses.api}/upload-raw/${set.id}`,
      PageUrl: `${this.#addresses.api}/p${set.id}`,
      MailboxId: `set-${set.id}`,
      TextCn: textCn(set),
      PhotoListCn: hash32(set.id, set.count, set.revision ?? 0, 'list') % 100_000,
    }
    if (level === 'Level1') return fields
    Object.assign(fields, { Caption: set.caption, Keywords: set.keywords, Categories: [], IsRandomTitlePhoto: false })
    if (level === 'Level2') return fields
    return {
      ...fields,
      ParentGroups: parents(set),
      PhotoBytes: [...photosOf(set)].reduce((sum, photo) => sum + (photo.size ?? 0), 0),
      FileBytes: set.files.reduce((sum, file) => sum + file.size, 0),
    }
  }

  /** `listed` leaves out what only LoadPhoto at level Full gives. */
  photo(photo: Photo, level: Level, listed: boolean, hideOriginal = false): Fields {
    const core = this.#core(photo)
    const fields: Fields = {
      $type: 'Photo',
      Id: bare(photo.id),
      Width: photo.width,
      Height: photo.height,
      Sequence: photo.sequence,
      AccessDescriptor: accessDescriptor(photo),
      Owner: photo.owner,
      Title: photo.title,
      MimeType: photo.mimeType,
      Views: hash32(photo.id, 'views') % 100,
      Gallery: bare(photo.gallery.id),
      OriginalUrl: hideOriginal ? null : this.originalUrl(photo),
      ...core,
      PageUrl: `${this.#addresses.api}/p${photo.gallery.id}/h${BigInt(photo.id).toString(16)}`,
      MailboxId: `photo-${photo.id}`,
      TextCn: hash32(photo.id, photo.caption ?? '', 'text') % 100_000,
      Flags: 'None',
      IsVideo: photo.isVideo,
      Duration: photo.isVideo ? 12 : null,
    }
    if (photo.size !== null) fields.Size = photo.size
    if (level === 'Level1') return fields
    Object.assign(fields, {
      Caption: photo.caption,
      FileName: photo.fileName,
      UploadedOn: dateTime(photo.uploadedAt),
      TakenOn: photo.takenAt === null ? null : dateTime(photo.takenAt),
      Keywords: photo.keywords,
      Categories: [],
      Rotation: photo.rotation,
    })
    if (level === 'Full' && !listed) {
      Object.assign(fields, { Copyright: photo.copyright, ExifTags: exifTags(photo), PricingKey: bare('0') })
      return fields
    }
    for (const name of photo.unlisted) delete fields[name]
    return fields
  }

  file(file: RawFile): Fields {
    return {
      $type: 'GalleryFile',
      Id: bare(file.id),
      Size: file.size,
      FileName: file.fileName,
      OriginalUrl: `${this.#addresses.originals}/raw/v-2/f${file.id}/${encodeURIComponent(file.fileName.slice(-20))}`,
    }
  }

  originalUrl(photo: Photo): string {
    if (photo.isVideo) return `${this.#addresses.originals}/img/s/v-2/p${photo.id}-200.mp4`
    return `${this.#addresses.originals}/img/${photo.legacy ? 'v0' : 's/v-2'}/p${photo.id}.${extension(photo)}`
  }

  #core(photo: Photo): Fields {
    return {
      UrlCore: `/img/${photo.legacy ? 'v0' : 's/v-2'}/p${photo.id}`,
      UrlHost: new URL(this.#addresses.originals).host,
      UrlToken: urlToken(photo.id),
    }
  }

  #element(element: Element, owner: string): Fields {
    return {
      Id: bare(element.id),
      GroupIndex: element.parent ? element.parent.elements.indexOf(element) : 0,
      Title: element.title,
      AccessDescriptor: accessDescriptor(element),
      Owner: owner,
      HideBranding: false,
    }
  }

  #cover(id: string | null): Fields | null {
    const photo = id === null ? undefined : this.#photo(id)
    if (!photo) return null
    return {
      $type: 'Photo',
      Id: bare(photo.id),
      Width: photo.width,
      Height: photo.height,
      Sequence: photo.sequence,
      AccessDescriptor: accessDescriptor(photo),
      MimeType: photo.mimeType,
      OriginalUrl: this.originalUrl(photo),
      ...this.#core(photo),
      PageUrl: `${this.#addresses.api}/p${photo.gallery.id}/h${BigInt(photo.id).toString(16)}`,
    }
  }
}

export function dateTime(value: string): Fields {
  return { $type: 'DateTime', Value: value }
}

export function realmDescriptor(access: Access, derived = false): Fields {
  const fields: Fields = {
    $type: 'AccessDescriptor',
    RealmId: bare(access.realmId),
    AccessType: access.type,
    IsDerived: derived,
    AccessMask: access.mask,
  }
  if (access.viewers) fields.Viewers = access.viewers
  if (access.passwordHint) fields[derived ? 'SrcPasswordHint' : 'PasswordHint'] = access.passwordHint
  return fields
}

/** What a sized picture's `tk` must be. */
export function urlToken(photoId: string): string {
  return hash32(photoId, 'token').toString(36)
}

/** The extension of an original's address. */
export function extension(photo: Photo): string {
  const known: Record<string, string> = { 'image/jpeg': 'jpg', 'image/tiff': 'tif' }
  return known[photo.mimeType] ?? photo.mimeType.replace(/^.*\//, '')
}

function accessDescriptor(of: Element | Photo): Fields {
  const { access, derived } = effectiveAccess(of)
  return realmDescriptor(access, derived)
}

function textCn(element: Element): number {
  return hash32(element.id, element.title, element.caption ?? '', 'text') % 100_000
}

function parents(element: Element): object[] {
  const ids: object[] = []
  for (let group = element.parent; group; group = group.parent) ids.unshift(bare(group.id))
  return ids
}

function groupCounts(group: Group): Fields {
  const sum = { CollectionCount: 0, SubGroupCount: 0, GalleryCount: 0, PhotoCount: 0, ImageCount: 0, VideoCount: 0 }
  for (const set of setsOf(group)) {
    if (set.type === 'Collection') {
      sum.CollectionCount++
      continue
    }
    sum.GalleryCount++
    sum.PhotoCount += set.count
    sum.ImageCount += set.count - set.videos
    sum.VideoCount += set.videos
  }
  sum.SubGroupCount = group.elements.filter((element) => element.kind === 'group').length
  return sum
}

function exifTags(photo: Photo): Fields[] {
  const tag = (id: number, value: string): Fields => ({ $type: 'ExifTag', Id: id, Value: value, DisplayValue: value })
  return photo.takenAt === null ? [] : [tag(271, 'Canon'), tag(36867, photo.takenAt.replaceAll('-', ':'))]
}
