import type { Pictures } from '../pictures.ts'
import { hash32, pick } from '../random.ts'
import type { Photo, Project, Scene } from './world.ts'

/** Projects by arithmetic: any photo of half a million is made from its number alone, nothing is kept. */

export interface WorldOptions {
  galleries: number
  photos: number
  seed: number
}

const perProject = 1_000_000
const perSeed = 10_000_000_000
const firstPhoto = 7_000_000_000

const couples = ['Anna & Ben', 'Łucja & Tomasz', 'Mia & José', 'Zoë & Émile', 'Ines & Noah', 'Aiko & Ren', 'Eva & Paul']
const places = ['Kirchheim', 'Lake Como', 'Old Town Hall', 'Gut Sonnenhof', 'Brighton Pier', 'Łódź', 'Villa Rosa']
const parts = ['Getting Ready', 'Ceremony', 'Party']

/** 10 to 11 digits. */
export function photoId(project: number, index: number, seed: number): string {
  return String(firstPhoto + (seed % 9) * perSeed + project * perProject + index)
}

/** What an id was made of, or null where it is none of ours. */
export function numberOf(id: string, seed: number): { project: number; index: number } | null {
  const number = Number(id) - firstPhoto - (seed % 9) * perSeed
  if (!/^\d{10,11}$/.test(id) || number < 0 || number >= perSeed) return null
  return { project: Math.floor(number / perProject), index: number % perProject }
}

/** Eight digits; the last six are never padded in addresses, so every hundredth has small ones. */
export function projectId(number: number, seed: number): string {
  return String(20_000_000 + (seed % 50) * 1_000_000 + number * 97 + 7_250)
}

/** Milliseconds since 1970, read as if the clock had no zone: `YYYY-MM-DDTHH:MM:SS`. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19)
}

/** Projects grow old by the real clock: so many days before today. */
export function daysAgo(days: number): string {
  return timeText(Math.floor(Date.now() / 86_400_000 - days) * 86_400_000 + 8 * 3_600_000)
}

/** A project with everything that is the same for all of them. */
export function blank(number: number, seed: number): Project {
  return {
    id: projectId(number, seed),
    number,
    status: 5,
    created: daysAgo(30 + (number % 200)),
    eventDate: null,
    name: null,
    otherName: null,
    virtualPath: `project-${number}`,
    pathToken: number % 7 === 6 ? null : token(seed, number),
    storageId: 11 + (number % 3),
    stride: number % 2 === 0 ? 4 : 5,
    scenes: [],
    count: 0,
    photo: () => undefined,
    hidden: [],
    cold: null,
    bounded: false,
    date: null,
    coverFile: null,
    coverRef: null,
  }
}

export function sceneId(project: number, index: number, seed: number): string {
  return String(300_000_000 + (seed % 9) * 10_000_000 + project * 100 + index)
}

/** A dated picture, or one without a capture time. */
export function sceneContent(id: string, takenAt: string | null, chosen: number, pictures: Pictures): Photo['content'] {
  const scene = takenAt === null ? pictures.dated + (chosen % pictures.undated) : chosen % pictures.dated
  return { kind: 'scene', scene, mark: `photo ${id}`, takenAt: takenAt?.replace('T', ' ') ?? null }
}

export function growRegular(options: WorldOptions, pictures: Pictures): Project[] {
  return Array.from({ length: options.galleries }, (_, number) => regularProject(number, options, pictures))
}

function regularProject(number: number, { photos, seed }: WorldOptions, pictures: Pictures): Project {
  const scenes: Scene[] = parts.map((name, index) => ({ id: sceneId(number, index, seed), name }))
  const couple = pick(couples, seed, number, 'couple')
  const day = new Date(Date.UTC(2024, hash32(seed, number, 'month') % 12, 1 + (hash32(seed, number, 'day') % 28)))
  const date = day.toISOString().slice(0, 10)
  const coverAt = photos > 0 && number % 5 !== 4 ? hash32(seed, number, 'cover') % photos : null
  const project: Project = {
    ...blank(number, seed),
    // Around midnight, so that any shift of zones shows in the day.
    eventDate: `${date}T${['00:00:00', '23:59:30', '00:00:30', '12:00:00'][number % 4]}`,
    date,
    name: `${couple}, ${pick(places, seed, number, 'place')} ${number + 1}`,
    virtualPath: `${couple
      .normalize('NFD')
      .replace(/[^a-z]+/gi, '')
      .toLowerCase()}${number + 1}`,
    scenes,
    count: photos,
    photo: (index) =>
      Number.isInteger(index) && index >= 0 && index < photos
        ? regularPhoto(project, index, seed, pictures)
        : undefined,
    coverFile: coverAt === null ? null : `${photoId(number, coverAt, seed)}.jpg`,
    coverRef: coverAt === null ? null : photoId(number, coverAt, seed),
  }
  return project
}

/** File names begin anew in every scene, as cameras and exports do. */
function regularPhoto(project: Project, index: number, seed: number, pictures: Pictures): Photo {
  const each = Math.ceil(project.count / project.scenes.length)
  const scene = project.scenes[Math.floor(index / each)]
  if (!scene) throw new RangeError(`No scene for photo ${index}`)
  const id = photoId(project.number, index, seed)
  const takenAt = timeText(Date.parse(`${project.date}T09:00:00Z`) + index * 37_000)
  return {
    id,
    fileName: `IMG_${String((index % each) + 1).padStart(4, '0')}.jpg`,
    scene,
    content: sceneContent(id, takenAt, hash32(seed, project.number, index), pictures),
  }
}

/** 12 to 19 characters. */
function token(seed: number, number: number): string {
  const text = `${hash32(seed, number, 'token').toString(36)}${hash32(number, seed, 'path').toString(36)}abcdefghijk`
  return text.slice(0, 12 + (number % 8))
}
