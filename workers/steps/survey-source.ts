// Signs in and reads folders and galleries with their counts; what was found, held against the ledger, is the plan. It
// enters the ledger when the run is started. Running twice plans the same again and changes nothing.

import { sql } from 'drizzle-orm'
import type { House } from '#server/house.ts'
import { jsonb } from '#server/jsonb.ts'
import { announce } from '#server/live.ts'
import { planTotals, recordPlan } from '#server/plans.ts'
import { planRun, type RunFacts, runFacts } from '#server/runs.ts'
import { recordHealth } from '#server/sources.ts'
import {
  emptied,
  forgetSurvey,
  recordSurveyFavourites,
  recordSurveyPage,
  surveyed,
  surveyProgress,
} from '#server/surveys.ts'
import {
  type Abilities,
  Challenge,
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
    const handedOver = await sessions.handedOver(run.sourceId!)
    await planRun(house, run.id, { ...plan, handedOver }, fields)
  })
}

async function survey(
  job: Job<'survey-source'>,
  house: House,
  run: RunFacts,
  session: SourceSession,
  abilities: Abilities,
) {
  const account = run.account ?? (await accountOf(job, house, run, session))
  await readPages(job, house, run.id, session)
  await refuseEmptied(job, run)
  return house.db.transaction(async (tx) => {
    const found = (await surveyed(tx, run.id))!
    const { repeated, folders } = await recordPlan(tx, { ...run, sourceId: run.sourceId! }, found)
    const totals = await planTotals(tx, run.id, account)
    const fields = fieldsOf(abilities, found.favouritesWhole ? found.favourites : null)
    const plan = {
      account: account.name,
      folders: found.folders.length,
      favouriteLists: found.favourites?.length ?? null,
      repeated,
      foldersRenamed: folders.renamed,
      foldersMoved: folders.moved,
      ...totals,
      fields,
    }
    return { plan, fields }
  })
}

/** Asked once: whoever takes this survey over finds the answer with the run. */
async function accountOf(job: Job<'survey-source'>, house: House, run: RunFacts, session: SourceSession) {
  const { ref = null, ...account } = await session.account()
  await recordHealth(house, run.sourceId!, 'ok', null, { name: account.name, ref })
  await job.checkpoint(async (tx) => {
    await tx.execute(sql`update runs set account = ${jsonb(account)}::jsonb where id = ${run.id}`)
  })
  announce(house, run.id)
  return account
}

/** An account that showed galleries before and shows none now is suspected of holding them back, never believed. */
async function refuseEmptied(job: Job<'survey-source'>, run: RunFacts): Promise<void> {
  const missing = await job.checkpoint(async (tx) => {
    const galleries = await emptied(tx, run.id, run.sourceId!)
    // Whoever resumes wants it looked at anew.
    if (galleries > 0) await forgetSurvey(tx, run.id)
    return galleries
  })
  if (missing === 0) return
  throw new Challenge(
    `The account shows no galleries at all, and it had ${missing} when it was read before. Look at it in a browser: if they are there, resume; if it was emptied, cancel this run, and what was moved stays.`,
  )
}

/** What another worker has read is not asked for again. */
async function readPages(job: Job<'survey-source'>, house: House, runId: string, session: SourceSession) {
  let { pages, cursor, complete, favourites } = await surveyProgress(house, runId)
  if (!complete) {
    for await (const page of session.galleries(cursor)) {
      await job.checkpoint((tx) => recordSurveyPage(tx, runId, pages, page))
      pages++
      cursor = page.next ?? undefined
      complete = page.next === null
      announce(house, runId)
      if (job.signal.aborted && !complete) throw job.signal.reason
    }
  }
  if (!complete) throw new Error('the account ended without a last page')
  if (favourites) return
  const found = await surveyed(house.db, runId)
  const { lists, whole } = await favouritesOf(session, found?.galleries.map(({ ref }) => ref) ?? [])
  await job.checkpoint((tx) => recordSurveyFavourites(tx, runId, pages, lists, whole))
}

/** Those that the provider lets us see: the account does not wait for the others, the report says lost. */
async function favouritesOf(
  session: SourceSession,
  galleries: string[],
): Promise<{ lists: FavouriteList[] | null; whole: boolean }> {
  const lists: FavouriteList[] = []
  try {
    for await (const list of session.favourites?.(galleries) ?? []) lists.push(list)
    return { lists, whole: true }
  } catch (error) {
    if (!(error instanceof NotAvailable || error instanceof NotFound)) throw error
    return { lists: lists.length > 0 ? lists : null, whole: false }
  }
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
    takenAt: abilities.takenAt ? 'kept' : 'mapped',
    filenames: 'kept',
  }
}
