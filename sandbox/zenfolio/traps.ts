import type { OddFiles } from '../odd-files.ts'
import { oddNames } from '../odd-names.ts'
import type { Pictures } from '../pictures.ts'
import { growOddGalleries } from './odd-galleries.ts'
import type { Ids, WorldOptions } from './regular.ts'
import { some, TrapKit } from './trap-kit.ts'
import type { FavoritesSet, Gallery, Group, Photo } from './world.ts'

/** Hangs everything that a reader of this account could trip over below the root, before the regular galleries. */
export async function growTraps(
  root: Group,
  options: WorldOptions,
  ids: Ids,
  pictures: Pictures,
  oddFiles: OddFiles,
  regular: readonly Gallery[],
): Promise<{ photos: Map<string, Photo>; favorites: FavoritesSet[] }> {
  const ordinary = root.elements.splice(0)
  const kit = new TrapKit(root, options, ids, pictures, oddFiles)
  // First in the tree, so that its photos are met before their own galleries.
  const best = kit.collection(root, 'Best of everything', { caption: 'A virtual collection', keywords: ['portfolio'] })
  kit.collection(root, 'Collection of nothing')
  await growTree(kit)
  await growNames(kit)
  const kept = await growAccess(kit)
  await growOddGalleries(kit)
  const borrowed = regular.slice(0, 3).flatMap((gallery) => [gallery.photo(0), gallery.photo(1)])
  best.link([...borrowed.filter((photo) => photo !== undefined), ...kept, await foreignPhoto(kit, root)])
  best.set.cover = kept[0]?.id ?? null
  growFavorites(kit)
  root.elements.push(...ordinary)
  return { photos: kit.photos, favorites: kit.favorites }
}

async function growTree(kit: TrapKit): Promise<void> {
  const { root } = kit
  await kit.gallery(root, 'At the root', some(3))
  kit.group(root, 'Nothing in here')
  await kit.gallery(root, 'Empty gallery', [], { caption: 'Photos will follow' })
  const one = kit.group(root, 'Clients', { caption: 'Three deep' })
  const two = kit.group(one, 'Families')
  const three = kit.group(two, 'Berger')
  await kit.gallery(three, 'Deep down', some(4), { caption: 'Zeile eins\r\nZeile zwei — “Zitat”' })
  await kit.gallery(two, 'Between', some(2))
  kit.group(three, 'Empty and deep')

  const same = kit.group(root, 'Equal titles')
  await kit.gallery(same, 'Highlights', some(3))
  await kit.gallery(same, 'Highlights', some(2))
  const twin = kit.group(same, 'Highlights')
  await kit.gallery(twin, 'Highlights', some(2))
  // Groups, photo sets and photos are numbered apart: the same number is three different things.
  const number = twin.id
  await kit.gallery(twin, 'Numbered like its group', [{ id: number }, {}], { id: number })

  const old = await kit.gallery(
    root,
    'From 2006',
    some(3, (index) => ({ id: String(327977501 + index), legacy: true, sequence: '', takenAt: '2006-06-28 08:16:42' })),
    { id: '492530544', createdAt: '2006-06-28 00:00:01' },
  )
  old.cover = '327977502'
  await kit.gallery(root, 'Cover from elsewhere', some(2), { cover: '327977501' })
}

async function growNames(kit: TrapKit): Promise<void> {
  const names = kit.group(kit.root, 'Names ../../../etc')
  const long = 'Lang '.repeat(60)
  const titles = [
    '../../outside',
    'a/b\\c:d*e?f"g<h>i|j',
    'CON',
    '.',
    '..',
    '.hidden ',
    ' leading and trailing ',
    'bell\u0007 and unit\u001f and next line\u0085 and override \u202egpj.exe',
    '👩‍👩‍👧‍👦 Família 🎉🏳️‍🌈',
    'Cafe\u0301',
    'Caf\u00e9',
    '<script>alert(1)</script> &amp; <b>bold</b>',
    "Robert'); DROP TABLE photos;--",
    '{{7*7}} $(id) %s %00',
    '=HYPERLINK("http://example.com")',
    '1234567890123456789',
    'null',
    'שלום · 日本語 · العربية',
    long.trim(),
  ]
  for (const [index, title] of titles.entries()) {
    await kit.gallery(names, title, some(1), { caption: index % 2 === 0 ? `Title was ${title}` : null })
  }
  const fileNames = [
    '../../../etc/passwd',
    'C:\\Windows\\system32\\cmd.jpg',
    'CON.jpg',
    'aux',
    'no extension',
    '.jpg',
    '..',
    ...oddNames,
  ]
  await kit.gallery(
    kit.root,
    'File names',
    fileNames.map((fileName, index) => ({
      fileName,
      title: index % 2 === 0 ? 'A title is no caption' : null,
      caption: index % 3 === 0 ? `<i>Caption</i> of “${fileName}”\nsecond line` : null,
      keywords: index % 4 === 0 ? ['a, b', ' spaced ', 'Ümläut', 'Ümläut', '<b>'] : [],
    })),
  )
}

/** Every kind of access, own and inherited. Returns photos that a collection may link, one of them private. */
async function growAccess(kit: TrapKit): Promise<Photo[]> {
  const folder = kit.group(kit.root, 'Access')
  const secret = kit.group(folder, 'Private group', { access: kit.access('Private', { mask: 'ProtectAll' }) })
  const inherited = await kit.gallery(secret, 'Inherits private', some(3))
  await kit.gallery(secret, 'Public below private', some(2), { access: kit.access('Public') })
  await kit.gallery(folder, 'For a list of users', some(2), {
    access: kit.access('UserList', { viewers: ['jane', 'joe'], mask: 'NoCollections, NoPublicSearch' }),
  })
  const guarded = kit.group(folder, 'Password group', {
    access: kit.access('Password', {
      password: 'open sesame',
      passwordHint: 'What did Ali Baba say?',
      mask: 'HideDateCreated, ProtectExif, NoRecentList',
    }),
  })
  await kit.gallery(kit.group(guarded, 'Below'), 'Inherits a password', some(3))
  await kit.gallery(guarded, 'Password of its own', some(2), {
    access: kit.access('Password', { password: 'blue', passwordHint: 'Favourite colour — “bleu”?' }),
  })
  await kit.gallery(folder, 'Password without a hint', some(1), { access: kit.access('Password', { password: 'x' }) })
  const mixed = await kit.gallery(folder, 'Private photo in a public gallery', [
    {},
    { access: kit.access('Private'), caption: 'For nobody else' },
    { access: kit.access('Password', { password: 'one', passwordHint: 'the first number' }) },
    {},
  ])
  await kit.gallery(folder, 'Protected originals', some(3), {
    access: kit.access('Public', { mask: 'ProtectOriginals, ProtectExtraLarge, ProtectXXLarge' }),
  })
  await kit.gallery(folder, 'Originals behind a password', some(2), {
    access: kit.access('Public', { mask: 'PasswordProtectOriginals, IncludeRawFilesWithOriginals', password: 'dl' }),
  })
  return [mixed.photo(1), mixed.photo(0), inherited.photo(0)].filter((photo) => photo !== undefined)
}

/** A photo of another member, whose gallery is not in this account. */
async function foreignPhoto(kit: TrapKit, root: Group): Promise<Photo> {
  const theirs: Group = { ...root, elements: [], parent: null }
  const gallery = await kit.gallery(theirs, "Another member's gallery", [{ caption: 'By a friend' }], {
    owner: 'friend',
  })
  const photo = gallery.photo(0)
  if (!photo) throw new TypeError('The gallery was made with one photo')
  return photo
}

function growFavorites(kit: TrapKit): void {
  for (const [index, name] of ['Album picks', 'Album picks', 'Für Oma 💐'].entries()) {
    kit.favorites.push({
      id: kit.freshId(500 + index),
      name,
      changeNumber: index + 1,
      sharedAt: `2021-03-0${index + 1} 10:00:00`,
      sharerName: `Visitor ${index + 1}`,
      sharerEmail: `visitor${index + 1}@example.com`,
      sharerMessage: 'These please!',
    })
  }
}
