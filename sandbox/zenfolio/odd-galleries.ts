import type { OddKind } from '../odd-files.ts'
import { some, type TrapKit } from './trap-kit.ts'
import type { Gallery, Photo } from './world.ts'

/** Galleries whose photos or answers are irregular. */
export async function growOddGalleries(kit: TrapKit): Promise<void> {
  const contents = kit.group(kit.root, 'Odd contents')
  await growContents(kit, contents)
  await growFields(kit, contents)
  await growAnswers(kit)
}

async function growContents(kit: TrapKit, folder: Gallery['parent']): Promise<void> {
  const kinds: OddKind[] = ['damaged', 'gif', 'png', 'webp', 'tiff', 'heic']
  // No capture time is stated for them and none is in their bytes.
  await kit.gallery(folder, 'Kinds of pictures', [...kinds.map((odd) => ({ odd, takenAt: null })), {}])

  const twins = await kit.gallery(folder, 'Equal bytes', some(4))
  const copies = await kit.gallery(folder, 'Equal bytes elsewhere', some(2))
  copyContent(twins, 0, twins.photo(2))
  copyContent(twins, 1, copies.photo(0))

  await kit.gallery(folder, 'Videos', [
    {},
    // The size is that of the upload, which is not kept; what is served is a small rendition of it.
    ...some(3, (index) => ({
      odd: 'mp4' as const,
      isVideo: true,
      takenAt: null,
      fileName: `clip ${index + 1}.mov`,
      mimeType: 'video/quicktime',
      size: 480_000_000 + index,
    })),
    {},
  ])

  const shots = await kit.gallery(folder, 'Shot with files', some(3))
  shots.files.push(
    await kit.file('IMG_7001.CR2', 'cr2', kit.freshId(1)),
    await kit.file('IMG_7001.CR2', 'cr2', kit.freshId(2)),
    await kit.file('../contract.pdf', 'pdf', kit.freshId(3)),
  )
  const only = await kit.gallery(folder, 'Files only', [])
  // Files are numbered apart from photos: this one has the number of a photo in the gallery before.
  only.files.push(
    await kit.file('scan.tif', 'tiff', shots.photo(0)?.id ?? ''),
    await kit.file('raw-only.cr2', 'cr2', kit.freshId(4)),
  )
}

async function growFields(kit: TrapKit, folder: Gallery['parent']): Promise<void> {
  const sizes = await kit.gallery(folder, 'Sizes that disagree', some(6))
  for (const [index, factor] of [0.83, 1.19, 1, 3, 0.1].entries()) {
    const photo = sizes.photo(index)
    if (photo) photo.size = Math.round((photo.size ?? 0) * factor)
  }
  const unstated = sizes.photo(5)
  if (unstated) unstated.size = null
  await kit.gallery(
    folder,
    'Without capture time',
    some(4, (index) => (index % 2 === 0 ? { takenAt: null } : {})),
  )
  await kit.gallery(
    folder,
    'Keywords only in full',
    some(6, (index) => ({
      keywords: [`keyword ${index}`, 'Zürich'],
      unlisted: index % 3 === 0 ? ['Keywords'] : index % 3 === 1 ? ['FileName', 'Keywords'] : [],
    })),
  )
  await kit.gallery(
    folder,
    'Rotated by hand',
    some(3, (index) => ({ rotation: ['Rotate90', 'Rotate180', 'FlipHorizontal'][index] ?? 'None' })),
  )
}

async function growAnswers(kit: TrapKit): Promise<void> {
  const folder = kit.group(kit.root, 'Odd answers')
  await kit.gallery(folder, 'Short pages', some(40), { pageMaximum: 17 })
  await kit.gallery(folder, 'More than a page', some(130))
  const ten = await kit.gallery(folder, 'Breaks above ten', some(35))
  ten.poison = { photo: ten.photo(21)?.id ?? '', over: 10 }
  const single = await kit.gallery(folder, 'Breaks unless alone', some(12))
  single.poison = { photo: single.photo(7)?.id ?? '', over: 1 }
  await kit.gallery(folder, 'Archived', some(5), { cold: 'listing', modifiedAt: '2021-01-01 00:00:00' })
  await kit.gallery(folder, 'Originals in cold storage', some(5), {
    cold: 'originals',
    modifiedAt: '2021-01-01 00:00:00',
  })
}

function copyContent(gallery: Gallery, index: number, from: Photo | undefined): void {
  const photo = gallery.photo(index)
  if (!photo || !from) throw new TypeError('Both photos were just made')
  const { content, takenAt, width, height, size, mimeType } = from
  Object.assign(photo, { content, takenAt, width, height, size, mimeType })
}
