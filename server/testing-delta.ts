// For tests of runs that look through an account once more: an account as its provider tells it, what the steps make of
// it, and what is in the library then.
import { expect } from 'vitest'
import { checkForChanges, plannedGalleries } from './delta.ts'
import type { House } from './house.ts'
import { type Outcome, settle } from './ledger.ts'
import { type FoundFolder, type FoundGallery, type FoundPhoto, type ListedGallery, recordPage } from './listing.ts'
import { planTotals, recordPlan } from './plans.ts'
import { publishGallery, reconciliationOf } from './reconcile.ts'
import { writeReport } from './reports.ts'
import { createMigration, planRun, runFacts, startRun } from './runs.ts'
import { recordSurveyFavourites, recordSurveyPage, surveyed } from './surveys.ts'
import { aSource, countedAndRecounted, forgetJobs, foundGallery, foundPhoto, jobsOf } from './testing.ts'
import { sha, storedOutcome } from './testing-outcomes.ts'

export interface Account {
  folders?: FoundFolder[]
  galleries: (Partial<FoundGallery> & { ref: string })[]
  favourites?: string[]
}

export interface Source {
  clientId: string
  sourceId: string
}

export const folder = (ref: string, title = `Folder ${ref}`): FoundFolder => ({
  ...{ ref, parentRef: null, title, description: null, position: 50, access: null },
})

/** As the survey does it: page, favourites, plan. */
async function planned(house: House, source: Source, account: Account, made: { id: string }): Promise<string> {
  const run = await runFacts(house, made.id)
  const galleries = account.galleries.map((gallery, position) => ({
    ...foundGallery(gallery.ref),
    position,
    changeToken: 'one',
    statedCount: 2,
    ...gallery,
  }))
  const lists = (account.favourites ?? []).map((ref) => ({
    ...{ ref, galleryRef: null, name: `List ${ref}`, owner: null, photoRefs: null },
  }))
  await house.db.transaction(async (tx) => {
    await recordSurveyPage(tx, run.id, 0, { folders: account.folders ?? [], galleries, next: null })
    await recordSurveyFavourites(tx, run.id, 1, lists)
  })
  const plan = await house.db.transaction(async (tx) => {
    const found = (await surveyed(tx, run.id))!
    await recordPlan(tx, { ...run, ...source }, found)
    return planTotals(tx, run.id, null)
  })
  await planRun(house, run.id, { ...plan }, {})
  return run.id
}

export async function migration(house: House, source: Source, account: Account, only?: string[]): Promise<string> {
  const input = { sourceId: source.sourceId, renditions: ['thumb'], only, autoStart: false }
  return planned(house, source, account, await createMigration(house, 'test', input))
}

export async function repeated(house: House, source: Source, account: Account, of: string): Promise<string> {
  return planned(house, source, account, await checkForChanges(house, 'test', { runId: of }, { autoStart: false }))
}

export async function galleryOf(
  house: House,
  source: Source,
  ref: string,
): Promise<ListedGallery & Record<string, unknown>> {
  const { rows } = await house.pool.query(
    `select *, run_id as "runId", client_id as "clientId", source_id as "sourceId" from galleries where source_id = $1 and ref = $2`,
    [source.sourceId, ref],
  )
  return rows[0]
}

export const list = async (house: House, source: Source, ref: string, photos: FoundPhoto[]) => {
  const gallery = await galleryOf(house, source, ref)
  await house.pool.query('update galleries set built_at = now(), expected_count = $2 where id = $1', [
    gallery.id,
    photos.length,
  ])
  await house.db.transaction((tx) => recordPage(tx, house.queues, gallery, { photos, next: null }, null))
  // As the gallery's detail tells them.
  await house.pool.query(
    `update sets s set position = o.place from (select id, row_number() over (order by id) as place from sets where gallery_id = $1) o
     where s.id = o.id`,
    [gallery.id],
  )
}

/** Whatever is to be copied or rendered in a gallery comes, and the gallery is looked at. */
export async function broughtThrough(house: House, source: Source, ref: string, version = 0) {
  const gallery = await galleryOf(house, source, ref)
  for (const from of ['listed', 'stored'] as const) {
    const { rows } = await house.pool.query<{ id: number }>(
      'select id from photos where gallery_id = $1 and state = $2',
      [gallery.id, from],
    )
    const outcomes = rows.map(({ id }): Outcome => {
      if (from === 'stored')
        return { id, attempts: 0, to: 'rendered', rendition: 'ok', width: 3, height: 2, takenAt: null }
      return storedOutcome({ id }, { sha256: sha(id * 10 + version), bytes: 10 + version, render: true })
    })
    await settle(house.db, house.queues, { id: gallery.runId, clientId: source.clientId }, 'test', from, outcomes)
  }
  return house.db.transaction(async (tx) => {
    const verdict = await reconciliationOf(tx, gallery, [])
    if (verdict !== 'moving') await publishGallery(tx, house.queues, gallery, verdict)
    return verdict
  })
}

export const pair = (ref: string) => [foundPhoto(ref, 'p0'), foundPhoto(ref, 'p1')]

/** A first migration of these galleries, each with the two photos p0 and p1 unless told otherwise, through to its end. */
export async function migrated(house: House, account: Account, photos: Record<string, FoundPhoto[]> = {}) {
  const source = await aSource(house)
  const run = await migration(house, source, account)
  await startRun(house, 'test', run)
  for (const { ref } of account.galleries) {
    await list(house, source, ref, photos[ref] ?? pair(ref))
    expect(await broughtThrough(house, source, ref)).toBeNull()
  }
  expect((await runFacts(house, run)).state).toBe('done')
  await forgetJobs(house)
  return { source, run }
}

/** Everything of one source in the library, as rows. */
export async function library(house: House, { sourceId }: Source) {
  const rowsOf = async (text: string) => (await house.pool.query(text, [sourceId])).rows
  return {
    folders: await rowsOf('select * from folders where source_id = $1 order by id'),
    galleries: await rowsOf('select * from galleries where source_id = $1 order by id'),
    favourites: await rowsOf('select * from favourites where source_id = $1 order by id'),
    photos: await rowsOf(
      'select p.* from photos p join galleries g on g.id = p.gallery_id where g.source_id = $1 order by p.id',
    ),
    placements: await rowsOf(
      'select l.* from placements l join sets s on s.id = l.set_id join galleries g on g.id = s.gallery_id where g.source_id = $1 order by l.set_id, l.photo_id',
    ),
  }
}

export const photosOf = async (house: House, source: Source, ref: string) => {
  const { rows } = await house.pool.query(
    `select p.id, p.ref, p.state, p.caption, p.code, p.run_id as run, encode(p.sha256, 'hex') as sha256,
       encode(p.replaced_sha256, 'hex') as replaced, (select l.position from placements l join sets s on s.id = l.set_id
         where l.photo_id = p.id and s.gallery_id = p.gallery_id) as position
     from photos p join galleries g on g.id = p.gallery_id where g.source_id = $1 and g.ref = $2 order by p.ref`,
    [source.sourceId, ref],
  )
  return rows
}

export async function countsAgree(house: House, run: string) {
  const { counted, recounted } = await countedAndRecounted(house, run)
  expect(counted).toEqual(recounted)
  return counted
}

export const fetched = async (house: House) =>
  (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!)
export const differencesOf = async (house: House, run: string) =>
  Object.fromEntries((await plannedGalleries(house, run)).map(({ ref, difference }) => [ref, difference]))
export const linesOf = async (house: House, run: string) => {
  let text = ''
  for await (const line of writeReport(house, run)) text += line
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
export const refsIn = (lines: { type: string; ref: string }[], type: string) =>
  lines.filter((line) => line.type === type).map((line) => line.ref)
