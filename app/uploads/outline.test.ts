import { describe, expect, it } from 'vitest'
import { hasFolders, inPathOrder, isJunk, placeOf, rootOf } from '#server/manifests/layout.ts'
import { outlineOf } from './outline.ts'

const files = (...paths: string[]) => paths.map((path) => ({ path, bytes: 10 }))
const paths = ['W/Smith/1.jpg', 'W/Smith/Party/2.jpg', 'W/Smith/Party/Late/3.jpg', 'W/Jones/4.jpg', 'W/5.jpg']

describe('a folder', () => {
  it('becomes galleries by its first level and sets by its second', () => {
    const outline = outlineOf(files(...paths), { into: 'folders', root: 'W', title: 'W' })
    expect(outline).toMatchObject({ files: 5, bytes: 50, sets: 1 })
    expect(outline.galleries.map(({ title, files, sets }) => [title, files, sets])).toEqual([
      ['Smith', 3, [{ title: 'Party', files: 2 }]],
      ['Jones', 1, []],
      ['W', 1, []],
    ])
  })

  it('becomes one gallery with sets by its first level', () => {
    const { galleries } = outlineOf(files(...paths), { into: 'gallery', root: 'W', title: 'All' })
    expect(galleries).toMatchObject([
      {
        title: 'All',
        files: 5,
        sets: [
          { title: 'Smith', files: 3 },
          { title: 'Jones', files: 1 },
        ],
      },
    ])
  })

  it('is no level of its own where it holds everything', () => {
    expect(rootOf(paths)).toBe('W')
    expect(rootOf(['W/1.jpg', 'Wide/2.jpg'])).toBeNull()
    expect(rootOf(['1.jpg', 'W/2.jpg'])).toBeNull()
    expect(hasFolders(['W/1.jpg'], 'W')).toBe(false)
    expect(hasFolders(['W/S/1.jpg'], 'W')).toBe(true)
    expect(placeOf('elsewhere/1.jpg', { into: 'folders', root: 'W', title: 'T' })).toMatchObject({
      gallery: 'elsewhere',
    })
  })

  it('is read in the order in which a person sees it: by numbers, and files before folders', () => {
    const order = inPathOrder(
      files('b/1.jpg', 'a/IMG_10.jpg', 'a/x/1.jpg', 'a/IMG_9.jpg', 'z.jpg', 'a10/1.jpg', 'a9/1.jpg', 'B.jpg'),
    )
    expect(order.map(({ path }) => path)).toEqual([
      'B.jpg',
      'z.jpg',
      'a/IMG_9.jpg',
      'a/IMG_10.jpg',
      'a/x/1.jpg',
      'a9/1.jpg',
      'a10/1.jpg',
      'b/1.jpg',
    ])
  })

  it.each(['.DS_Store', 'a/Thumbs.db', '__MACOSX/a.jpg', 'a/._IMG_1.jpg'])('is rid of %s', (path) => {
    expect(isJunk(path)).toBe(true)
  })
})
