// Signs in and reads folders and galleries with their counts; what was found is the plan. Running twice enters the same
// rows again and changes nothing.
import { sql } from 'drizzle-orm'
import type { House } from '#server/house.ts'
import { jsonb } from '#server/jsonb.ts'
import { type FoundFolder, type FoundGallery, recordFolders, recordGalleries } from '#server/listing.ts'
import { announce } from '#server/live.ts'
import { Refusal } from '#server/refusal.ts'
import { planRun, type RunFacts, runFacts } from '#server/runs.ts'
import { recordHealth } from '#server/sources.ts'
import { recordSurveyPage, surveyed, surveyProgress } from '#server/surveys.ts'
import {
  type Abilities,
  type FavouriteList,
  NotAvailable,
  NotFound,
  type SourceSession,
} from '../connectors/connector.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'
import { guarded } from '../trouble.ts'

export async function surveySource(job: Job<'survey-source'>, { house, sessions }: Tools): Promise<void> {
  const run = await runFacts(house, job.payload.runId)
  if (run.state !== 'surveying' || !run.sourceId) return
  await guarded(job, house, { runId: run.id, galleryId: null }, async () => {
    const { plan, fields } = await sessions.with(run.sourceId!, (session, connector) =>
      survey(job, house, run, session, connector.abilities),
    )
    await planRun(house, run.id, plan, fields)
  })
}

async function survey(
  job: Job<'survey-source'>,
  house: House,
  run: RunFacts,
  session: SourceSession,
  abilities: Abilities,
) {
  const source = { id: run.sourceId!, clientId: run.clientId }
  const account = run.account ?? (await accountOf(job, house, run, session))
  await readPages(job, house, run.id, session)
  const { folders, galleries: found } = await surveyed(house, run.id)
  const wanted = chosen(inOrder(folders, found), run.only)
  const lists = await favouritesOf(session)
  await house.db.transaction(async (tx) => {
    await recordFolders(tx, source, folders)
    for (let i = 0; i < wanted.length; i += 500) {
      await recordGalleries(tx, { id: run.id, clientId: run.clientId, sourceId: source.id }, wanted.slice(i, i + 500))
    }
    for (const list of lists ?? []) {
      await tx.execute(sql`
        insert into favourites (client_id, source_id, run_id, gallery_ref, ref, name, owner, photo_refs)
        values (${run.clientId}, ${source.id}, ${run.id}, ${list.galleryRef}, ${list.ref}, ${list.name}, ${list.owner}, ${list.photoRefs ? jsonb(list.photoRefs) : null}::jsonb)
        on conflict (client_id, source_id, gallery_ref, ref) do update set run_id = excluded.run_id, name = excluded.name,
          owner = excluded.owner, photo_refs = excluded.photo_refs`)
    }
  })
  const own = wanted.filter((gallery) => !gallery.virtual)
  const photos = sumOf(own.map((gallery) => gallery.statedCount)) ?? account.photos
  const bytes = run.only
    ? sumOf(own.map((gallery) => gallery.statedBytes))
    : (account.bytes ?? sumOf(own.map((gallery) => gallery.statedBytes)))
  const fields = fieldsOf(abilities, lists)
  return {
    fields,
    plan: {
      account: account.name,
      folders: folders.length,
      galleries: wanted.length,
      collections: wanted.length - own.length,
      photos,
      bytes,
      favouriteLists: lists?.length ?? null,
      secondsExpected: secondsExpected(photos ?? 0, bytes),
      fields,
    },
  }
}

/** Asked once: whoever takes this survey over finds the answer with the run. */
async function accountOf(job: Job<'survey-source'>, house: House, run: RunFacts, session: SourceSession) {
  const { ref = null, ...account } = await session.account()
  await recordHealth(house, run.sourceId!, 'ok', null, account.name)
  await job.checkpoint(async (tx) => {
    await tx.execute(sql`update sources set account_ref = coalesce(${ref}, account_ref) where id = ${run.sourceId}`)
    await tx.execute(sql`update runs set account = ${jsonb(account)}::jsonb where id = ${run.id}`)
  })
  announce(house, run.id)
  return account
}

/** What another worker has read is not asked for again. */
async function readPages(job: Job<'survey-source'>, house: House, runId: string, session: SourceSession) {
  let { pages, cursor, complete } = await surveyProgress(house, runId)
  if (complete) return
  for await (const page of session.galleries(cursor)) {
    await job.checkpoint((tx) => recordSurveyPage(tx, runId, pages, page))
    pages++
    cursor = page.next ?? undefined
    complete = page.next === null
    if (job.signal.aborted && !complete) throw job.signal.reason
  }
  if (!complete) throw new Error('the account ended without a last page')
}

/**
 * Depth first, folders and galleries by their place among siblings; each gallery once, in its first place. Those in
 * folders that hang nowhere come last.
 */
/** null where the provider does not let us see them: the account does not wait for them, the report says lost. */
async function favouritesOf(session: SourceSession): Promise<FavouriteList[] | null> {
  if (!session.favourites) return []
  try {
    return await Array.fromAsync(session.favourites())
  } catch (error) {
    if (error instanceof NotAvailable || error instanceof NotFound) return null
    throw error
  }
}

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

function chosen<G extends { ref: string }>(galleries: G[], only: string[] | null): G[] {
  if (!only) return galleries
  const wanted = new Set(only)
  const taken = galleries.filter((gallery) => wanted.delete(gallery.ref))
  if (wanted.size > 0)
    throw new Refusal('unknown_gallery', 422, `The account has no gallery ${[...wanted].join(', ')}.`)
  return taken
}

/** Kept, mapped, not offered or lost, for each kind of contract §4. */
function fieldsOf(abilities: Abilities, lists: FavouriteList[] | null): Record<string, string> {
  const offered = (yes: boolean) => (yes ? 'kept' : 'not_offered')
  return {
    folders: offered(abilities.folders),
    sets: offered(abilities.sets !== 'none'),
    order: 'kept',
    covers: offered(abilities.covers),
    dates: offered(abilities.dates),
    descriptions: offered(abilities.descriptions),
    captions: offered(abilities.captions),
    keywords: offered(abilities.keywords),
    access: offered(abilities.access),
    passwords: { known: 'kept', required: 'lost', none: 'not_offered' }[abilities.passwords],
    expiry: offered(abilities.expiry),
    favourites: !abilities.favourites
      ? 'not_offered'
      : lists?.every((list) => list.photoRefs !== null)
        ? 'kept'
        : 'lost',
    stars: offered(abilities.stars),
    videos: { original: 'kept', derived: 'mapped', none: 'not_offered' }[abilities.videos],
    files: offered(abilities.files),
    takenAt: offered(abilities.takenAt),
    filenames: 'kept',
  }
}

function sumOf(numbers: (number | null)[]): number | null {
  const known = numbers.filter((n) => n !== null)
  return known.length > 0 ? known.reduce((sum, n) => sum + n, 0) : null
}

/** A range: between a fast line with two workers' rendering and a slow provider. */
function secondsExpected(photos: number, bytes: number | null): [number, number] {
  const size = bytes ?? photos * 6e6
  return [Math.ceil(Math.max(photos / 60, size / 100e6)), Math.ceil(Math.max(photos / 8, size / 10e6))]
}
