// What a survey has read of an account so far, page by page: one that is taken over goes on behind the last page. It is
// kept until the run is started, since only then it enters the ledger.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { House } from './house.ts'
import { jsonb } from './jsonb.ts'
import type { FoundFavourites, FoundFolder, FoundGallery } from './listing.ts'

export interface FoundPage {
  folders: FoundFolder[]
  galleries: FoundGallery[]
  next: string | null
}

export interface SurveyProgress {
  pages: number
  /** Where reading goes on; undefined at the beginning. */
  cursor: string | undefined
  complete: boolean
  /** Favourite lists were asked for, behind the last page. */
  favourites: boolean
}

export async function surveyProgress(house: Pick<House, 'pool'>, runId: string): Promise<SurveyProgress> {
  const { rows } = await house.pool.query<{ number: number; next: string | null; favourites: boolean }>(
    'select number, next, favourites is not null as favourites from survey_pages where run_id = $1 order by number desc limit 1',
    [runId],
  )
  const last = rows[0]
  return {
    pages: last ? last.number + 1 : 0,
    cursor: last?.next ?? undefined,
    complete: last?.next === null,
    favourites: last?.favourites ?? false,
  }
}

export async function recordSurveyPage(tx: Tx, runId: string, number: number, page: FoundPage): Promise<void> {
  await tx.execute(sql`
    insert into survey_pages (run_id, number, folders, galleries, next)
    values (${runId}, ${number}, ${jsonb(page.folders)}::jsonb, ${jsonb(page.galleries)}::jsonb, ${page.next})`)
}

/** null: the provider does not let us see them. `whole` false: not those of every gallery. */
export async function recordSurveyFavourites(
  tx: Tx,
  runId: string,
  number: number,
  lists: FoundFavourites[] | null,
  whole = lists !== null,
): Promise<void> {
  await tx.execute(sql`
    insert into survey_pages (run_id, number, folders, galleries, favourites, next)
    values (${runId}, ${number}, '[]', '[]', ${jsonb({ lists, whole })}::jsonb, null)`)
}

export interface SurveyedAccount {
  folders: FoundFolder[]
  /** In the order of the account. */
  galleries: (FoundGallery & { ordinal: number })[]
  favourites: FoundFavourites[] | null
  /** False where some could not be seen. */
  favouritesWhole: boolean
}

/** Everything read; what came twice counts once, at its first place. null where nothing is kept. */
export async function surveyed(tx: Tx, runId: string): Promise<SurveyedAccount | null> {
  const { rows } = await tx.execute<{
    folders: FoundFolder[]
    galleries: FoundGallery[]
    favourites: { lists: FoundFavourites[] | null; whole: boolean } | null
  }>(sql`select folders, galleries, favourites from survey_pages where run_id = ${runId} order by number`)
  if (rows.length === 0) return null
  const favourites = rows.find((page) => page.favourites)?.favourites
  const folders = parentsFirst(firstOfEach(rows.flatMap((page) => page.folders)))
  return {
    folders,
    galleries: inOrder(folders, firstOfEach(rows.flatMap((page) => page.galleries))),
    favourites: favourites?.lists ?? null,
    favouritesWhole: favourites?.whole ?? false,
  }
}

/**
 * Depth first, folders and galleries by their place among siblings; each gallery once, in its first place. Those in
 * folders that hang nowhere come last.
 */
export function inOrder(folders: FoundFolder[], galleries: FoundGallery[]): (FoundGallery & { ordinal: number })[] {
  const inside = Map.groupBy(
    [
      ...folders.map((folder) => ({ folder, in: folder.parentRef, position: folder.position })),
      ...galleries.map((gallery) => ({ gallery, in: gallery.folderRef, position: gallery.position })),
    ],
    (item) => item.in,
  )
  const ordered = new Map<string, FoundGallery>()
  const enter = (gallery: FoundGallery) => {
    if (!ordered.has(gallery.ref)) ordered.set(gallery.ref, gallery)
  }
  const walk = (ref: string | null) => {
    const items = inside.get(ref) ?? []
    for (const item of items.toSorted((a, b) => a.position - b.position)) {
      if ('gallery' in item) enter(item.gallery)
      else walk(item.folder.ref)
    }
  }
  walk(null)
  galleries.forEach(enter)
  return [...ordered.values()].map((gallery, ordinal) => ({ ...gallery, ordinal }))
}

export async function forgetSurvey(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`delete from survey_pages where run_id = ${runId}`)
}

/** Galleries that the source is known to hold where this survey has found none at all; 0 where it has found some. */
export async function emptied(tx: Tx, runId: string, sourceId: string): Promise<number> {
  const { rows } = await tx.execute<{ n: number }>(sql`
    select count(*)::int as n from galleries where source_id = ${sourceId} and gone_at is null and deletion_id is null
      and not exists (select from survey_pages where run_id = ${runId} and galleries <> '[]'::jsonb)`)
  return rows[0]!.n
}

function firstOfEach<Found extends { ref: string }>(all: Found[]): Found[] {
  const first = new Map<string, Found>()
  for (const found of all) if (!first.has(found.ref)) first.set(found.ref, found)
  return [...first.values()]
}

/** A folder whose parent is nowhere, or below itself, stands at the top. */
function parentsFirst(folders: FoundFolder[]): FoundFolder[] {
  const byRef = new Map(folders.map((folder) => [folder.ref, folder]))
  const ordered = new Map<string, FoundFolder>()
  const enter = (folder: FoundFolder, below: Set<string>) => {
    if (ordered.has(folder.ref)) return
    const parent = folder.parentRef === null ? undefined : byRef.get(folder.parentRef)
    const hangs = parent !== undefined && !below.has(parent.ref)
    if (hangs) enter(parent, new Set([...below, folder.ref]))
    ordered.set(folder.ref, hangs ? folder : { ...folder, parentRef: null })
  }
  for (const folder of folders) enter(folder, new Set())
  return [...ordered.values()]
}
