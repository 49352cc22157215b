import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { checkForChanges, chooseGalleries, lastRuns, plannedGalleries } from './delta.ts'
import { type Outcome, settle } from './ledger.ts'
import { type FoundFolder, type FoundGallery, type FoundPhoto, type ListedGallery, recordPage } from './listing.ts'
import { planTotals, recordPlan } from './plans.ts'
import { publishGallery, reconciliationOf } from './reconcile.ts'
import { writeReport } from './reports.ts'
import { cancelRun, createMigration, planRun, runFacts, startRun } from './runs.ts'
import { snapshot } from './snapshots.ts'
import { recordSurveyFavourites, recordSurveyPage, surveyed } from './surveys.ts'
import {
  aSource,
  countedAndRecounted,
  forgetJobs,
  foundGallery,
  foundPhoto,
  jobsOf,
  type VerbHouse,
  verbHouse,
} from './testing.ts'
import { runDetail } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => forgetJobs(house))

interface Account {
  folders?: FoundFolder[]
  galleries: (Partial<FoundGallery> & { ref: string })[]
  favourites?: string[]
}

interface Source {
  clientId: string
  sourceId: string
}

const folder = (ref: string, title = `Folder ${ref}`): FoundFolder => ({
  ...{ ref, parentRef: null, title, description: null, position: 50, access: null },
})

/** As the survey does it: page, favourites, plan. */
async function planned(source: Source, account: Account, made: { id: string }): Promise<string> {
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

async function migration(source: Source, account: Account, only?: string[]): Promise<string> {
  const input = { sourceId: source.sourceId, renditions: ['thumb'], only, autoStart: false }
  return planned(source, account, await createMigration(house, 'test', input))
}

async function repeated(source: Source, account: Account, of: string): Promise<string> {
  return planned(source, account, await checkForChanges(house, 'test', { runId: of }, { autoStart: false }))
}

async function galleryOf(source: Source, ref: string): Promise<ListedGallery & Record<string, unknown>> {
  const { rows } = await house.pool.query(
    `select *, run_id as "runId", client_id as "clientId", source_id as "sourceId" from galleries where source_id = $1 and ref = $2`,
    [source.sourceId, ref],
  )
  return rows[0]
}

const sha = (n: number, version = 0) => (n * 10 + version).toString(16).padStart(64, '0')

const list = async (source: Source, ref: string, photos: FoundPhoto[]) => {
  const gallery = await galleryOf(source, ref)
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
async function broughtThrough(source: Source, ref: string, version = 0) {
  const gallery = await galleryOf(source, ref)
  for (const from of ['listed', 'stored'] as const) {
    const { rows } = await house.pool.query<{ id: number }>(
      'select id from photos where gallery_id = $1 and state = $2',
      [gallery.id, from],
    )
    const outcomes = rows.map(({ id }): Outcome => {
      const stored = { sha256: sha(id, version), bytes: 10 + version, contentType: 'image/jpeg', isOriginal: true }
      if (from === 'stored')
        return { id, attempts: 0, to: 'rendered', rendition: 'ok', width: 3, height: 2, takenAt: null }
      return { id, attempts: 0, to: 'stored', ...stored, render: true }
    })
    await settle(house.db, house.queues, { id: gallery.runId, clientId: source.clientId }, 'test', from, outcomes)
  }
  return house.db.transaction(async (tx) => {
    const verdict = await reconciliationOf(tx, gallery, [])
    if (verdict !== 'moving') await publishGallery(tx, house.queues, gallery, verdict)
    return verdict
  })
}

const pair = (ref: string) => [foundPhoto(ref, 'p0'), foundPhoto(ref, 'p1')]

/** A first migration of these galleries, each with the two photos p0 and p1 unless told otherwise, through to its end. */
async function migrated(account: Account, photos: Record<string, FoundPhoto[]> = {}) {
  const source = await aSource(house)
  const run = await migration(source, account)
  await startRun(house, 'test', run)
  for (const { ref } of account.galleries) {
    await list(source, ref, photos[ref] ?? pair(ref))
    expect(await broughtThrough(source, ref)).toBeNull()
  }
  expect((await runFacts(house, run)).state).toBe('done')
  await forgetJobs(house)
  return { source, run }
}

/** Everything of one source in the library, as rows. */
async function library({ sourceId }: Source) {
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

const photosOf = async (source: Source, ref: string) => {
  const { rows } = await house.pool.query(
    `select p.id, p.ref, p.state, p.caption, p.code, p.run_id as run, encode(p.sha256, 'hex') as sha256,
       encode(p.replaced_sha256, 'hex') as replaced, (select l.position from placements l join sets s on s.id = l.set_id
         where l.photo_id = p.id and s.gallery_id = p.gallery_id) as position
     from photos p join galleries g on g.id = p.gallery_id where g.source_id = $1 and g.ref = $2 order by p.ref`,
    [source.sourceId, ref],
  )
  return rows
}

async function countsAgree(run: string) {
  const { counted, recounted } = await countedAndRecounted(house, run)
  expect(counted).toEqual(recounted)
  return counted
}

const fetched = async () => (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!)
const differencesOf = async (run: string) =>
  Object.fromEntries((await plannedGalleries(house, run)).map(({ ref, difference }) => [ref, difference]))
const linesOf = async (run: string) => {
  let text = ''
  for await (const line of writeReport(house, run)) text += line
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
const refsIn = (lines: { type: string; ref: string }[], type: string) =>
  lines.filter((line) => line.type === type).map((line) => line.ref)

const everyKind: Account = {
  folders: [folder('f', 'Renamed')],
  galleries: [
    { ref: 'new' },
    { ref: 'moved', folderRef: 'f' },
    { ref: 'same' },
    { ref: 'changed', changeToken: 'two', title: 'Now called so' },
  ],
  favourites: ['other'],
}
const before: Account = {
  folders: [folder('f')],
  galleries: [{ ref: 'gone' }, { ref: 'moved' }, { ref: 'same' }, { ref: 'changed' }],
  favourites: ['list'],
}

test('a plan that nobody starts changes nothing in the library, and leaves nothing when it is cancelled', async () => {
  const { source, run } = await migrated(before)
  const was = await library(source)
  const totals = (await snapshot(house, run)).totals
  const second = await repeated(source, everyKind, run)
  expect(await differencesOf(second)).toEqual({
    ...{ new: 'new', moved: 'moved', same: 'same', changed: 'changed', gone: 'gone' },
  })
  expect(await library(source)).toEqual(was)
  expect((await snapshot(house, second)).totals).toMatchObject({ galleries: 4, found: 0 })
  await cancelRun(house, 'test', second)
  expect(await library(source)).toEqual(was)
  expect(await plannedGalleries(house, second)).toEqual([])
  expect((await snapshot(house, run)).totals).toEqual(totals)
})

test('the start enters what is new, changed or moved; what is the same is not listed, what is gone is kept and marked', async () => {
  const { source, run } = await migrated(before)
  const kept = await galleryOf(source, 'same')
  const second = await repeated(source, everyKind, run)
  await startRun(house, 'test', second)
  const listing = await jobsOf(house, 'list-gallery')
  const ids = await Promise.all(['new', 'changed'].map(async (ref) => (await galleryOf(source, ref)).id))
  expect(listing.map((job) => job.data.galleryId).toSorted()).toEqual(ids.toSorted())
  const { folder_id: inFolder, ...moved } = await galleryOf(source, 'moved')
  expect(moved).toMatchObject({ run_id: second, state: 'published', ordinal: 3 })
  const { rows } = await house.pool.query('select title from folders where id = $1', [inFolder])
  expect(rows).toEqual([{ title: 'Renamed' }])
  expect(await galleryOf(source, 'same')).toEqual({ ...kept, position: 2, ordinal: 1 })
  expect(await galleryOf(source, 'gone')).toMatchObject({
    ...{ run_id: run, state: 'published', published: 2, gone_at: expect.any(Date) },
  })
  expect(await galleryOf(source, 'changed')).toMatchObject({ run_id: second, title: 'Now called so', listing: 2 })
})

test('of an account that did not change nothing is asked, the run is done at once and covers all of it', async () => {
  const { source, run } = await migrated(before)
  const second = await repeated(source, before, run)
  await startRun(house, 'test', second)
  expect((await runFacts(house, second)).state).toBe('done')
  for (const queue of ['list-gallery', 'build-gallery', 'fetch-photos'] as const)
    expect(await jobsOf(house, queue)).toEqual([])
  expect((await snapshot(house, second)).totals).toMatchObject({ galleries: 4, found: 8, published: 8, listing: 0 })
  const [first, again] = [await linesOf(run), await linesOf(second)]
  expect(again.slice(1)).toEqual(first.slice(1))
  expect(again[0].totals).toEqual(first[0].totals)
})

test('a report has no hole where a later run took galleries over, and that of the later run tells the account as it is', async () => {
  const { source, run } = await migrated(before)
  const second = await repeated(source, everyKind, run)
  await startRun(house, 'test', second)
  for (const ref of ['new', 'changed']) {
    await list(source, ref, pair(ref))
    expect(await broughtThrough(source, ref)).toBeNull()
  }
  expect((await runFacts(house, second)).state).toBe('done')
  const later = await linesOf(second)
  expect(refsIn(later, 'gallery')).toEqual(['new', 'same', 'changed', 'moved'])
  expect(refsIn(later, 'photo').length).toBe(8)
  expect(refsIn(later, 'favourites')).toEqual(['other'])
  expect(later[0].totals).toMatchObject({ galleries: 4, photos: 8, published: 8, gone: 2 })
  const first = await linesOf(run)
  expect(refsIn(first, 'gallery')).toEqual(['gone', 'moved', 'same', 'changed'])
  expect(refsIn(first, 'photo').length).toBe(8)
  expect(first[0].totals).toMatchObject({ galleries: 4, photos: 8, published: 8 })
  expect((await snapshot(house, run)).totals).toMatchObject({ galleries: 4, found: 8, published: 8 })
})

test('photos of a gallery that is listed again: new ones come, replaced ones come anew, told ones are told, gone ones are kept', async () => {
  const photos = ['p0', 'p1', 'p2', 'p3', 'p4'].map((ref) => foundPhoto('g', ref, { changeToken: 'v1' }))
  const { source, run } = await migrated({ galleries: [{ ref: 'g', statedCount: 5 }] }, { g: photos })
  const old = await photosOf(source, 'g')
  const second = await repeated(source, { galleries: [{ ref: 'g', statedCount: 5, changeToken: 'two' }] }, run)
  await startRun(house, 'test', second)
  await list(source, 'g', [
    photos[0]!,
    { ...photos[2]!, caption: 'Now told', placements: [{ setRef: null, position: 1 }] },
    { ...photos[1]!, changeToken: 'v2', placements: [{ setRef: null, position: 2 }] },
    { ...photos[3]!, bytes: 1001 },
    foundPhoto('g', 'p9', { changeToken: 'v1' }),
  ])
  const now = await photosOf(source, 'g')
  expect(now).toEqual([
    old[0],
    { ...old[1], state: 'listed', run: second, sha256: null, replaced: old[1].sha256, position: 2 },
    { ...old[2], caption: 'Now told', position: 1 },
    { ...old[3], state: 'listed', run: second, sha256: null, replaced: old[3].sha256 },
    { ...old[4], state: 'gone', run: second, code: 'gone_at_source', position: null },
    expect.objectContaining({ ref: 'p9', state: 'listed', run: second, position: 9 }),
  ])
  expect((await fetched()).toSorted()).toEqual([now[1].id, now[3].id, now[5].id].toSorted())
  await countsAgree(second)
  expect(await broughtThrough(source, 'g', 1)).toBeNull()
  expect(await countsAgree(second)).toMatchObject([{ total: 5, published: 5, gone: 1, bytes_stored: 53 }])
  expect((await snapshot(house, second)).totals).toMatchObject({ found: 5, published: 5, gone: 1 })
  expect(refsIn(await linesOf(second), 'photo')).toEqual(['p0', 'p1', 'p2', 'p3', 'p9'])
  const assets = await house.pool.query('select 1 from assets where client_id = $1', [source.clientId])
  expect(assets.rows.length).toBe(8)
})

test('without a token of the photo its file name tells whether it was replaced; with one it does not', async () => {
  const photos = [foundPhoto('g', 'p0'), foundPhoto('g', 'p1', { changeToken: 'v1' })]
  const { source, run } = await migrated({ galleries: [{ ref: 'g' }] }, { g: photos })
  await startRun(house, 'test', await repeated(source, { galleries: [{ ref: 'g', changeToken: 'two' }] }, run))
  await list(
    source,
    'g',
    photos.map((photo) => ({ ...photo, filename: `other ${photo.filename}` })),
  )
  expect((await photosOf(source, 'g')).map(({ state }) => state)).toEqual(['listed', 'published'])
})

test('a provider that tells no tokens is looked through again, and nothing of it is copied that is here', async () => {
  const account = { galleries: [{ ref: 'g', changeToken: null }] }
  const { source, run } = await migrated(account)
  const was = (await library(source)).photos
  const second = await repeated(source, account, run)
  expect((await runDetail(house, second)).plan).toMatchObject({
    difference: { changed: 1, untold: 1 },
    photosToCopy: 0,
  })
  await startRun(house, 'test', second)
  await list(source, 'g', pair('g'))
  expect(await fetched()).toEqual([])
  expect((await library(source)).photos).toEqual(was)
  expect(await broughtThrough(source, 'g')).toBeNull()
  expect((await runFacts(house, second)).state).toBe('done')
})

test('a photo that comes back is had again without being fetched', async () => {
  const { source, run } = await migrated({ galleries: [{ ref: 'g' }] })
  const account = (changeToken: string, statedCount: number) => ({
    galleries: [{ ref: 'g', changeToken, statedCount }],
  })
  const second = await repeated(source, account('two', 1), run)
  await startRun(house, 'test', second)
  await list(source, 'g', [foundPhoto('g', 'p0')])
  expect(await broughtThrough(source, 'g')).toBeNull()
  expect((await photosOf(source, 'g')).map(({ state }) => state)).toEqual(['published', 'gone'])
  const third = await repeated(source, account('three', 2), run)
  await startRun(house, 'test', third)
  await list(source, 'g', pair('g'))
  expect((await photosOf(source, 'g')).map(({ state }) => state)).toEqual(['published', 'stored'])
  expect(await fetched()).toEqual([])
  expect((await jobsOf(house, 'render-photos')).length).toBe(1)
  await countsAgree(third)
  expect(await broughtThrough(source, 'g')).toBeNull()
  expect(await countsAgree(third)).toMatchObject([{ total: 2, published: 2, gone: 0, bytes_stored: 20 }])
})

test('places and sets that the provider removed are removed, so that its count and ours agree', async () => {
  const inSet = (ref: string, setRef: string | null, position: number) =>
    foundPhoto('g', ref, { placements: [{ setRef, position }] })
  const photos = [inSet('p0', 'a', 0), inSet('p1', 'b', 0)]
  const { source, run } = await migrated({ galleries: [{ ref: 'g' }] }, { g: photos })
  await startRun(house, 'test', await repeated(source, { galleries: [{ ref: 'g', changeToken: 'two' }] }, run))
  await list(source, 'g', [inSet('p0', 'a', 1), inSet('p1', 'a', 0)])
  expect(await broughtThrough(source, 'g')).toBeNull()
  const { sets } = (await linesOf(run)).find((line) => line.type === 'gallery')
  expect(sets).toMatchObject([{ ref: 'a', photos: ['p1', 'p0'] }])
})

test('a photo that left its gallery and stands in a collection is not gone; when it leaves that too, it is', async () => {
  const account = (token: string): Account => ({
    galleries: [
      { ref: 'own', changeToken: token },
      { ref: 'best', virtual: true, changeToken: token, statedCount: 1 },
    ],
  })
  const { source, run } = await migrated(account('one'), { best: [foundPhoto('own', 'p1')] })
  const second = await repeated(source, account('two'), run)
  await startRun(house, 'test', second)
  await list(source, 'own', [foundPhoto('own', 'p0')])
  expect((await photosOf(source, 'own')).map(({ state }) => state)).toEqual(['published', 'published'])
  await list(source, 'best', [])
  expect((await photosOf(source, 'own')).map(({ state }) => state)).toEqual(['published', 'gone'])
  await countsAgree(second)
})

test('what was skipped is tried again, unless a person decided so', async () => {
  const { source, run } = await migrated({ galleries: [{ ref: 'g' }] })
  await house.pool.query(
    `update photos p set state = 'skipped', sha256 = null, bytes = null, rendition = null, code = case p.ref when 'p0' then 'excluded' else 'not_available' end
     from galleries g where g.id = p.gallery_id and g.source_id = $1`,
    [source.sourceId],
  )
  await house.pool.query('update galleries set published = 0, skipped = 2, bytes_stored = 0 where source_id = $1', [
    source.sourceId,
  ])
  const second = await repeated(source, { galleries: [{ ref: 'g' }] }, run)
  expect((await plannedGalleries(house, second))[0]!.reason).toBe(
    '2 photos stated, 0 here; not finished last time (2 skipped)',
  )
  await startRun(house, 'test', second)
  await list(source, 'g', pair('g'))
  expect((await photosOf(source, 'g')).map(({ state }) => state)).toEqual(['skipped', 'listed'])
  await countsAgree(second)
})

test('only chosen galleries are taken, the plan counts anew, and all of them again', async () => {
  const source = await aSource(house)
  const account = { galleries: ['a', 'b', 'c'].map((ref, i) => ({ ref, statedCount: 10 ** i })) }
  const run = await migration(source, account)
  expect((await runDetail(house, run)).plan).toMatchObject({ galleries: 3, photos: 111, photosToCopy: 111 })
  await chooseGalleries(house, 'test', run, ['a', 'c'])
  expect(await runDetail(house, run)).toMatchObject({
    only: ['a', 'c'],
    plan: { galleries: 2, photos: 101, accountGalleries: 3 },
  })
  expect((await snapshot(house, run)).statedPhotos).toBe(101)
  await chooseGalleries(house, 'test', run, null)
  expect(await runDetail(house, run)).toMatchObject({ only: null, plan: { galleries: 3, photos: 111 } })
  await chooseGalleries(house, 'test', run, ['b'])
  await startRun(house, 'test', run)
  expect(refsIn(await linesOf(run), 'gallery')).toEqual(['b'])
  expect(await galleryOf(source, 'a')).toBeUndefined()
})

test('a choice of nothing, of what is not there, or after the start is refused', async () => {
  const source = await aSource(house)
  const run = await migration(source, { galleries: [{ ref: 'a' }] })
  await expect(chooseGalleries(house, 'test', run, [])).rejects.toMatchObject({ code: 'nothing_chosen' })
  await expect(chooseGalleries(house, 'test', run, ['a', 'z'])).rejects.toMatchObject({ code: 'unknown_gallery' })
  await startRun(house, 'test', run)
  await expect(chooseGalleries(house, 'test', run, ['a'])).rejects.toMatchObject({ code: 'wrong_state' })
})

test('galleries that the account does not have cannot be asked for', async () => {
  const source = await aSource(house)
  await expect(migration(source, { galleries: [{ ref: 'a' }] }, ['a', 'z'])).rejects.toMatchObject({
    ...{ code: 'unknown_gallery', message: 'The account has no gallery z.' },
  })
})

test('what was left out of a run stays out when it is repeated, what came since does not', async () => {
  const source = await aSource(house)
  const run = await migration(source, { galleries: [{ ref: 'a' }, { ref: 'b' }] }, ['a'])
  await startRun(house, 'test', run)
  await list(source, 'a', pair('a'))
  await broughtThrough(source, 'a')
  const second = await repeated(source, { galleries: [{ ref: 'a' }, { ref: 'b' }, { ref: 'c' }] }, run)
  const chosen = (await plannedGalleries(house, second)).filter((gallery) => gallery.chosen)
  expect(chosen.map(({ ref, difference }) => `${ref} ${difference}`)).toEqual(['a same', 'c new'])
  expect((await runFacts(house, second)).only).toEqual(['a', 'c'])
})

test('a source is repeated by the run that moved it last; twenty times at once is one run', async () => {
  const { source, run } = await migrated(before)
  expect(await lastRuns(house, source.clientId)).toEqual({ [source.sourceId]: run })
  const made = await Promise.all(
    Array.from({ length: 20 }, () =>
      checkForChanges(house, 'test', { sourceId: source.sourceId }, { autoStart: false }),
    ),
  )
  expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  expect(await lastRuns(house, source.clientId)).toEqual({})
  expect(await runFacts(house, made[0]!.id)).toMatchObject({ deltaOf: run, sourceId: source.sourceId })
  expect(Object.keys((await runFacts(house, made[0]!.id)).renditions)).toEqual(['thumb'])
})

test('what was never moved has no changes to look for', async () => {
  const source = await aSource(house)
  const of = { sourceId: source.sourceId }
  await expect(checkForChanges(house, 'test', of, { autoStart: true })).rejects.toMatchObject({ code: 'nothing_moved' })
  const nowhere = { runId: '00000000-0000-4000-8000-000000000000' }
  await expect(checkForChanges(house, 'test', nowhere, { autoStart: true })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('a gallery is listed again while its photos settle: nobody is locked out, and the counts agree', async () => {
  const photos = Array.from({ length: 40 }, (_, i) => foundPhoto('g', `p${i}`, { changeToken: 'v1' }))
  const account = (token: string) => ({ galleries: [{ ref: 'g', changeToken: token, statedCount: 40 }] })
  const { source, run } = await migrated(account('one'), { g: photos })
  const second = await repeated(source, account('two'), run)
  await startRun(house, 'test', second)
  const gallery = await galleryOf(source, 'g')
  const anew = photos.map((photo) => ({ ...photo, changeToken: 'v2' }))
  const page = (some: FoundPhoto[], cursor: string | null, next: string | null) =>
    house.db.transaction((tx) => recordPage(tx, house.queues, gallery, { photos: some, next }, cursor))
  await page(anew.slice(0, 20), null, 'two')
  const { rows } = await house.pool.query<{ id: number }>(
    "select id from photos where gallery_id = $1 and state = 'listed' order by id desc",
    [gallery.id],
  )
  const settling = rows.map(({ id }) =>
    house.db.transaction((tx) =>
      settle(tx, house.queues, { id: second, clientId: source.clientId }, 'test', 'listed', [
        { id, attempts: 0, to: 'failed', code: 'truncated' },
      ]),
    ),
  )
  // The last page tells again what settles, and of the rest only some: the others are gone.
  await Promise.all([...settling, page([...anew.slice(0, 20), ...anew.slice(30)], 'two', null)])
  expect(await countsAgree(second)).toMatchObject([{ total: 30, failed: 20, listed: 10, gone: 10 }])
})
