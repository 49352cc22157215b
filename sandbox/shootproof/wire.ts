import type { Addresses } from './addresses.ts'
import { type Album, type Brand, type Event, type Id, type Photo, photosOf } from './world.ts'

/** The objects of the Studio API as JSON: exactly the names that are known, and `links` as documented. */

export type Fields = Record<string, unknown>

export class Wire {
  readonly #api: { api: string }
  readonly #addresses: Addresses

  constructor(api: { api: string }, addresses: Addresses) {
    this.#api = api
    this.#addresses = addresses
  }

  brand(brand: Brand): Fields {
    return {
      type: 'brand',
      address: null,
      analyticsGoogle: '',
      autoSend: true,
      automationSendHour: 9,
      created: '2015-12-31 23:59:59',
      customDomain: null,
      email: brand.email,
      facebookFanPageUrl: null,
      galleryDomain: brand.galleryDomain,
      homepageBrandTheme: null,
      homepageBrandThemeId: null,
      id: brand.id,
      ...(brand.name === null ? {} : { name: brand.name }),
      links: this.links(`/brand/${brand.id}`, { 'brand-homepage': `https://${brand.galleryDomain}.shootproof.com` }),
    }
  }

  event(event: Event): Fields {
    const { brand, category } = event
    return {
      type: 'event',
      id: event.id,
      name: event.name,
      photosCount: event.count,
      eventDate: event.date,
      eventCategory: category && (brand.embedsCategories ? { id: category.id, name: category.name } : category.id),
      coverPhoto: this.#cover(event),
      links: this.links(`/brand/${brand.id}/event/${event.id}`, {
        client: `https://${brand.galleryDomain}.shootproof.com/gallery/${event.id}`,
      }),
    }
  }

  album(event: Event, album: Album): Fields {
    return {
      type: 'album',
      id: album.id,
      name: album.name,
      parentAlbumId: album.parent,
      photosCount: [...photosOf(event)].filter(({ albums }) => albums.includes(album.id)).length,
      links: this.links(`/brand/${event.brand.id}/event/${event.id}/album/${album.id}`),
    }
  }

  photo(photo: Photo): Fields {
    const { event } = photo
    return {
      type: 'photo',
      id: photo.id,
      name: photo.name,
      belongsToAlbumIds: photo.albums,
      ...(event.brand.showsPhotos ? { displayUrl: this.#addresses.display(String(photo.id)) } : {}),
      links: this.links(`/brand/${event.brand.id}/event/${event.id}/photo/${photo.id}`),
    }
  }

  category({ id, name }: { id: Id; name: string }): Fields {
    return { type: 'event-category', id, name }
  }

  links(self: string, more: Record<string, string> = {}): Fields {
    const linked = Object.entries(more).map(([relation, href]) => [relation, { href }])
    return { self: { href: this.href(self) }, ...Object.fromEntries(linked) }
  }

  href(path: string): string {
    return `${this.#api.api}/studio${path}`
  }

  #cover(event: Event): Fields | null {
    if (event.cover === null) return null
    const photo = event.cover === 'elsewhere' ? undefined : event.photo(event.cover)
    return { displayUrl: this.#addresses.display(photo ? String(photo.id) : `cover-of-${event.id}`) }
  }
}
