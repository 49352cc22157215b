// A surveyed account held against the ledger of the same source: what is new, changed, moved, the same or gone, and why.
import { storable } from './jsonb.ts'
import type { Access, FoundFolder, FoundGallery } from './listing.ts'

export type Difference = 'new' | 'changed' | 'moved' | 'same' | 'gone'

/** Why a gallery is looked at. `was` and `now` are as the provider told it then and tells it now. */
export type Reason =
  /** Its last run left photos failed, skipped or on their way, or it needs a look. */
  | { what: 'undone'; failed: number; skipped: number }
  /** It was gone and is there again. */
  | { what: 'back' }
  | { what: 'count'; stated: number; here: number }
  | { what: 'title' | 'date' | 'access'; was: string | null; now: string | null }
  | { what: 'cover' | 'kind' }
  /** Its change token differs, and nothing that can be named. */
  | { what: 'content' }
  /** The provider does not tell whether it changed. */
  | { what: 'untold' }
  | { what: 'folder'; was: string[]; now: string[] }
  | { what: 'position' }

/** What a survey tells of a gallery, kept with it for the next one. */
export interface Surveyed {
  title: string
  date: string | null
  access: Access | null
  coverRef: string | null
  virtual: boolean
  statedCount: number | null
}

export interface LedgerGallery {
  id: number
  ref: string
  folderRef: string | null
  path: string[]
  position: number
  ordinal: number
  title: string
  date: string | null
  virtual: boolean
  statedCount: number | null
  /** Photos of it in the library, as the provider counts them. */
  here: number
  /** Listed, copied, rendered and published, all of it. */
  through: boolean
  failed: number
  skipped: number
  changeToken: string | null
  /** null where no survey that kept it has told of it. */
  surveyed: Surveyed | null
  gone: boolean
  /** It waits to be removed here: nothing of it is moved, whatever changed. */
  deleted: boolean
}

export interface LedgerFolder {
  ref: string
  parentRef: string | null
  title: string
}

export interface ComparedGallery {
  ref: string
  galleryId: number | null
  ordinal: number
  /** Titles and refs of its folders, from the top down. */
  path: string[]
  folderRefs: string[]
  title: string
  date: string | null
  virtual: boolean
  archived: boolean
  statedCount: number | null
  statedBytes: number | null
  /** Photos of it in the library; null for new ones. */
  here: number | null
  difference: Difference
  reasons: Reason[]
}

type Ordered = FoundGallery & { ordinal: number }

/** In the order of the account; what is gone comes last. Galleries that were gone before are no difference. */
export function compare(folders: FoundFolder[], found: Ordered[], ledger: LedgerGallery[]): ComparedGallery[] {
  const known = new Map(ledger.map((gallery) => [gallery.ref, gallery]))
  const wayTo = waysOf(folders)
  const displaced = outOfPlace(found, known)
  const here = found.map((gallery): ComparedGallery => {
    const before = known.get(gallery.ref)
    const { ref, ordinal, title, date, virtual, archived = false, statedCount, statedBytes } = gallery
    const way = wayTo(gallery.folderRef)
    const place = { path: way.map((folder) => folder.title), folderRefs: way.map((folder) => folder.ref) }
    return {
      ...{ ref, ordinal, ...place, title, date, virtual, archived, statedCount, statedBytes },
      galleryId: before?.id ?? null,
      here: before?.here ?? null,
      ...(before ? differenceOf(gallery, place.path, before, displaced.has(ref)) : { difference: 'new', reasons: [] }),
    }
  })
  const there = new Set(found.map((gallery) => gallery.ref))
  const gone = ledger.filter((gallery) => !there.has(gallery.ref) && !gallery.gone)
  return [
    ...here,
    ...gone.toSorted((a, b) => a.ordinal - b.ordinal).map((gallery, i) => goneOf(gallery, found.length + i)),
  ]
}

/** Folders that have another title, or lie elsewhere: galleries in them stay what they are. */
export function compareFolders(found: FoundFolder[], ledger: LedgerFolder[]): { renamed: number; moved: number } {
  const known = new Map(ledger.map((folder) => [folder.ref, folder]))
  const both = found.flatMap((folder) => {
    const before = known.get(folder.ref)
    return before ? [{ folder, before }] : []
  })
  return {
    renamed: both.filter(({ folder, before }) => folder.title !== before.title).length,
    moved: both.filter(({ folder, before }) => folder.parentRef !== before.parentRef).length,
  }
}

/** One sentence without a full stop; empty where nothing is to be said. */
export function reasonWords(reasons: Reason[]): string {
  return reasons.map(wordsOf).join('; ')
}

function wordsOf(reason: Reason): string {
  const named = (value: string | null) => (value === null ? 'none' : `“${value}”`)
  const place = (path: string[]) => (path.length > 0 ? `“${path.join(' / ')}”` : 'the top')
  switch (reason.what) {
    case 'undone': {
      const left = [
        reason.failed && `${count(reason.failed)} failed`,
        reason.skipped && `${count(reason.skipped)} skipped`,
      ]
      return `not finished last time${left.some(Boolean) ? ` (${left.filter(Boolean).join(', ')})` : ''}`
    }
    case 'back':
      return 'was gone, is there again'
    case 'count':
      return `${count(reason.stated)} ${reason.stated === 1 ? 'photo' : 'photos'} stated, ${count(reason.here)} here`
    case 'title':
      return `was called ${named(reason.was)}`
    case 'date':
    case 'access':
      return `${reason.what} was ${named(reason.was)}, is ${named(reason.now)}`
    case 'cover':
      return 'another cover'
    case 'kind':
      return 'another kind of gallery'
    case 'content':
      return 'something in it changed'
    case 'untold':
      return 'looked through: the provider does not tell whether it changed'
    case 'folder':
      return `moved from ${place(reason.was)} to ${place(reason.now)}`
    case 'position':
      return 'another place in its folder'
  }
}

const whole = new Intl.NumberFormat('en')
const count = (value: number) => whole.format(value)

function differenceOf(
  now: Ordered,
  path: string[],
  before: LedgerGallery,
  displaced: boolean,
): { difference: Difference; reasons: Reason[] } {
  if (before.deleted) return { difference: 'same', reasons: [] }
  const reasons = changesOf(now, before)
  const moves: Reason[] = []
  if (now.folderRef !== before.folderRef) moves.push({ what: 'folder', was: before.path, now: path })
  else if (displaced) moves.push({ what: 'position' })
  if (reasons.length > 0) return { difference: 'changed', reasons: [...reasons, ...moves] }
  return moves.length > 0 ? { difference: 'moved', reasons: moves } : { difference: 'same', reasons: [] }
}

/** Empty: its token is equal, what the survey told is equal, and everything of it is through. */
function changesOf(now: Ordered, before: LedgerGallery): Reason[] {
  const reasons: Reason[] = []
  const { failed, skipped, surveyed, here } = before
  if (before.gone) reasons.push({ what: 'back' })
  else if (!before.through || failed > 0 || skipped > 0) reasons.push({ what: 'undone', failed, skipped })
  const was = storableFacts(surveyed)
  const is = storableFacts(now)
  const counts = was?.statedCount !== is?.statedCount
  if (was && is) {
    for (const what of ['title', 'date', 'access'] as const)
      if (was[what] !== is[what]) reasons.push({ what, was: was[what], now: is[what] })
    if (was.coverRef !== is.coverRef) reasons.push({ what: 'cover' })
    if (was.virtual !== is.virtual) reasons.push({ what: 'kind' })
  }
  const untold = !was || now.changeToken === null || before.changeToken === null
  const other = !untold && now.changeToken !== before.changeToken
  const looked = reasons.length > 0 || counts || untold || other
  if (looked && now.statedCount !== null && now.statedCount !== here)
    reasons.unshift({ what: 'count', stated: now.statedCount, here })
  if (reasons.length > 0) return reasons
  if (untold) return [{ what: 'untold' }]
  return other || counts ? [{ what: 'content' }] : []
}

/** What was kept has been through the database, which takes not every letter. */
function storableFacts(facts: Surveyed | null): Surveyed | null {
  return facts && { ...facts, title: storable(facts.title) }
}

function goneOf(gallery: LedgerGallery, ordinal: number): ComparedGallery {
  const { id, ref, path, title, date, virtual, statedCount, here } = gallery
  return {
    ...{
      ref,
      ordinal,
      path,
      folderRefs: [],
      title,
      date,
      virtual,
      archived: false,
      statedCount,
      statedBytes: null,
      here,
    },
    galleryId: id,
    difference: 'gone',
    reasons: [],
  }
}

/** Folders from the top down to one. */
function waysOf(folders: FoundFolder[]): (ref: string | null) => FoundFolder[] {
  const byRef = new Map(folders.map((folder) => [folder.ref, folder]))
  return (ref) => {
    const way: FoundFolder[] = []
    for (let at = byRef.get(ref ?? ''); at && way.length < byRef.size; at = byRef.get(at.parentRef ?? ''))
      way.unshift(at)
    return way
  }
}

/**
 * Galleries that stayed in their folder and changed places with their neighbours: the fewest without which the others
 * stand in the order they had. One that is new or gone displaces nobody.
 */
function outOfPlace(found: Ordered[], known: Map<string, LedgerGallery>): Set<string> {
  const displaced = new Set<string>()
  const stayed = found.filter((gallery) => known.get(gallery.ref)?.folderRef === gallery.folderRef)
  for (const siblings of Map.groupBy(stayed, (gallery) => gallery.folderRef).values()) {
    const inOrder = siblings.toSorted((a, b) => a.position - b.position)
    const kept = longestRising(inOrder.map((gallery) => known.get(gallery.ref)!.position))
    inOrder.forEach((gallery, i) => {
      if (!kept.has(i)) displaced.add(gallery.ref)
    })
  }
  return displaced
}

/** Indexes of a longest subsequence that never falls (patience sorting). */
function longestRising(values: number[]): Set<number> {
  const ends: number[] = []
  const before: number[] = []
  values.forEach((value, i) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (values[ends[middle]!]! <= value) low = middle + 1
      else high = middle
    }
    before[i] = low > 0 ? ends[low - 1]! : -1
    ends[low] = i
  })
  const kept = new Set<number>()
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i]!) kept.add(i)
  return kept
}
