// What becomes of the photos of a gallery that is listed once more.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { plannedGalleries } from './delta.ts'
import { settle } from './ledger.ts'
import { type FoundPhoto, recordPage } from './listing.ts'
import { runFacts, startRun } from './runs.ts'
import { snapshot } from './snapshots.ts'
import { forgetJobs, foundPhoto, jobsOf, type VerbHouse, verbHouse } from './testing.ts'
import {
  type Account,
  broughtThrough,
  countsAgree,
  fetched,
  galleryOf,
  library,
  linesOf,
  list,
  migrated,
  pair,
  photosOf,
  refsIn,
  repeated,
} from './testing-delta.ts'
import { runDetail } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => forgetJobs(house))

test('photos of a gallery that is listed again: new ones come, replaced ones come anew, told ones are told, gone ones are kept', async () => {
  const photos = ['p0', 'p1', 'p2', 'p3', 'p4'].map((ref) => foundPhoto('g', ref, { changeToken: 'v1' }))
  const { source, run } = await migrated(house, { galleries: [{ ref: 'g', statedCount: 5 }] }, { g: photos })
  const old = await photosOf(house, source, 'g')
  const second = await repeated(house, source, { galleries: [{ ref: 'g', statedCount: 5, changeToken: 'two' }] }, run)
  await startRun(house, 'test', second)
  await list(house, source, 'g', [
    photos[0]!,
    { ...photos[2]!, caption: 'Now told', placements: [{ setRef: null, position: 1 }] },
    { ...photos[1]!, changeToken: 'v2', placements: [{ setRef: null, position: 2 }] },
    { ...photos[3]!, bytes: 1001 },
    foundPhoto('g', 'p9', { changeToken: 'v1' }),
  ])
  const now = await photosOf(house, source, 'g')
  expect(now).toEqual([
    old[0],
    { ...old[1], state: 'listed', run: second, sha256: null, replaced: old[1].sha256, position: 2 },
    { ...old[2], caption: 'Now told', position: 1 },
    { ...old[3], state: 'listed', run: second, sha256: null, replaced: old[3].sha256 },
    { ...old[4], state: 'gone', run: second, code: 'gone_at_source', position: null },
    expect.objectContaining({ ref: 'p9', state: 'listed', run: second, position: 9 }),
  ])
  expect((await fetched(house)).toSorted()).toEqual([now[1].id, now[3].id, now[5].id].toSorted())
  await countsAgree(house, second)
  expect(await broughtThrough(house, source, 'g', 1)).toBeNull()
  expect(await countsAgree(house, second)).toMatchObject([{ total: 5, published: 5, gone: 1, bytes_stored: 53 }])
  expect((await snapshot(house, second)).totals).toMatchObject({ found: 5, published: 5, gone: 1 })
  expect(refsIn(await linesOf(house, second), 'photo')).toEqual(['p0', 'p1', 'p2', 'p3', 'p9'])
  const assets = await house.pool.query('select 1 from assets where client_id = $1', [source.clientId])
  expect(assets.rows.length).toBe(8)
})

test('without a token of the photo its file name tells whether it was replaced; with one it does not', async () => {
  const photos = [foundPhoto('g', 'p0'), foundPhoto('g', 'p1', { changeToken: 'v1' })]
  const { source, run } = await migrated(house, { galleries: [{ ref: 'g' }] }, { g: photos })
  await startRun(house, 'test', await repeated(house, source, { galleries: [{ ref: 'g', changeToken: 'two' }] }, run))
  await list(
    house,
    source,
    'g',
    photos.map((photo) => ({ ...photo, filename: `other ${photo.filename}` })),
  )
  expect((await photosOf(house, source, 'g')).map(({ state }) => state)).toEqual(['listed', 'published'])
})

test('a provider that tells no tokens is looked through again, and nothing of it is copied that is here', async () => {
  const account = { galleries: [{ ref: 'g', changeToken: null }] }
  const { source, run } = await migrated(house, account)
  const was = (await library(house, source)).photos
  const second = await repeated(house, source, account, run)
  expect((await runDetail(house, second)).plan).toMatchObject({
    difference: { changed: 1, untold: 1 },
    photosToCopy: 0,
  })
  await startRun(house, 'test', second)
  await list(house, source, 'g', pair('g'))
  expect(await fetched(house)).toEqual([])
  expect((await library(house, source)).photos).toEqual(was)
  expect(await broughtThrough(house, source, 'g')).toBeNull()
  expect((await runFacts(house, second)).state).toBe('done')
})

test('a photo that comes back is had again without being fetched', async () => {
  const { source, run } = await migrated(house, { galleries: [{ ref: 'g' }] })
  const account = (changeToken: string, statedCount: number) => ({
    galleries: [{ ref: 'g', changeToken, statedCount }],
  })
  const second = await repeated(house, source, account('two', 1), run)
  await startRun(house, 'test', second)
  await list(house, source, 'g', [foundPhoto('g', 'p0')])
  expect(await broughtThrough(house, source, 'g')).toBeNull()
  expect((await photosOf(house, source, 'g')).map(({ state }) => state)).toEqual(['published', 'gone'])
  const third = await repeated(house, source, account('three', 2), run)
  await startRun(house, 'test', third)
  await list(house, source, 'g', pair('g'))
  expect((await photosOf(house, source, 'g')).map(({ state }) => state)).toEqual(['published', 'stored'])
  expect(await fetched(house)).toEqual([])
  expect((await jobsOf(house, 'render-photos')).length).toBe(1)
  await countsAgree(house, third)
  expect(await broughtThrough(house, source, 'g')).toBeNull()
  expect(await countsAgree(house, third)).toMatchObject([{ total: 2, published: 2, gone: 0, bytes_stored: 20 }])
})

test('places and sets that the provider removed are removed, so that its count and ours agree', async () => {
  const inSet = (ref: string, setRef: string | null, position: number) =>
    foundPhoto('g', ref, { placements: [{ setRef, position }] })
  const photos = [inSet('p0', 'a', 0), inSet('p1', 'b', 0)]
  const { source, run } = await migrated(house, { galleries: [{ ref: 'g' }] }, { g: photos })
  await startRun(house, 'test', await repeated(house, source, { galleries: [{ ref: 'g', changeToken: 'two' }] }, run))
  await list(house, source, 'g', [inSet('p0', 'a', 1), inSet('p1', 'a', 0)])
  expect(await broughtThrough(house, source, 'g')).toBeNull()
  const { sets } = (await linesOf(house, run)).find((line) => line.type === 'gallery')
  expect(sets).toMatchObject([{ ref: 'a', photos: ['p1', 'p0'] }])
})

test('a photo that left its gallery and stands in a collection is not gone; when it leaves that too, it is', async () => {
  const account = (token: string): Account => ({
    galleries: [
      { ref: 'own', changeToken: token },
      { ref: 'best', virtual: true, changeToken: token, statedCount: 1 },
    ],
  })
  const { source, run } = await migrated(house, account('one'), { best: [foundPhoto('own', 'p1')] })
  const second = await repeated(house, source, account('two'), run)
  await startRun(house, 'test', second)
  await list(house, source, 'own', [foundPhoto('own', 'p0')])
  expect((await photosOf(house, source, 'own')).map(({ state }) => state)).toEqual(['published', 'published'])
  await list(house, source, 'best', [])
  expect((await photosOf(house, source, 'own')).map(({ state }) => state)).toEqual(['published', 'gone'])
  await countsAgree(house, second)
})

test('what was skipped is tried again, unless a person decided so', async () => {
  const { source, run } = await migrated(house, { galleries: [{ ref: 'g' }] })
  await house.pool.query(
    `update photos p set state = 'skipped', sha256 = null, bytes = null, rendition = null, code = case p.ref when 'p0' then 'excluded' else 'not_available' end
     from galleries g where g.id = p.gallery_id and g.source_id = $1`,
    [source.sourceId],
  )
  await house.pool.query('update galleries set published = 0, skipped = 2, bytes_stored = 0 where source_id = $1', [
    source.sourceId,
  ])
  const second = await repeated(house, source, { galleries: [{ ref: 'g' }] }, run)
  expect((await plannedGalleries(house, second))[0]!.reason).toBe(
    '2 photos stated, 0 here; not finished last time (2 skipped)',
  )
  await startRun(house, 'test', second)
  await list(house, source, 'g', pair('g'))
  expect((await photosOf(house, source, 'g')).map(({ state }) => state)).toEqual(['skipped', 'listed'])
  await countsAgree(house, second)
})

test('a gallery is listed again while its photos settle: nobody is locked out, and the counts agree', async () => {
  const photos = Array.from({ length: 40 }, (_, i) => foundPhoto('g', `p${i}`, { changeToken: 'v1' }))
  const account = (token: string) => ({ galleries: [{ ref: 'g', changeToken: token, statedCount: 40 }] })
  const { source, run } = await migrated(house, account('one'), { g: photos })
  const second = await repeated(house, source, account('two'), run)
  await startRun(house, 'test', second)
  const gallery = await galleryOf(house, source, 'g')
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
  expect(await countsAgree(house, second)).toMatchObject([{ total: 30, failed: 20, listed: 10, gone: 10 }])
})
