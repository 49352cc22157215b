import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { openPictures, type Pictures } from './pictures.ts'

let pictures: Pictures
let all: number[]

beforeAll(async () => {
  pictures = await openPictures('tiny')
  all = Array.from({ length: pictures.dated + pictures.undated }, (_, scene) => scene)
})

describe('pictures', () => {
  it('are valid, varied and of the stated length', async () => {
    const shapes = new Set<string>()
    for (const scene of all) {
      const photo = pictures.photo(scene, 'photo 1', '2019-06-01 12:30:00')
      const stated = pictures.describe(scene)
      expect(photo.length).toBe(stated.bytes)
      const { entropy } = await sharp(photo, { failOn: 'warning' }).stats()
      expect(entropy).toBeGreaterThan(3)
      shapes.add(`${stated.width}x${stated.height}`)
    }
    expect(shapes.size).toBeGreaterThan(15)
  })

  it('differ by their mark alone, and not at all with the same one', () => {
    const [one, same, other] = ['photo 1', 'photo 1', 'photo 2'].map((mark) => pictures.photo(3, mark, null))
    expect(one).toEqual(same)
    expect(one).not.toEqual(other)
    expect(one?.length).toBe(other?.length)
  })

  it('have every orientation, several colour spaces, profiles, a progressive one, places in some', async () => {
    const found = await Promise.all(all.map((scene) => sharp(pictures.photo(scene, 'x', null)).metadata()))
    expect(new Set(found.map((one) => one.orientation))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, undefined]))
    expect(new Set(found.map((one) => one.space))).toEqual(new Set(['srgb', 'cmyk', 'b-w']))
    expect(found.some((one) => one.isProgressive)).toBe(true)
    expect(found.filter((one) => one.icc).length).toBeGreaterThan(5)
    expect(found.filter((one) => one.exif?.includes('E\0\0\0')).length).toBeGreaterThan(0)
  })

  it('carry the capture time they are given, the last ones none', async () => {
    const exif = async (scene: number) =>
      (await sharp(pictures.photo(scene, 'x', '2019-06-01 12:30:00')).metadata()).exif?.toString('latin1')
    expect(await exif(0)).toContain('2019:06:01 12:30:00')
    expect(await exif(pictures.dated)).toBeUndefined()
  })
})
