// A whole account read through the interface, in the shape of the truth, so that the two can be compared as they are.
import type {
  FavouriteList,
  GalleryDetail,
  Page,
  SourceFolder,
  SourceGallery,
  SourcePhoto,
  SourceSession,
} from '../connector.ts'
import { all, thawed } from './reading.ts'
import type { TrueFavourites, TrueGallery } from './stand-in.ts'

interface ReadGallery {
  gallery: SourceGallery
  detail: GalleryDetail
  pages: Page[]
  photos: SourcePhoto[]
  facts: TrueGallery
}

export interface ReadAccount {
  folders: SourceFolder[]
  /** Depth first, in the order of the provider's pages. */
  galleries: ReadGallery[]
  favourites: (FavouriteList & { facts: TrueFavourites })[]
}

export async function readAccount(session: SourceSession): Promise<ReadAccount> {
  const accountPages = await all(session.galleries())
  const folders = accountPages.flatMap((page) => page.folders)
  const listed = [
    ...new Map(accountPages.flatMap((page) => page.galleries).map((gallery) => [gallery.ref, gallery])).values(),
  ]
  const galleries: ReadGallery[] = []
  for (const gallery of inTreeOrder(folders, listed)) galleries.push(await readGallery(session, gallery, folders))
  const lists = session.favourites ? await all(session.favourites(listed.map(({ ref }) => ref))) : []
  return { folders, galleries, favourites: lists.map((list) => ({ ...list, facts: favouriteFacts(list) })) }
}

async function readGallery(
  session: SourceSession,
  gallery: SourceGallery,
  folders: SourceFolder[],
): Promise<ReadGallery> {
  const detail = await session.detail(gallery)
  const pages = await thawed(() =>
    all(session.photos({ ...gallery, statedCount: detail.statedCount ?? gallery.statedCount })),
  )
  const photos = pages.flatMap((page) => page.photos)
  return { gallery, detail, pages, photos, facts: galleryFacts(gallery, detail, photos, folders) }
}

/** Folders and galleries share one order among siblings; galleries in folders that are nowhere come last. */
function inTreeOrder(folders: SourceFolder[], galleries: SourceGallery[]): SourceGallery[] {
  const below = (parentRef: string | null): SourceGallery[] =>
    [
      ...folders.filter((folder) => folder.parentRef === parentRef),
      ...galleries.filter((gallery) => gallery.folderRef === parentRef),
    ]
      .toSorted((a, b) => a.position - b.position)
      .flatMap((entry) => ('folderRef' in entry ? [entry] : below(entry.ref)))
  const known = new Set<string | null>([null, ...folders.map(({ ref }) => ref)])
  return [...below(null), ...galleries.filter(({ folderRef }) => !known.has(folderRef))]
}

function pathOf(folderRef: string | null, folders: SourceFolder[]): string[] {
  const folder = folders.find(({ ref }) => ref === folderRef)
  return folder ? [...pathOf(folder.parentRef, folders), folder.title] : []
}

function galleryFacts(
  gallery: SourceGallery,
  detail: GalleryDetail,
  photos: SourcePhoto[],
  folders: SourceFolder[],
): TrueGallery {
  const placed = (setRef: string | null) =>
    photos
      .flatMap(({ ref, placements }) => placements.map((placement) => ({ ...placement, ref })))
      .filter((placement) => placement.setRef === setRef)
      .toSorted((a, b) => a.position - b.position)
      .map(({ ref }) => ref)
  return {
    ref: gallery.ref,
    path: pathOf(gallery.folderRef, folders),
    title: gallery.title,
    description: detail.description,
    date: detail.date ?? gallery.date,
    access: detail.access ?? gallery.access,
    passwordKnown: !detail.passwordUnknown,
    expiresAt: detail.expiresAt,
    coverRef: detail.coverRef ?? gallery.coverRef,
    statedCount: detail.statedCount ?? gallery.statedCount,
    sets: detail.sets
      .toSorted((a, b) => a.position - b.position)
      .map(({ ref, parentRef, title }) => ({ ref, parentRef, title, photos: placed(ref) })),
  }
}

function favouriteFacts({ galleryRef, ref, name, owner, photoRefs }: FavouriteList): TrueFavourites {
  return { gallery: galleryRef, ref, name, owner, photos: photoRefs ?? [] }
}
