import type { OddFiles } from '../odd-files.ts'
import type { Pictures } from '../pictures.ts'
import { growRegular, Ids, type WorldOptions } from './regular.ts'
import { growTraps } from './traps.ts'
import {
  type Access,
  type FavoritesSet,
  type Group,
  type Photo,
  photosOf,
  type RawFile,
  setsOf,
  type Totals,
  type World,
} from './world.ts'

export interface AccountOptions {
  scenario: 'plain' | 'traps'
  galleries: number
  photos: number
  seed: number
}

/** The photographer's account: traps first where the scenario has them, then the regular galleries. */
export async function openAccount(options: AccountOptions, pictures: Pictures, oddFiles: OddFiles): Promise<World> {
  const loginName = `studio-licht-${options.seed}`
  const growing: WorldOptions = { ...options, loginName, pageMaximum: options.scenario === 'plain' ? 500 : 60 }
  const ids = new Ids(options.seed)
  const root: Group = {
    kind: 'group',
    id: ids.group(0),
    parent: null,
    title: 'All Photographs',
    caption: null,
    createdAt: '2015-12-31 23:59:59',
    modifiedAt: '2025-05-05 05:05:05',
    access: { realmId: '180436196', type: 'Public', mask: 'None' },
    cover: null,
    elements: [],
  }
  const regular = growRegular(root, growing, ids, pictures)
  let kept = new Map<string, Photo>()
  let favorites: FavoritesSet[] = []
  if (options.scenario === 'traps') {
    const traps = await growTraps(root, growing, ids, pictures, oddFiles, regular)
    kept = traps.photos
    favorites = traps.favorites
  }

  const index = indexed(root, kept)
  const changed: World['changed'] = new Map()
  let sum: { of: number; totals: Totals } | null = null
  const world: World = {
    loginName,
    email: `${loginName}@example.com`,
    // Not ASCII, so that a proof over anything but UTF-8 is wrong.
    password: `Schlüssel-№-${options.seed}`,
    displayName: 'Studio Licht',
    root,
    favorites,
    ...index,
    changed,
    generation: 0,
    totals() {
      if (sum?.of !== world.generation) sum = { of: world.generation, totals: totals(root) }
      return sum.totals
    },
    photo(id) {
      const since = changed.get(id)
      if (since !== undefined) return since ?? undefined
      const numbers = ids.ofPhoto(id)
      return kept.get(id) ?? (numbers ? regular[numbers.gallery]?.photo(numbers.index) : undefined)
    },
  }
  return world
}

function indexed(root: Group, photos: Map<string, Photo>): Pick<World, 'groups' | 'sets' | 'realms' | 'file'> {
  const groups = new Map<string, Group>()
  const sets: World['sets'] = new Map()
  const realms = new Map<string, Access>()
  const files = new Map<string, { file: RawFile; gallery: ReturnType<World['file']> & object }['gallery']>()
  const addGroup = (group: Group): void => {
    groups.set(group.id, group)
    if (group.access) realms.set(group.access.realmId, group.access)
    for (const element of group.elements) if (element.kind === 'group') addGroup(element)
  }
  addGroup(root)
  for (const set of setsOf(root)) {
    sets.set(set.id, set)
    if (set.access) realms.set(set.access.realmId, set.access)
    for (const file of set.files) files.set(file.id, { file, gallery: set })
  }
  for (const { access } of photos.values()) if (access) realms.set(access.realmId, access)
  return { groups, sets, realms, file: (id) => files.get(id) }
}

function totals(root: Group): Totals {
  const sum = { galleries: 0, collections: 0, photos: 0, photoBytes: 0, files: 0, fileBytes: 0 }
  for (const set of setsOf(root)) {
    if (set.type === 'Collection') {
      sum.collections++
      continue
    }
    sum.galleries++
    sum.files += set.files.length
    for (const file of set.files) sum.fileBytes += file.size
    sum.photos += set.count
    for (const photo of photosOf(set)) sum.photoBytes += photo.size ?? 0
  }
  return sum
}
