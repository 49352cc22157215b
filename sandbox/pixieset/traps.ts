import type { OddKind } from '../odd-files.ts'
import { oddNames } from '../odd-names.ts'
import type { Pictures } from '../pictures.ts'
import { type Ids, regularSet, type WorldOptions } from './regular.ts'
import { type SetWish, some, type TrapKit } from './trap-kit.ts'
import type { Written } from './world.ts'
import { dayOnly, epoch, junk, local, nothing, zoned } from './written.ts'

/** Everything that a reader of this account could trip over. */
export async function growTraps(kit: TrapKit, options: WorldOptions, ids: Ids, pictures: Pictures): Promise<void> {
  await growTree(kit)
  await growNames(kit)
  await growDates(kit)
  await growAccess(kit)
  await growCounts(kit)
  await growContents(kit)
  await growPlaces(kit)
  await growFavourites(kit)
  const big = await kit.collection('Five thousand at once', [], { statedPhotos: 5000 })
  big.sets = [regularSet(big, 8500, 0, 5000, '2022-07-07', options, ids, pictures)]
}

const photos = (count: number): SetWish[] => [{ photos: some(count) }]

async function growTree(kit: TrapKit): Promise<void> {
  const clients = kit.folder('Clients')
  const families = kit.folder('Families', clients.id)
  const berger = kit.folder('Berger & Söhne ', families.id)
  kit.folder('Nothing in here')
  await kit.collection('Deep down', photos(3), {
    folderId: berger.id,
    description: 'Zeile eins\r\nZeile zwei — “Zitat”',
  })
  await kit.collection('Between', photos(2), { folderId: families.id })
  await kit.collection('At the top', photos(2))
  await kit.collection('In a folder that is not listed', photos(1), { folderId: '99999' })
  await kit.collection('Highlights', photos(2), { folderId: clients.id })
  await kit.collection('Highlights', photos(2), { folderId: clients.id })
  await kit.collection('Empty', [{}], { description: 'Photos will follow' })
  await kit.collection('Without any set', [], {})
}

async function growNames(kit: TrapKit): Promise<void> {
  const titles = [
    '../../outside',
    'a/b\\c:d*e?f"g<h>i|j',
    ' leading and trailing ',
    'bell\u0007 and override \u202egpj.exe',
    '👩‍👩‍👧‍👦 Família 🎉🏳️‍🌈',
    'Cafe\u0301',
    'Caf\u00e9',
    '<script>alert(1)</script> &amp; <b>bold</b>',
    'null',
    'שלום · 日本語 · العربية',
    'Lang '.repeat(60).trim(),
  ]
  for (const [index, title] of titles.entries())
    await kit.collection(title, [{ photos: some(1), name: title, slug: `set-${index}` }], {
      description: index % 2 === 0 ? `Title was ${title}` : null,
    })
  const names = [
    '../../../etc/passwd',
    'CON.jpg',
    'no extension',
    'semi;colon,comma "quote" \\ slash.jpg',
    ' spaces at both ends.jpg ',
    '{"photos":[{"id":1}]}.jpg',
    ...oddNames,
  ]
  await kit.collection('File names', [
    {
      photos: names.map((name, index) => ({
        name,
        description: index % 3 === 0 ? ` <i>Caption</i> of “${name}”\n"photos": [ ` : index % 3 === 1 ? '' : null,
      })),
    },
    // The same names again: only ids tell them apart.
    { photos: oddNames.slice(0, 5).map((name) => ({ name })) },
  ])
}

async function growDates(kit: TrapKit): Promise<void> {
  const dates: Record<string, [event: Written, created: Written]> = {
    'Late in the west': [zoned('2023-03-03T23:59:59-11:00'), local('2023-03-05 10:00:00')],
    'Early in the east': [zoned('2023-03-03T00:00:01+13:00'), nothing],
    'A day only': [dayOnly('2023-03-03'), nothing],
    'Seconds since 1970': [epoch(1_677_801_600), nothing],
    'No event': [nothing, local('2021-12-31 23:59:59')],
    'Year zero': [junk('0000-00-00 00:00:00'), local('2021-01-01 00:00:00')],
    'Before our era': [junk('-0001-11-30T00:00:00-05:00'), zoned('2021-06-01T00:00:00Z')],
    'Year one and nothing': [junk('0001-01-01T00:00:00Z'), junk(0)],
    'Before 1970': [junk(-62_169_984_000), junk('0000-00-00')],
  }
  for (const [name, [eventDate, createdAt]] of Object.entries(dates))
    await kit.collection(name, photos(1), { eventDate, createdAt })
  await kit.collection('Capture times', [
    {
      photos: [
        { capture: zoned('2024-02-03T23:59:59.000000-10:00') },
        { capture: local('2024-02-03 04:05:06') },
        { capture: junk('0000-00-00 00:00:00') },
        { capture: nothing },
        { capture: junk('-0001-11-30T00:00:00+00:00') },
      ],
    },
  ])
}

async function growAccess(kit: TrapKit): Promise<void> {
  await kit.collection('Password with zeros', photos(2), { password: '00420', downloadPin: '0007' })
  await kit.collection('Password and hidden', photos(1), { password: 'Schlüssel №', hidden: true })
  await kit.collection('For exclusive clients', photos(2), { privatePassword: 'inner-circle' })
  await kit.collection('Hidden from the homepage', photos(2), { hidden: true })
  await kit.collection('Expired', photos(2), { expireAt: zoned('2021-05-05T23:59:59-05:00'), expired: true })
  await kit.collection('Expires one day', photos(1), { expireAt: local('2099-12-31 23:00:00') })
  await kit.collection('Expires in year zero', photos(1), { expireAt: junk('0000-00-00 00:00:00') })
  await kit.collection('Downloads off', photos(2), { downloads: false, downloadPin: null })
  await kit.collection('Private sets and photos', [
    { photos: some(3, (index) => ({ private: index === 1, starred: index === 2 })) },
    { photos: some(2), name: 'Only for us', slug: 'only-for-us', private: true, description: 'Not for clients' },
  ])
}

async function growCounts(kit: TrapKit): Promise<void> {
  await kit.collection('States too many', photos(3), { statedPhotos: 80 })
  await kit.collection('States too few', [{ photos: some(7) }, { photos: some(6) }], { statedPhotos: 9 })
  await kit.collection('States none', photos(2), { statedPhotos: 0 })
  await kit.collection('Eleven by rank', [
    { photos: some(12, (index) => ({ rank: [10, 9, 2, 1, 11, 100, 20, 3, 8, 30, 12, 4][index] ?? 0 })) },
  ])
}

async function growContents(kit: TrapKit): Promise<void> {
  const kinds: OddKind[] = ['damaged', 'gif', 'png', 'webp', 'tiff', 'heic']
  await kit.collection('Kinds of pictures', [{ photos: [...kinds.map((odd) => ({ odd })), {}] }])
  const twice = await kit.collection('Equal bytes', [{ photos: some(3) }])
  const [first] = [...Array(3).keys()].map((at) => twice.sets[0]?.photo(at))
  // A photo shown in two sets: two records, different addresses, the same name and bytes.
  await kit.collection('One photo in two sets', [
    { photos: [{ name: 'twin.jpg', content: first?.content }] },
    { photos: [{}, { name: 'twin.jpg', content: first?.content }] },
  ])
  await kit.collection('Videos only', [{ videos: [{}, { widths: [1280] }, { overAtFirst: true }] }])
  await kit.collection('Videos between photos', [
    { photos: some(4, (index) => ({ rank: index * 2 + 1 })), videos: [{ rank: 3 }, { rank: 4 }] },
    { videos: [{ status: 3, widths: [] }], photos: some(1) },
  ])
  await kit.collection('Addresses that are over', [{ photos: some(4, (index) => ({ overAtFirst: index % 2 === 0 })) }])
  await kit.collection('Deleted meanwhile', [{ photos: some(3, (index) => ({ deleted: index === 1 })) }])
}

async function growPlaces(kit: TrapKit): Promise<void> {
  const second = await kit.collection('Cover in the second set', [{ photos: some(2) }, { photos: some(3) }])
  kit.cover(second, second.sets[1]?.photo(2))
  const elsewhere = await kit.collection('Cover from elsewhere', photos(2))
  elsewhere.coverHash = 'a'.repeat(32)
  const many = await kit.collection(
    'Many sets',
    Array.from({ length: 9 }, (_, at) => ({ photos: some(at % 3), name: `Part ${9 - at}`, slug: `part-${9 - at}` })),
  )
  kit.cover(many, many.sets[1]?.photo(0))
}

async function growFavourites(kit: TrapKit): Promise<void> {
  const picked = await kit.collection('Picked from', [{ photos: some(6) }, { photos: some(3) }])
  const ids = picked.sets.flatMap((set) => [...Array(set.count).keys()].map((at) => set.photo(at)?.id ?? ''))
  picked.favourites = [
    { id: '881', name: 'Album picks', email: 'oma@example.com', photos: [ids[0], ids[7], ids[3]].filter(isId) },
    { id: '882', name: 'Album picks', email: 'opa@example.com', photos: [ids[0]].filter(isId) },
  ]
  const more = await kit.collection('Picked from too', photos(2))
  more.favourites = [
    { id: '890', name: 'Für Oma 💐', email: 'kind@example.com', photos: [more.sets[0]?.photo(1)?.id].filter(isId) },
  ]
}

const isId = (id: string | undefined): id is string => Boolean(id)
