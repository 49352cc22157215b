import { type OddKind, oddKinds } from '../odd-files.ts'
import { oddNames } from '../odd-names.ts'
import type { Pictures } from '../pictures.ts'
import { hash32 } from '../random.ts'
import { blank, daysAgo, photoId, sceneContent, sceneId, timeText, type WorldOptions } from './regular.ts'
import type { Photo, Project, Scene } from './world.ts'

/** Regular projects come below; photo ids leave room for a thousand of these. */
const firstNumber = 8_500

interface PhotoWish {
  fileName?: string
  /** Place of its scene; 0 where absent. */
  scene?: number
  odd?: OddKind
  undated?: boolean
  /** Bytes of another photo: its mark. */
  mark?: string
  late?: boolean
}

type Wish = Partial<Project> & {
  sceneNames?: string[]
  cover?: (photos: Photo[]) => [file: string, ref: string | null]
}

/** Everything that a reader of this account could trip over, in the order of the dashboard. */
export function growTraps(options: WorldOptions, pictures: Pictures): Project[] {
  const { seed } = options
  const grown: Project[] = []
  const grow = (wish: Wish, photos: PhotoWish[]): Project => {
    const number = firstNumber + grown.length
    const { sceneNames = ['All photos'], cover, ...fields } = wish
    const scenes: Scene[] = sceneNames.map((name, index) => ({ id: sceneId(number, index, seed), name }))
    const made = photos.map((photo, index) => photoOf(number, index, photo, scenes, seed, pictures))
    const [coverFile, coverRef] = cover?.(made) ?? [null, null]
    const project: Project = {
      ...blank(number, seed),
      eventDate: '2025-06-14T00:00:00',
      date: '2025-06-14',
      virtualPath: `trap${grown.length + 1}`,
      scenes,
      count: made.length,
      photo: (index) => made[index],
      coverFile,
      coverRef,
      ...fields,
    }
    grown.push(project)
    return project
  }
  growStates(grow)
  growDates(grow)
  growNames(grow)
  growContents(grow)
  growCovers(grow)
  growArchive(grow)
  return grown
}

type Grow = (wish: Wish, photos: PhotoWish[]) => Project

function growStates(grow: Grow): void {
  grow({ name: 'Offline', status: 15 }, some(3))
  grow({ name: 'Really empty', sceneNames: [] }, [])
  grow({ name: 'Empty with scenes', sceneNames: ['Morning', 'Evening'] }, [])
  grow({ name: 'An empty scene', sceneNames: ['Before', 'Nothing here', 'After'] }, [
    ...some(2),
    ...some(3, () => ({ scene: 2 })),
  ])
  grow(
    { name: 'Scenes of one name', sceneNames: ['Highlights', 'Highlights', 'highlights'] },
    some(7, (index) => ({ scene: index % 3 })),
  )
  grow(
    { name: 'More than a page', sceneNames: ['Day', 'Night'] },
    some(230, (index) => ({ scene: index % 7 === 0 ? 1 : 0 })),
  )
  grow({ name: 'Some photos hidden from visitors', hidden: [1, 3] }, some(5))
}

function growDates(grow: Grow): void {
  grow({ name: 'No event date', eventDate: null, date: null }, some(1))
  grow({ name: 'Event in the year 1', eventDate: '0001-01-01T00:00:00', date: null }, some(1))
  grow({ name: 'Event in the first millisecond', eventDate: '/Date(-62135596800000)/', date: null }, some(1))
  grow({ name: 'Event as ticks', eventDate: `/Date(${Date.UTC(2023, 4, 6, 22, 30)})/`, date: '2023-05-06' }, some(1))
  grow({ name: 'Event with a zone', eventDate: '2023-05-06T23:30:00-05:00', date: '2023-05-06' }, some(1))
  grow({ name: 'Event without a time', eventDate: '2023-05-06', date: '2023-05-06' }, some(1))
  grow({ name: 'Event with fractions', eventDate: '2023-05-06T00:00:00.0000000Z', date: '2023-05-06' }, some(1))
  // What lies in the archive is old by its creation; the day of the event says nothing.
  grow({ name: 'Uploaded lately, long ago in fact', eventDate: '1998-08-08T00:00:00', date: '1998-08-08' }, some(2))
}

function growNames(grow: Grow): void {
  const long = 'Lang '.repeat(60).trim()
  const titles = [
    '../../outside',
    'a/b\\c:d*e?f"g<h>i|j',
    'CON',
    ' leading and trailing ',
    'bell\u0007 and unit\u001f and next line\u0085',
    '👩‍👩‍👧‍👦 Família 🎉🏳️‍🌈',
    'Cafe\u0301',
    'Caf\u00e9',
    '<script>alert(1)</script> &amp; <b>bold</b>',
    "Robert'); DROP TABLE photos;--",
    'null',
    'שלום · 日本語 · العربية',
    long,
  ]
  for (const [index, name] of titles.entries()) grow({ name, sceneNames: [name] }, some(index === 0 ? 2 : 1))
  for (const length of [1, 2]) grow({ name: 'Twice the same title' }, some(length))
  grow({ name: null, otherName: 'Named in column 12 only' }, some(1))
  grow({ name: '', otherName: 'Named in column 12 beside an empty 7' }, some(1))
  grow({ name: null, otherName: null }, some(1))

  const fileNames = [
    '../../../etc/passwd.jpg',
    'C:\\Windows\\system32\\cmd.jpg',
    'aux',
    'no extension',
    '.jpg',
    '..',
    ...oddNames,
  ]
  grow(
    { name: 'File names' },
    fileNames.map((fileName) => ({ fileName })),
  )
  grow(
    { name: 'Each scene begins at one', sceneNames: ['A', 'B', 'C'] },
    some(9, (index) => ({ scene: Math.floor(index / 3), fileName: `IMG_000${(index % 3) + 1}.jpg` })),
  )
  grow(
    { name: 'Not grouped by scene', sceneNames: ['Odd', 'Even'] },
    some(8, (index) => ({ scene: index % 2, fileName: `DSC_${9 - index}.jpg` })),
  )
}

function growContents(grow: Grow): void {
  grow({ name: 'Moving pictures' }, [
    { odd: 'gif', fileName: 'dance.gif' },
    {},
    { odd: 'gif', fileName: 'written as.jpg' },
  ])
  grow({ name: 'Damaged before it was uploaded' }, [{ odd: 'damaged' }, {}])
  grow({ name: 'Equal bytes' }, [{ mark: 'twin' }, {}, { mark: 'twin' }])
  grow({ name: 'Equal bytes elsewhere' }, [{ mark: 'twin' }, {}])
  grow(
    { name: 'Without capture time' },
    some(3, (index) => ({ undated: index !== 1 })),
  )
  grow({ name: 'Downloads held to a size', bounded: true }, some(3))
}

function growCovers(grow: Grow): void {
  const nameOf = (photo: Photo | undefined) => photo?.fileName ?? ''
  const named = (index: number) => (photos: Photo[]) =>
    [nameOf(photos[index]), photos[index]?.id ?? null] as [string, string | null]
  grow({ name: 'Cover by its file name', cover: named(1) }, some(3))
  grow({ name: 'Cover by its id', cover: (photos) => [`${photos[2]?.id}.jpg`, photos[2]?.id ?? null] }, some(3))
  grow(
    { name: 'Cover that two could be', cover: (photos) => [nameOf(photos[0]), null] },
    some(3, (index) => ({ fileName: index < 2 ? 'same.jpg' : 'other.jpg' })),
  )
  grow({ name: 'Cover of its own', cover: () => ['cover-9f2c.jpg', null] }, some(2))
}

/** Created more than a year ago. Their photos come once they were asked for and the clock has passed. */
function growArchive(grow: Grow): void {
  const old = { created: daysAgo(700), eventDate: '2024-01-20T00:00:00', date: '2024-01-20' }
  grow(
    { ...old, name: 'Archived, says a page', cold: 'page', sceneNames: ['I', 'II'] },
    some(4, (i) => ({ scene: i % 2 })),
  )
  grow({ ...old, name: 'Archived, says JSON', cold: 'json' }, some(3))
  grow({ ...old, name: 'Archived, says the storage', cold: 'storage' }, some(3))
  grow(
    { ...old, name: 'Archived but for later uploads', cold: 'json' },
    some(30, (index) => ({ late: index !== 17 && index !== 28 })),
  )
  grow({ ...old, name: 'Old and empty' }, [])
  grow({ ...old, name: 'Old and at hand' }, some(3))
  // Its event lies ahead, and yet it was made long ago.
  const ahead = { eventDate: daysAgo(-100), date: daysAgo(-100).slice(0, 10) }
  grow({ ...old, ...ahead, name: 'Archived before its event', cold: 'page', status: 15 }, some(2))
}

function some(count: number, wish: (index: number) => PhotoWish = () => ({})): PhotoWish[] {
  return Array.from({ length: count }, (_, index) => wish(index))
}

function photoOf(
  project: number,
  index: number,
  { fileName, scene = 0, odd, undated = false, mark, late }: PhotoWish,
  scenes: Scene[],
  seed: number,
  pictures: Pictures,
): Photo {
  const id = photoId(project, index, seed)
  const within = scenes[scene]
  if (!within) throw new RangeError(`No scene ${scene} in a trap`)
  const takenAt = undated
    ? null
    : timeText(Date.UTC(2025, 5, 14, 12, 30) + (mark ? 0 : (project - firstNumber) * 3000 + index) * 1000)
  const chosen = mark ? 1 : hash32(seed, 'trap', project, index)
  const content = odd
    ? ({ kind: 'odd', odd, mark: `photo ${id}` } as const)
    : sceneContent(mark ?? id, takenAt, chosen, pictures)
  const extension = odd ? oddKinds[odd].extension : 'jpg'
  return {
    id,
    fileName: fileName ?? `trap-${String(index + 1).padStart(3, '0')}.${extension}`,
    scene: within,
    content,
    late,
  }
}
