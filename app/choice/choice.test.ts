import { expect, test } from 'vitest'
import { choosable, matching, type PlannedGallery, type Row, rowsOf, stateOf, withChoice } from './choice.ts'

const gallery = (ref: string, path: string[], more: Partial<PlannedGallery> = {}): PlannedGallery => ({
  ...{ ref, path, folderRefs: path.map((title) => `ref of ${title}`), title: `Gallery ${ref}`, date: null },
  ...{ virtual: false, archived: false, statedCount: 3, here: null, difference: 'new', reason: '', chosen: true },
  ...more,
})

const account = [
  gallery('a', ['Weddings']),
  gallery('b', ['Weddings', '2024']),
  gallery('c', ['Portraits'], { title: 'Jörg & Anna' }),
  gallery('d', [], { difference: 'same' }),
]
const said = (rows: Row[]) =>
  rows.map(
    (row) =>
      '  '.repeat(row.depth) + (row.kind === 'folder' ? `${row.title} (${row.galleries.length})` : row.gallery.ref),
  )

test('every gallery stands below its folders, once, in the order of the account', () => {
  expect(said(rowsOf(account, new Set()))).toEqual([
    'Weddings (2)',
    '  a',
    '  2024 (1)',
    '    b',
    'Portraits (1)',
    '  c',
    'd',
  ])
})

test('a closed folder hides what is in it and still counts it', () => {
  expect(said(rowsOf(account, new Set(['folder ref of Weddings'])))).toEqual([
    'Weddings (2)',
    'Portraits (1)',
    '  c',
    'd',
  ])
})

test('two folders of one name are two', () => {
  const twins = ['1', '2'].map((ref) => ({ ...gallery(ref, ['Highlights']), folderRefs: [ref] }))
  expect(said(rowsOf(twins, new Set()))).toEqual(['Highlights (1)', '  1', 'Highlights (1)', '  2'])
})

test('every word of a search is in the folder, the title or the id', () => {
  const found = (search: string) => matching(account, { search, differences: null }).map(({ ref }) => ref)
  expect(found('  weddings 2024 ')).toEqual(['b'])
  expect(found('JÖRG')).toEqual(['c'])
  expect(found('nobody')).toEqual([])
  expect(matching(account, { search: '', differences: ['same'] }).map(({ ref }) => ref)).toEqual(['d'])
})

test('a folder is taken wholly, in part or not at all; what is gone is not for choosing', () => {
  const refs = choosable([...account, gallery('gone', ['Weddings'], { difference: 'gone' })])
  expect(refs).toEqual(['a', 'b', 'c', 'd'])
  expect(stateOf(refs, new Set(refs))).toBe('all')
  const fewer = withChoice(new Set(refs), ['a', 'b'], false)
  expect(stateOf(refs, fewer)).toBe('some')
  expect(stateOf(['a', 'b'], fewer)).toBe('none')
  expect(withChoice(fewer, ['a', 'b'], true)).toEqual(new Set(refs))
})

test('five thousand galleries in two hundred folders are rows within a frame', () => {
  const many = Array.from({ length: 5000 }, (_, i) => gallery(String(i), [`Kind ${i % 4}`, `Year ${i % 200}`]))
  const ordered = many.toSorted((a, b) => a.path.join().localeCompare(b.path.join()))
  rowsOf(ordered, new Set())
  const since = performance.now()
  expect(rowsOf(ordered, new Set()).length).toBe(5204)
  // Far above what it takes, far below what work that grows with the square would take.
  expect(performance.now() - since).toBeLessThan(200)
})
