// The tree of Groups and PhotoSets as folders and galleries. The root Group is no folder: paths start below it.
import type { Access, SourceFolder, SourceGallery } from '../connector.ts'
import type { Calls } from './calls.ts'
import type { Descriptor, Group, PhotoSet } from './wire.ts'

export interface Tree {
  folders: { folder: SourceFolder; group: Group }[]
  galleries: SourceGallery[]
}

/** Parents before children. Throws UnexpectedPage where the tree is emptier than it says of itself. */
export async function loadTree(calls: Calls, loginName: string): Promise<Tree> {
  const tree: Tree = { folders: [], galleries: [] }
  const sets: PhotoSet[] = []
  const visit = async (group: Group, folderRef: string | null, inherited: Access | null) => {
    for (const [position, child] of (await childrenOf(calls, group)).entries()) {
      const access = accessOf(child.AccessDescriptor, inherited)
      if (child.kind === 'photoSet') {
        sets.push(child)
        tree.galleries.push({ ...galleryOf(child, access), folderRef, position })
        continue
      }
      const folder = {
        ref: child.Id,
        parentRef: folderRef,
        title: child.Title ?? '',
        description: null,
        position,
        access,
      }
      tree.folders.push({ folder, group: child })
      await visit(child, child.Id, access)
    }
  }
  const root = await calls.call('LoadGroupHierarchy', loginName)
  await visit(root, null, accessOf(root.AccessDescriptor, null))
  // One set without a title or type is an odd set; all of them without is a renamed field.
  for (const field of ['Title', 'Type'] as const)
    if (sets.length > 0 && sets.every((set) => set[field] === undefined))
      throw calls.unexpected(`LoadGroupHierarchy: PhotoSet.${field}`, Object.keys(sets[0] ?? {}).join(' '))
  return tree
}

/** In the order of `Elements`, or of GroupIndex where every sibling has one of its own. */
async function childrenOf(calls: Calls, group: Group): Promise<(Group | PhotoSet)[]> {
  const stated = group.ImmediateChildrenCount
  let elements = group.Elements ?? []
  if (elements.length === 0 && (group.Elements === null ? stated !== 0 : stated)) {
    elements = (await calls.call('LoadGroup', group.Id, 'Level1', true)).Elements ?? []
    if (elements.length === 0 && stated)
      throw calls.unexpected('LoadGroup: Elements where ImmediateChildrenCount states some')
  }
  if (stated && elements.length < stated)
    calls.context.note('group with fewer children than stated', { stated, got: elements.length })
  const places = new Set(elements.flatMap((element) => element.GroupIndex ?? []))
  if (places.size < elements.length) return elements
  return elements.toSorted((a, b) => (a.GroupIndex ?? 0) - (b.GroupIndex ?? 0))
}

/** A descriptor that came along is the effective one; one that only says "derived" has its parent's type. */
export function accessOf(descriptor: Descriptor, inherited: Access | null): Access | null {
  switch (descriptor?.AccessType) {
    case 'Public':
      return 'public'
    case 'Private':
    case 'UserList':
      return 'private'
    case 'Password':
      return 'password'
    default:
      return descriptor?.IsDerived ? inherited : null
  }
}

function galleryOf(set: PhotoSet, access: Access | null): Omit<SourceGallery, 'folderRef' | 'position'> {
  return {
    ref: set.Id,
    title: set.Title ?? '',
    virtual: set.Type === 'Collection',
    statedCount: statedCount(set),
    statedBytes: sum(set.PhotoBytes, isVirtual(set) ? 0 : (set.FileBytes ?? 0)),
    access,
    date: set.CreatedOn?.day ?? null,
    coverRef: set.TitlePhoto?.Id ?? null,
    changeToken: changeToken(set),
  }
}

export const isVirtual = (set: PhotoSet): boolean => set.Type === 'Collection'

/** Pictures and videos together. */
export function statedPictures(set: PhotoSet): number | null {
  return set.PhotoCount ?? sum(set.ImageCount, set.VideoCount)
}

/** Pictures, videos and files; a Collection only places pictures. */
export function statedCount(set: PhotoSet): number | null {
  return sum(statedPictures(set), isVirtual(set) ? 0 : (set.FileCount ?? 0))
}

function sum(a: number | null | undefined, b: number | null | undefined): number | null {
  return a == null || b == null ? null : a + b
}

/** TextCn and PhotoListCn change with texts and photos; neither is known to follow access, so that goes in as well. */
function changeToken(set: PhotoSet): string | null {
  if (set.TextCn == null || set.PhotoListCn == null) return null
  const access = set.AccessDescriptor
  const modified = set.ModifiedOn && `${set.ModifiedOn.day} ${set.ModifiedOn.time}`
  return JSON.stringify([set.TextCn, set.PhotoListCn, modified, access?.AccessType ?? null, access?.RealmId ?? null])
}
