// What becomes of each kind of thing on its way over (contract §4, `fields`), and why: one sentence each.
import { entryOf, type ProviderId, providers } from './providers.ts'

export const fieldKinds = [
  'folders',
  'sets',
  'order',
  'covers',
  'dates',
  'descriptions',
  'captions',
  'keywords',
  'access',
  'passwords',
  'expiry',
  'favourites',
  'stars',
  'videos',
  'files',
  'takenAt',
  'filenames',
] as const

export type FieldKind = (typeof fieldKinds)[number]
export type Fate = 'kept' | 'mapped' | 'not_offered' | 'lost'

export interface ExplainedField {
  kind: string
  fate: Fate
  why: string
}

/** In the order of the contract; kinds of a later version come last. */
export function explainFields(provider: string | null, fields: Record<string, string>): ExplainedField[] {
  const known: readonly string[] = fieldKinds
  const kinds = [
    ...known.filter((kind) => kind in fields),
    ...Object.keys(fields).filter((kind) => !known.includes(kind)),
  ]
  return kinds.map((kind) => ({ kind, fate: fields[kind] as Fate, why: whyOf(provider, kind, fields[kind] as Fate) }))
}

function whyOf(provider: string | null, kind: string, fate: Fate): string {
  const entry = provider !== null && Object.hasOwn(providers, provider) ? entryOf(provider as ProviderId) : null
  const note = fate === 'kept' ? undefined : entry?.notes?.[kind as FieldKind]
  return note ?? general[fate](entry?.title ?? 'The provider', kind)
}

const mapped: Partial<Record<FieldKind, (title: string) => string>> = {
  takenAt: (title) => `${title} does not tell it; each original’s own EXIF does.`,
}

const general: Record<Fate, (title: string, kind: string) => string> = {
  kept: (title, kind) => kept[kind as FieldKind] ?? `As at ${title}.`,
  mapped: (title, kind) =>
    mapped[kind as FieldKind]?.(title) ?? `${title} gives a derived form of it; that is what is kept.`,
  not_offered: (title, kind) => `${title} ${notOffered[kind as FieldKind] ?? 'does not tell it'}.`,
  lost: (title) => `${title} has it and does not tell it.`,
}

const kept: Partial<Record<FieldKind, string>> = {
  folders: 'Each gallery stays in its folder; empty folders come along.',
  sets: 'Every set, with its title and its photos.',
  order: 'Galleries, sets and photos stand in the same order.',
  covers: 'The same photo stands for its gallery.',
  dates: 'The day as it is written at the provider.',
  captions: 'Word for word.',
  keywords: 'Word for word.',
  access: 'Never wider than at the provider; what it does not tell is private here.',
  passwords: 'Sealed as they are told; nobody can read them here.',
  favourites: 'Each visitor’s list, with the photos in it.',
  videos: 'The original file, byte for byte.',
  files: 'Byte for byte.',
  takenAt: 'As the provider states it.',
  filenames: 'Letter for letter.',
}

const notOffered: Partial<Record<FieldKind, string>> = {
  folders: 'has no folders: galleries stand side by side',
  sets: 'has no sets: each gallery is one list of photos',
  covers: 'does not tell which photo is the cover',
  dates: 'tells no date of a gallery',
  descriptions: 'tells no description of a gallery',
  captions: 'tells no captions',
  keywords: 'tells no keywords of a photo',
  access: 'does not tell who may see a gallery: all of them are private here',
  passwords: 'tells nothing of passwords',
  expiry: 'tells no day on which a gallery ends',
  favourites: 'tells no favourite lists',
  stars: 'tells no stars',
  videos: 'gives no videos',
  files: 'keeps no other files',
}
