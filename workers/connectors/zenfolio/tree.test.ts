// biome-ignore-all lint/correctness/noComponentHookFactories: Zenfolio's methods begin with a capital, and are no components.
import { expect, test } from 'vitest'
import {
  type FavouriteList,
  NotAvailable,
  SessionExpired,
  SourceFault,
  type SourceFolder,
  type SourceGallery,
  type SourceSession,
  UnexpectedPage,
} from '../connector.ts'
import { Raw, refusal, script } from './testing.ts'

const type = (AccessType: string, more = {}) => ({
  AccessDescriptor: { $type: 'AccessDescriptor', AccessType, ...more },
})
const group = (Id: number, Elements: unknown[] | undefined, more = {}) => ({
  $type: 'Group',
  Id,
  Title: `Folder ${Id}`,
  Elements,
  ...more,
})
const set = (Id: number, more = {}) => ({
  $type: 'PhotoSet',
  Id,
  Title: `Gallery ${Id}`,
  Type: 'Gallery',
  PhotoCount: 3,
  FileCount: 0,
  ...more,
})
const caption = { LoadGroup: (id: string) => group(Number(id), undefined, { Caption: `About ${id}` }) }

async function galleriesOf(session: SourceSession): Promise<SourceGallery[]> {
  const list: SourceGallery[] = []
  for await (const page of session.galleries()) list.push(...page.galleries)
  return list
}
async function foldersOf(session: SourceSession): Promise<SourceFolder[]> {
  const list: SourceFolder[] = []
  for await (const page of session.galleries()) list.push(...page.folders)
  return list
}
async function favouritesOf(session: SourceSession): Promise<FavouriteList[]> {
  const lists: FavouriteList[] = []
  for await (const list of session.favourites?.([]) ?? []) lists.push(list)
  return lists
}
const placesOf = (entries: { ref: string; position: number }[]) => entries.map(({ ref, position }) => [ref, position])

test('the root is no folder; folders and galleries share one order, and may share a number', async () => {
  const tree = group(1, [set(7), group(7, [set(8), set(9, { Type: 'Collection' })]), set(10)])
  const { signIn } = await script({ LoadGroupHierarchy: () => tree, ...caption })
  const session = await signIn()
  const folders = await foldersOf(session)
  expect(folders).toEqual([
    { ref: '7', parentRef: null, title: 'Folder 7', description: 'About 7', position: 1, access: null },
  ])
  const galleries = await galleriesOf(session)
  expect(galleries.map(({ ref, folderRef, position, virtual }) => [ref, folderRef, position, virtual])).toEqual([
    ['7', null, 0, false],
    ['8', '7', 0, false],
    ['9', '7', 1, true],
    ['10', null, 2, false],
  ])
})

test('a gallery tells date, cover, count and a token of change before it is looked at alone', async () => {
  const told = {
    CreatedOn: { $type: 'DateTime', Value: '2019-06-01 23:30:00' },
    TitlePhoto: { $type: 'Photo', Id: 5 },
    FileCount: 2,
    TextCn: 'a',
    PhotoListCn: 'b',
  }
  const { signIn, methods } = await script({ LoadGroupHierarchy: () => group(1, [set(2, told)]) })
  const [before] = await galleriesOf(await signIn())
  expect(before).toMatchObject({ date: '2019-06-01', coverRef: '5', statedCount: 5, changeToken: expect.any(String) })
  methods.LoadGroupHierarchy = () => group(1, [set(2, { ...told, PhotoListCn: 'c' })])
  const [after] = await galleriesOf(await signIn())
  expect(after?.changeToken).not.toBe(before?.changeToken)
})

test('a gallery that does not state its files has them counted; one refused leaves the pictures stated', async () => {
  const { signIn, methods, asked } = await script({
    LoadPhotoSet: (id: string) =>
      set(Number(id), { FileCount: undefined, Type: id === '4' ? 'Collection' : 'Gallery' }),
    LoadGalleryFiles: (_: string, from: number) => (from < 2 ? [{ Id: 90 + from }] : []),
  })
  const session = await signIn()
  expect((await session.detail({ ref: '3', virtual: false })).statedCount).toBe(5)
  asked.length = 0
  expect((await session.detail({ ref: '4', virtual: true })).statedCount).toBe(3)
  expect(asked.map(({ method }) => method)).toEqual(['LoadPhotoSet'])
  methods.LoadGalleryFiles = () => refusal('E_INVALIDPARAM')
  expect((await session.detail({ ref: '3', virtual: false })).statedCount).toBe(3)
})

test('GroupIndex decides where every sibling has one of its own', async () => {
  const at = (...indexes: number[]) =>
    group(
      1,
      indexes.map((GroupIndex, i) => set(i, { GroupIndex })),
    )
  const { signIn, methods } = await script({ LoadGroupHierarchy: () => at(2, 0, 1) })
  expect(placesOf(await galleriesOf(await signIn()))).toEqual([
    ['1', 0],
    ['2', 1],
    ['0', 2],
  ])
  methods.LoadGroupHierarchy = () => at(0, 0, 0)
  expect(placesOf(await galleriesOf(await signIn()))).toEqual([
    ['0', 0],
    ['1', 1],
    ['2', 2],
  ])
})

test('a folder that came without what it holds is asked for it', async () => {
  const { signIn } = await script({
    LoadGroupHierarchy: () => group(1, [group(2, undefined, { ImmediateChildrenCount: 1 })]),
    LoadGroup: (_: string, __: string, children: boolean) => group(2, children ? [set(3)] : undefined),
  })
  expect(placesOf(await galleriesOf(await signIn()))).toEqual([['3', 0]])
})

test('inherited access is the one the descriptor states, or else the folder’s; what is not told is null', async () => {
  const tree = group(1, [
    group(
      2,
      [set(3, { AccessDescriptor: { IsDerived: true } }), set(4, type('Public', { IsDerived: true })), set(5)],
      type('Password'),
    ),
    set(6, type('UserList')),
  ])
  const { signIn } = await script({ LoadGroupHierarchy: () => tree, ...caption })
  const access = (await galleriesOf(await signIn())).map((gallery) => [gallery.ref, gallery.access])
  expect(access).toEqual([
    ['3', 'password'],
    ['4', 'public'],
    ['5', null],
    ['6', 'private'],
  ])
})

test.each([
  ['a tree without the galleries that the profile states', group(1, []), 'User.GalleryCount'],
  [
    'a folder without the children that it states',
    group(1, [group(2, [], { ImmediateChildrenCount: 2 })]),
    'ImmediateChildrenCount',
  ],
  ['galleries that all lost their title', group(1, [{ ...set(2), Title: undefined, Name: 'x' }]), 'PhotoSet.Title'],
  ['an element that is neither', group(1, [{ $type: 'Album', Id: 3 }]), 'Elements[0].$type'],
  [
    'a kind of gallery that nobody knows',
    group(1, [group(2, [set(3, { Type: 'Slideshow' })])]),
    'Elements[0].Elements[0].Type',
  ],
  ['an id that is none', group(1, [set(2), { ...set(3), Id: 'x' }]), 'Elements[1].Id'],
])('%s is loud and named', async (_, tree, expected) => {
  const { signIn } = await script({
    LoadGroupHierarchy: () => tree,
    LoadGroup: () => group(2, []),
    LoadPrivateProfile: () => ({ LoginName: 'studio', GalleryCount: 1 }),
  })
  const error = await galleriesOf(await signIn()).catch((reason) => reason)
  expect(error).toBeInstanceOf(UnexpectedPage)
  expect(error.expected).toContain(expected)
})

test('a folder whose caption is refused is still a folder, unless the session has ended', async () => {
  const { signIn, methods } = await script({
    LoadGroupHierarchy: () => group(1, [group(2, [set(3)]), group(4, [set(5)])]),
    LoadGroup: (id: string) => (id === '2' ? refusal('E_NOTAUTHORIZED') : group(4, undefined, { Caption: 'About 4' })),
  })
  const session = await signIn()
  const folders = await foldersOf(session)
  expect(folders.map(({ ref, description }) => [ref, description])).toEqual([
    ['2', null],
    ['4', 'About 4'],
  ])
  let calls = 0
  methods.LoadPrivateProfile = () => (++calls === 1 ? { LoginName: 'studio' } : refusal('E_NOTAUTHENTICATED'))
  await expect(foldersOf(session)).rejects.toThrow(SessionExpired)
})

test('folders that only a visitor sees are not taken for all of them', async () => {
  const { signIn } = await script({
    LoadGroupHierarchy: () => group(1, []),
    LoadPrivateProfile: () => refusal('E_NOTAUTHENTICATED'),
  })
  await expect(foldersOf(await signIn())).rejects.toThrow(SessionExpired)
})

test.each(['E_NOTAUTHORIZED', 'E_NOSUCHOBJECT'])(
  'favourites answered by %s are NotAvailable, or a dead session',
  async (code) => {
    const { signIn, methods, asked } = await script({ LoadSharedFavoritesSets: () => refusal(code) })
    const session = await signIn()
    await expect(favouritesOf(session)).rejects.toThrow(NotAvailable)
    expect(asked.map(({ method }) => method)).toContain('LoadPrivateProfile')
    methods.LoadPrivateProfile = () => refusal('E_NOTAUTHENTICATED')
    await expect(favouritesOf(session)).rejects.toThrow(SessionExpired)
  },
)

test('favourites that only fail keep no account waiting, while all else answers', async () => {
  const { signIn, methods, asked } = await script({ LoadSharedFavoritesSets: () => refusal('E_UNSPECIFIEDERROR') })
  const session = await signIn()
  await expect(favouritesOf(session)).rejects.toThrow(NotAvailable)
  expect(asked.filter(({ method }) => method === 'LoadSharedFavoritesSets')).toHaveLength(3)
  methods.LoadPrivateProfile = () => new Raw(502, 'text/html', '<html>Bad Gateway</html>')
  await expect(favouritesOf(session)).rejects.toThrow(SourceFault)
})

test('counts and bytes that come as digits in quotes are numbers, others are loud', async () => {
  const { signIn, methods } = await script({
    LoadPrivateProfile: () => ({ LoginName: 'studio', PhotoCount: '12', PhotoBytes: '123456789012', RawFileBytes: 8 }),
  })
  const session = await signIn()
  expect(await session.account()).toMatchObject({ photos: 12, bytes: 123456789020 })
  for (const PhotoBytes of ['99999999999999999999', '1.5', '-1', '']) {
    methods.LoadPrivateProfile = () => ({ LoginName: 'studio', PhotoBytes })
    await expect(session.account()).rejects.toThrow(UnexpectedPage)
  }
})

test('a password is known by its hint only, wherever Zenfolio keeps the hint', async () => {
  const locked = type('Password', { RealmId: 5, IsDerived: true })
  const { signIn, methods } = await script({
    LoadPhotoSet: () =>
      set(3, { ...locked, Caption: 'Our day', CreatedOn: { $type: 'DateTime', Value: '2019-06-01 23:30:00' } }),
    LoadAccessRealm: () => ({ RealmId: 5, PasswordHint: 'the dog' }),
  })
  const session = await signIn()
  expect(await session.detail({ ref: '3', virtual: false })).toMatchObject({
    access: 'password',
    passwordUnknown: true,
    password: null,
    passwordHint: 'the dog',
    description: 'Our day',
    date: '2019-06-01',
    statedCount: 3,
    sets: [{ ref: null, parentRef: null, title: '', position: 0 }],
  })
  methods.LoadAccessRealm = () => new Raw(500, 'text/html', '<html>')
  expect((await session.detail({ ref: '3', virtual: false })).passwordHint).toBeNull()
})

test.each([
  ['0001-01-01 00:00:00', null],
  ['0000-00-00 00:00:00', null],
  ['2019-02-30 10:00:00', null],
  ['2020-02-29 10:00:00', '2020-02-29'],
])('the date %s is the day %s', async (Value, date) => {
  const { signIn } = await script({ LoadPhotoSet: () => set(3, { CreatedOn: { $type: 'DateTime', Value } }) })
  expect((await (await signIn()).detail({ ref: '3', virtual: false })).date).toBe(date)
})

test('a date in another form is loud', async () => {
  const { signIn } = await script({ LoadPhotoSet: () => set(3, { CreatedOn: '/Date(1559432400000)/' }) })
  await expect((await signIn()).detail({ ref: '3', virtual: false })).rejects.toMatchObject({
    expected: expect.stringContaining('CreatedOn'),
  })
})
