import { extname } from 'node:path'
import type { Service } from './service.ts'
import type { Collection, ContentSet, FavouriteList, Photo, Video } from './world.ts'

/** The account's things as the API writes them. */

export type Fields = Record<string, unknown>

export class Wire {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** Ids and integers are numbers, and now and then text. */
  #mixed(digits: string | number, odd = Number(digits) % 3 === 0): number | string {
    return this.#service.tricky && odd ? String(digits) : Number(digits)
  }

  collection(collection: Collection): Fields {
    const { id } = collection
    const videos = collection.sets.reduce((sum, set) => sum + set.videos.length, 0)
    return {
      id: this.#mixed(id),
      name: collection.name,
      description: collection.description ?? '',
      url_key: collection.urlKey,
      event_date: collection.eventDate.wire,
      create_at: collection.createdAt.wire,
      photo_count: this.#mixed(collection.statedPhotos, Number(id) % 2 === 0),
      video_count: videos,
      status: collection.status,
      folder_id: collection.folderId === null ? null : this.#mixed(collection.folderId, Number(id) % 2 === 1),
      expire_at: collection.expireAt.wire,
      coverPhoto: collection.coverHash && this.picture(collection.coverHash, 'large', 'jpg'),
      coverPhotoThumbnail: collection.coverHash && this.picture(collection.coverHash, 'thumb', 'jpg'),
      collection_download: collection.downloads,
      photo_download: collection.downloads ? 1 : 0,
      high_res_download_size: collection.downloads ? 1 : 0,
      web_download_size: 4,
      download_size: collection.downloads ? '1,4' : '4',
      password: collection.password,
      private_password: collection.privatePassword,
      download_pin: collection.downloadPin,
    }
  }

  /** As its collection lists it. */
  set(set: ContentSet): Fields {
    return {
      id: this.#mixed(set.id),
      collection_id: this.#mixed(set.collection.id),
      name: set.name,
      description: set.description ?? '',
      photo_count: this.#mixed(set.count, Number(set.id) % 2 === 0),
      video_count: set.videos.length,
      private: set.private,
      download: set.collection.downloads,
    }
  }

  /** As it answers by itself: thinner, and with everything in it where that is asked for. */
  openedSet(set: ContentSet, expand: string[], empty: boolean): Fields {
    const all = Array.from({ length: empty ? 0 : set.count }, (_, index) => set.photo(index)).filter(
      (one) => one !== undefined,
    )
    const photos = this.#service.tricky ? shuffled(all) : all
    return {
      id: this.#mixed(set.id),
      collection_id: this.#mixed(set.collection.id),
      name: set.name,
      description: set.description,
      photo_count: this.#mixed(set.count, Number(set.id) % 2 === 1),
      private: set.private,
      download: set.collection.downloads,
      ...(expand.includes('photos.starred') ? { photos: photos.map((photo) => this.photo(photo)) } : {}),
      ...(expand.includes('videos') ? { videos: empty ? [] : set.videos.map((video) => this.video(video)) } : {}),
    }
  }

  photo(photo: Photo): Fields {
    const ext = extensionOf(photo)
    const path = (size: string) => this.picture(photo.hash, size, ext)
    return {
      id: this.#mixed(photo.id),
      user_id: this.#service.world.userId,
      collection_id: this.#mixed(photo.collection.id),
      gallery_id: this.#mixed(photo.set.id),
      name: photo.name,
      description: photo.description,
      mime_type: 'image/jpeg',
      ext,
      size: this.#mixed(photo.size, Number(photo.id) % 5 === 0),
      width: this.#mixed(photo.width, Number(photo.id) % 7 === 0),
      height: photo.height,
      rank: this.#mixed(photo.rank, Number(photo.id) % 2 === 0),
      status: 0,
      capture_date: photo.capture.wire,
      watermark: 0,
      starred: photo.starred,
      visibility_status: photo.private ? 1 : 0,
      mark_private_at: photo.private ? '2024-05-05 05:05:05' : null,
      path_thumb: path('thumb'),
      path_medium: path('medium'),
      path_large: path('large'),
      path_xlarge: path('xlarge'),
      path_xxlarge: path('xxlarge'),
      path_display_small: path('small'),
      path_display_medium: path('medium'),
      path_display_large: path('large'),
    }
  }

  video(video: Video): Fields {
    const files = video.renditions.map(({ name, width, height, size }) => ({
      name,
      ext: 'mp4',
      width,
      height,
      filesize: String(size),
    }))
    const metadata = {
      status: video.status === 2 ? 'ready' : 'errored',
      duration: 12.5,
      mp4_support: 'standard',
      static_renditions: { status: video.status === 2 ? 'ready' : 'preparing', files },
    }
    return {
      id: this.#mixed(video.id),
      name: video.name,
      provider_id: 3,
      mux_status: video.status,
      width: video.width,
      height: video.height,
      rank: this.#mixed(video.rank),
      metadata: JSON.stringify(metadata),
      video_source: `${this.#service.addresses.stream}/${video.playbackId}.m3u8?token=${this.#service.signing.token(video)}`,
      thumbnail_path: this.picture('b'.repeat(32), 'thumb', 'jpg'),
      poster_path: this.picture('b'.repeat(32), 'large', 'jpg'),
    }
  }

  favourites(list: FavouriteList, asObjects: boolean): Fields {
    return {
      id: this.#mixed(list.id),
      name: list.name,
      ...(asObjects ? { client: { id: 5, email: list.email } } : { email: list.email }),
      photos: list.photos.map((id, at) => (asObjects ? { id: at + 1, photo_id: this.#mixed(id) } : this.#mixed(id))),
    }
  }

  /** Without a scheme, as Pixieset writes the addresses of pictures. */
  picture(hash: string, size: string, ext: string): string {
    const host = this.#service.addresses.pictures.replace(/^http:/, '')
    return `${host}/${String(parseInt(hash.slice(0, 7), 16)).padStart(9, '0')}/${hash}-${size}.${ext}`
  }
}

/** Of the upload, its case kept; `jpg` where there is none that fits into an address. */
export function extensionOf({ name }: Photo): string {
  return /^\.(\w{1,4})$/.exec(extname(name))?.[1] ?? 'jpg'
}

/** The same every time, and neither by rank nor against it. */
function shuffled<Item>(items: Item[]): Item[] {
  const half = Math.ceil(items.length / 2)
  return items.slice(half).reverse().concat(items.slice(0, half))
}
