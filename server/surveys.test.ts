import { expect, test } from 'vitest'
import type { FoundFolder } from './listing.ts'
import { inOrder } from './surveys.ts'
import { foundGallery } from './testing.ts'

const folder = (ref: string, parentRef: string | null, position: number): FoundFolder => ({
  ref,
  parentRef,
  title: ref,
  description: null,
  position,
  access: null,
})
const gallery = (ref: string, folderRef: string | null, position: number) => ({
  ...foundGallery(ref),
  folderRef,
  position,
})
const refs = (folders: FoundFolder[], galleries: ReturnType<typeof gallery>[]) =>
  inOrder(folders, galleries).map(({ ref, ordinal }) => `${ordinal} ${ref}`)

test('galleries stand in the order of the account: depth first, folders and galleries by their place', () => {
  const folders = [folder('A', null, 1), folder('B', 'A', 0), folder('C', null, 3)]
  const galleries = [
    gallery('c', 'C', 0),
    gallery('top', null, 2),
    gallery('b', 'B', 0),
    gallery('a', 'A', 1),
    gallery('first', null, 0),
  ]
  expect(refs(folders, galleries)).toEqual(['0 first', '1 b', '2 a', '3 top', '4 c'])
})

test('a gallery that is told twice is one, in its first place', () => {
  expect(refs([folder('A', null, 1)], [gallery('x', 'A', 0), gallery('y', null, 2), gallery('x', null, 3)])).toEqual([
    '0 x',
    '1 y',
  ])
})

test('no gallery is lost, though its folder is unknown, hangs nowhere or lies within itself', () => {
  const folders = [folder('orphan', 'unknown', 0), folder('one', 'two', 0), folder('two', 'one', 0)]
  const galleries = [
    gallery('a', 'never told', 0),
    gallery('b', 'orphan', 0),
    gallery('c', 'two', 0),
    gallery('top', null, 0),
  ]
  expect(refs(folders, galleries)).toEqual(['0 top', '1 a', '2 b', '3 c'])
})
