// What a survey has read of an account so far, page by page: one that is taken over goes on behind the last page.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { House } from './house.ts'
import { jsonb } from './jsonb.ts'
import type { FoundFolder, FoundGallery } from './listing.ts'

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
}

export async function surveyProgress(house: Pick<House, 'pool'>, runId: string): Promise<SurveyProgress> {
  const { rows } = await house.pool.query<{ number: number; next: string | null }>(
    'select number, next from survey_pages where run_id = $1 order by number desc limit 1',
    [runId],
  )
  const last = rows[0]
  return { pages: last ? last.number + 1 : 0, cursor: last?.next ?? undefined, complete: last?.next === null }
}

export async function recordSurveyPage(tx: Tx, runId: string, number: number, page: FoundPage): Promise<void> {
  await tx.execute(sql`
    insert into survey_pages (run_id, number, folders, galleries, next)
    values (${runId}, ${number}, ${jsonb(page.folders)}::jsonb, ${jsonb(page.galleries)}::jsonb, ${page.next})`)
}

/** Everything read, in the provider's order; what came twice counts once, at its first place. */
export async function surveyed(
  house: Pick<House, 'pool'>,
  runId: string,
): Promise<{ folders: FoundFolder[]; galleries: FoundGallery[] }> {
  const { rows } = await house.pool.query<{ folders: FoundFolder[]; galleries: FoundGallery[] }>(
    'select folders, galleries from survey_pages where run_id = $1 order by number',
    [runId],
  )
  return {
    folders: parentsFirst(firstOfEach(rows.flatMap((page) => page.folders))),
    galleries: firstOfEach(rows.flatMap((page) => page.galleries)),
  }
}

export async function forgetSurvey(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`delete from survey_pages where run_id = ${runId}`)
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
