import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compare, compareFolders, type LedgerGallery, reasonWords } from './differences.ts'
import type { FoundFolder, FoundGallery } from './listing.ts'
import { foundGallery } from './testing.ts'

type Found = FoundGallery & { ordinal: number }

const gallery = (ref: string, position: number, more: Partial<FoundGallery> = {}): Found => ({
  ...foundGallery(ref),
  position,
  ordinal: position,
  statedCount: 4,
  changeToken: `token ${ref}`,
  ...more,
})

/** As it stands in the ledger after a run that went well. */
const known = (found: Found, more: Partial<LedgerGallery> = {}): LedgerGallery => {
  const { ref, folderRef, position, ordinal, title, date, virtual, access, coverRef, statedCount, changeToken } = found
  return {
    id: ordinal + 1,
    ...{ ref, folderRef, position, ordinal, title, date, virtual, statedCount, changeToken },
    path: folderRef ? [`Folder ${folderRef}`] : [],
    here: statedCount ?? 0,
    through: true,
    failed: 0,
    skipped: 0,
    surveyed: { title, date, access, coverRef, virtual, statedCount },
    gone: false,
    deleted: false,
    ...more,
  }
}

const folder = (ref: string, more: Partial<FoundFolder> = {}): FoundFolder => ({
  ...{ ref, parentRef: null, title: `Folder ${ref}`, description: null, position: 0, access: null },
  ...more,
})

/** One gallery that was `before` and is `now`: the difference and the words for it. */
function seen(before: Found | null, now: Found | null, more: Partial<LedgerGallery> = {}): string | undefined {
  const folders = [folder('a'), folder('b'), folder('c', { parentRef: 'b' })]
  const [row] = compare(folders, now ? [now] : [], before ? [known(before, more)] : [])
  return row && [row.difference, reasonWords(row.reasons)].filter(Boolean).join(': ')
}

const plain = gallery('g', 0)

test.each<[string, string | undefined, Found | null, Found | null, Partial<LedgerGallery>?]>([
  ['that was never seen is new', 'new', null, plain],
  ['that tells the same and has the same token is the same', 'same', plain, plain],
  ['that is not in the account any more is gone', 'gone', plain, null],
  ['that was gone before is no difference', undefined, plain, null, { gone: true }],
  ['that is there again', 'changed: was gone, is there again', plain, plain, { gone: true }],
  ['with another token', 'changed: something in it changed', plain, { ...plain, changeToken: 'other' }],
  [
    'with another count',
    'changed: 1,412 photos stated, 4 here',
    plain,
    { ...plain, statedCount: 1412, changeToken: 'other' },
  ],
  ['with another title', 'changed: was called “Gallery g”', plain, { ...plain, title: 'Wedding' }],
  ['with another date', 'changed: date was none, is “2024-05-01”', plain, { ...plain, date: '2024-05-01' }],
  ['with another access', 'changed: access was none, is “hidden”', plain, { ...plain, access: 'hidden' }],
  ['with another cover', 'changed: another cover', plain, { ...plain, coverRef: 'p2' }],
  [
    'without a token',
    'changed: looked through: the provider does not tell whether it changed',
    { ...plain, changeToken: null },
    { ...plain, changeToken: null },
  ],
  [
    'that an older survey told of, which kept nothing',
    'changed: looked through: the provider does not tell whether it changed',
    plain,
    plain,
    { surveyed: null },
  ],
  [
    'whose last run failed in part',
    'changed: 4 photos stated, 2 here; not finished last time (1 failed, 1 skipped)',
    plain,
    plain,
    { failed: 1, skipped: 1, here: 2 },
  ],
  ['whose last run broke off', 'changed: not finished last time', plain, plain, { through: false }],
  [
    'in another folder',
    'moved: moved from “Folder a” to “Folder b / Folder c”',
    { ...plain, folderRef: 'a' },
    { ...plain, folderRef: 'c' },
  ],
  [
    'that changed and moved',
    'changed: another cover; moved from the top to “Folder a”',
    plain,
    { ...plain, coverRef: 'p', folderRef: 'a' },
  ],
])('a gallery %s', (_, said, before, now, more) => {
  expect(seen(before, now, more)).toBe(said)
})

test('a gallery that came or went displaces none of its neighbours', () => {
  const before = ['a', 'b', 'c', 'd'].map((ref, i) => known(gallery(ref, i)))
  const now = ['new', 'a', 'c', 'd'].map((ref, i) => gallery(ref, i))
  const rows = compare([], now, before)
  expect(rows.map(({ ref, difference }) => `${ref} ${difference}`)).toEqual([
    'new new',
    'a same',
    'c same',
    'd same',
    'b gone',
  ])
})

test('of galleries that stand in another order only those count as moved that were taken out of it', () => {
  const before = ['a', 'b', 'c', 'd', 'e'].map((ref, i) => known(gallery(ref, i)))
  const now = ['e', 'a', 'b', 'd', 'c'].map((ref, i) => gallery(ref, i))
  const moved = compare([], now, before).filter(({ difference }) => difference === 'moved')
  expect(moved.length).toBe(2)
  expect(moved.map(({ ref }) => ref)).toContain('e')
  expect(moved.map(({ reasons }) => reasonWords(reasons))).toEqual(Array(2).fill('another place in its folder'))
})

test('every gallery of both sides has exactly one difference, and none differs from itself, in whatever order', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...'abcdefgh']), fc.shuffledSubarray([...'abcdefgh']), (was, is) => {
      const before = was.map((ref, i) => known(gallery(ref, i)))
      const now = is.map((ref, i) => gallery(ref, i))
      const rows = compare([], now, before)
      expect(rows.map(({ ref }) => ref).toSorted()).toEqual([...new Set([...was, ...is])].toSorted())
      for (const { ref, difference } of rows) {
        if (!was.includes(ref)) expect(difference).toBe('new')
        else if (!is.includes(ref)) expect(difference).toBe('gone')
        else expect(['same', 'moved']).toContain(difference)
      }
      expect(
        compare(
          [],
          now,
          now.map((one) => known(one)),
        ).every(({ difference }) => difference === 'same'),
      ).toBe(true)
    }),
  )
})

test('a folder that is called otherwise or lies elsewhere leaves its galleries what they are', () => {
  const before = [
    { ref: 'a', parentRef: null, title: 'Folder a' },
    { ref: 'b', parentRef: null, title: 'Old name' },
  ]
  const now = [folder('b'), folder('a', { parentRef: 'b' }), folder('c')]
  expect(compareFolders(now, before)).toEqual({ renamed: 1, moved: 1 })
  const inside = { ...plain, folderRef: 'a' }
  expect(compare(now, [inside], [known(inside)])).toMatchObject([
    { difference: 'same', path: ['Folder b', 'Folder a'] },
  ])
})
