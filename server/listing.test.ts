import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type FoundPhoto, type ListedGallery, recordFolders, recordGalleries, recordPage } from './listing.ts'
import {
  aMovingRun,
  countedAndRecounted,
  forgetJobs,
  foundGallery,
  foundPhoto,
  jobsOf,
  type VerbHouse,
  verbHouse,
} from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => forgetJobs(house))

const page = (gallery: ListedGallery, photos: FoundPhoto[], next: string | null = null, cursor: string | null = null) =>
  house.db.transaction((tx) => recordPage(tx, house.queues, gallery, { photos, next }, cursor))

/** Every place of a gallery: set, photo and the gallery that owns it, in order. */
async function placesOf(gallery: ListedGallery) {
  const { rows } = await house.pool.query<{ set: string | null; photo: string; owner: string; position: number }>(
    `select s.ref as set, p.ref as photo, g.ref as owner, l.position from sets s join placements l on l.set_id = s.id
       join photos p on p.id = l.photo_id join galleries g on g.id = p.gallery_id
     where s.gallery_id = $1 order by s.ref nulls first, l.position, p.id`,
    [gallery.id],
  )
  return rows
}

async function countersOf(gallery: ListedGallery) {
  const { counted, recounted } = await countedAndRecounted(house, gallery.runId)
  expect(counted).toEqual(recounted)
  return counted.find((row) => row.id === gallery.id)!
}

const jobPhotos = async () => (await jobsOf(house, 'fetch-photos')).flatMap((job) => job.data.photoIds!)

test('a lister that comes second writes nothing: the cursor has moved on', async () => {
  const { galleries } = await aMovingRun(house)
  const gallery = galleries[0]!
  expect(await page(gallery, [foundPhoto('g0', 'p0')], 'two')).toBe(true)
  expect(await page(gallery, [foundPhoto('g0', 'p1')], 'two')).toBe(false)
  expect(await page(gallery, [foundPhoto('g0', 'p2')], null, 'two')).toBe(true)
  expect(await page(gallery, [foundPhoto('g0', 'p3')], null, 'two')).toBe(false)
  expect(await page(gallery, [foundPhoto('g0', 'p4')], null, null)).toBe(false)
  expect((await placesOf(gallery)).map((place) => place.photo)).toEqual(['p0', 'p2'])
  expect(await countersOf(gallery)).toMatchObject({ total: 2, listed: 2 })
})

test('of two listers with the same page at the same time one writes it', async () => {
  const { galleries } = await aMovingRun(house)
  const photos = [foundPhoto('g0', 'p0'), foundPhoto('g0', 'p1')]
  const both = await Promise.all([page(galleries[0]!, photos), page(galleries[0]!, photos)])
  expect(both.toSorted()).toEqual([false, true])
  expect((await jobPhotos()).length).toBe(2)
  expect(await countersOf(galleries[0]!)).toMatchObject({ total: 2 })
})

test('a page, its jobs and the cursor behind it commit together or not at all', async () => {
  const { galleries } = await aMovingRun(house)
  const gallery = galleries[0]!
  const undone = house.db.transaction(async (tx) => {
    await recordPage(tx, house.queues, gallery, { photos: [foundPhoto('g0', 'p0')], next: 'two' }, null)
    throw new Error('the worker ends here')
  })
  await expect(undone).rejects.toThrow('ends here')
  expect(await jobPhotos()).toEqual([])
  expect(await placesOf(gallery)).toEqual([])
  expect(await page(gallery, [foundPhoto('g0', 'p0')], 'two')).toBe(true)
})

test('pages that overlap double nothing, and the later place holds', async () => {
  const { galleries } = await aMovingRun(house)
  const gallery = galleries[0]!
  await page(
    gallery,
    ['p0', 'p1', 'p2'].map((ref) => foundPhoto('g0', ref)),
    'two',
  )
  const moved = { placements: [{ setRef: null, position: 7 }] }
  await page(gallery, [foundPhoto('g0', 'p2', moved), foundPhoto('g0', 'p3')], null, 'two')
  expect((await placesOf(gallery)).map(({ photo, position }) => [photo, position])).toEqual([
    ['p0', 0],
    ['p1', 1],
    ['p3', 3],
    ['p2', 7],
  ])
  expect(await countersOf(gallery)).toMatchObject({ total: 4, bytes_found: 4000 })
  expect((await jobPhotos()).length).toBe(4)
})

test('a photo that stands twice on one page is one photo in its first place', async () => {
  const { galleries } = await aMovingRun(house)
  const again = { placements: [{ setRef: null, position: 5 }] }
  await page(galleries[0]!, [foundPhoto('g0', 'p1'), foundPhoto('g0', 'p1', again)])
  expect(await placesOf(galleries[0]!)).toEqual([{ set: null, photo: 'p1', owner: 'g0', position: 1 }])
  expect(await countersOf(galleries[0]!)).toMatchObject({ total: 1 })
})

test('a photo lies in as many sets as the provider says, also before the sets have names', async () => {
  const { galleries } = await aMovingRun(house)
  const placements = ['a', 'b', null].map((setRef, position) => ({ setRef, position }))
  await page(galleries[0]!, [foundPhoto('g0', 'p0', { placements })])
  expect((await placesOf(galleries[0]!)).map(({ set, position }) => [set, position])).toEqual([
    [null, 2],
    ['a', 0],
    ['b', 1],
  ])
  expect(await countersOf(galleries[0]!)).toMatchObject({ total: 1 })
})

test('a file and a photo with the same number are two', async () => {
  const { galleries } = await aMovingRun(house)
  await page(galleries[0]!, [foundPhoto('g0', 'p0'), foundPhoto('g0', 'p0', { kind: 'file' })])
  expect(await countersOf(galleries[0]!)).toMatchObject({ total: 2 })
  expect((await placesOf(galleries[0]!)).length).toBe(2)
})

test("a collection places photos of a gallery that is not listed yet, and the gallery's own listing doubles none", async () => {
  const { galleries } = await aMovingRun(house, [{ ref: 'collection', virtual: true }, { ref: 'own' }])
  const [collection, own] = galleries as [ListedGallery, ListedGallery]
  await page(collection, [foundPhoto('own', 'p1')])
  expect(await placesOf(collection)).toEqual([{ set: null, photo: 'p1', owner: 'own', position: 1 }])
  expect(await countersOf(collection)).toMatchObject({ total: 0 })
  expect(await countersOf(own)).toMatchObject({ total: 1, listed: 1 })
  await page(own, [foundPhoto('own', 'p0'), foundPhoto('own', 'p1')])
  expect((await placesOf(own)).map((place) => place.photo)).toEqual(['p0', 'p1'])
  expect(await countersOf(own)).toMatchObject({ total: 2, listed: 2 })
  expect((await jobPhotos()).length).toBe(2)
})

test('photos whose own gallery is not of this run belong to the collection', async () => {
  const { galleries } = await aMovingRun(house, [{ ref: 'collection', virtual: true }])
  await page(galleries[0]!, [foundPhoto('elsewhere', 'p0')])
  expect(await placesOf(galleries[0]!)).toMatchObject([{ photo: 'p0', owner: 'collection' }])
  expect(await countersOf(galleries[0]!)).toMatchObject({ total: 1, listed: 1 })
})

test('a collection that comes alone later places what was moved before; what it has of its own it keeps', async () => {
  const first = await aMovingRun(house, [{ ref: 'collection', virtual: true }, { ref: 'own' }])
  await page(first.galleries[1]!, [foundPhoto('own', 'p0'), foundPhoto('own', 'p1')])
  await house.pool.query(
    `with moved as (update photos set state = 'published' where ref = 'p0' and run_id = $1 returning gallery_id)
     update galleries set listed = 1, published = 1 from moved where id = gallery_id`,
    [first.id],
  )
  await house.pool.query("update runs set state = 'done' where id = $1", [first.id])
  const second = await aMovingRun(house, [{ ref: 'collection', virtual: true }], first)
  const photos = [foundPhoto('own', 'p0'), foundPhoto('own', 'p1')]
  await page(second.galleries[0]!, photos)
  expect((await placesOf(second.galleries[0]!)).map(({ photo, owner }) => [photo, owner])).toEqual([
    ['p0', 'own'],
    ['p1', 'collection'],
  ])
  await house.pool.query("update runs set state = 'done' where id = $1", [second.id])
  const third = await aMovingRun(house, [{ ref: 'collection', virtual: true }, { ref: 'own' }], first)
  await page(third.galleries[0]!, photos)
  expect((await placesOf(third.galleries[0]!)).map(({ photo, owner }) => [photo, owner])).toEqual([
    ['p0', 'own'],
    ['p1', 'collection'],
  ])
})

test('names that Postgres refuses lose only what it refuses; all others stay letter for letter', async () => {
  const { galleries } = await aMovingRun(house)
  const names = ['a\u0000b.jpg', 'c\ud800d.jpg', '../é/👩‍👩‍👧.jpg', 'CON', 'x'.repeat(300), '\u202egpj.exe']
  const photos = names.map((filename, i) =>
    foundPhoto('g0', `p${i}`, { filename, caption: filename, keywords: [filename], handle: { filename } }),
  )
  await page(galleries[0]!, photos)
  const { rows } = await house.pool.query(
    'select filename, caption, keywords, handle from photos where gallery_id = $1 order by id',
    [galleries[0]!.id],
  )
  const kept = ['a\ufffdb.jpg', 'c\ufffdd.jpg', ...names.slice(2)]
  expect(rows).toEqual(
    kept.map((filename) => ({ filename, caption: filename, keywords: [filename], handle: { filename } })),
  )
})

test('a page of 10,000 photos goes in whole, in chunks that every photo knows', async () => {
  const { galleries } = await aMovingRun(house)
  const photos = Array.from({ length: 10_000 }, (_, i) => foundPhoto('g0', `p${i}`))
  await page(galleries[0]!, photos)
  expect(await countersOf(galleries[0]!)).toMatchObject({ total: 10_000, listed: 10_000 })
  const { rows } = await house.pool.query<{ photos: number; jobs: number; largest: number }>(
    `select sum(n)::int as photos, count(*)::int as jobs, max(n)::int as largest from (
       select j.id, count(*) as n from photos p join pgboss.job j on j.id = p.job_id and j.data->'photoIds' @> to_jsonb(p.id)
       where p.gallery_id = $1 group by j.id) chunks`,
    [galleries[0]!.id],
  )
  expect(rows).toEqual([{ photos: 10_000, jobs: 400, largest: 25 }])
})

test('a survey that runs twice, or tells a gallery twice, enters it once', async () => {
  const run = await aMovingRun(house, [])
  const source = { id: run.sourceId, clientId: run.clientId }
  const folder = { ref: 'f', parentRef: null, title: 'F\u0000', description: null, position: 0, access: null }
  const found = [
    { ...foundGallery('a'), folderRef: 'inner', ordinal: 0, title: 'A\ud800' },
    { ...foundGallery('b'), ordinal: 1 },
    { ...foundGallery('a'), folderRef: 'inner', ordinal: 2, title: 'A again' },
  ]
  const enter = async () => {
    await recordFolders(house.db, source, [folder, { ...folder, ref: 'inner', parentRef: 'f', title: 'Inner' }])
    await recordGalleries(house.db, run, found)
    const { rows } = await house.pool.query(
      `select g.id, g.ref, g.title, g.state, g.ordinal, f.title as folder, o.title as outer from galleries g
       left join folders f on f.id = g.folder_id left join folders o on o.id = f.parent_id where g.run_id = $1 order by g.ordinal`,
      [run.id],
    )
    return rows
  }
  const once = await enter()
  expect(once).toMatchObject([
    { ref: 'a', title: 'A\ufffd', folder: 'Inner', outer: 'F\ufffd', state: 'found' },
    { ref: 'b', folder: null },
  ])
  await house.pool.query("update galleries set state = 'copying', cursor = 'x', tries = 2 where run_id = $1", [run.id])
  expect(await enter()).toEqual(once.map((row) => ({ ...row, state: 'copying' })))
})
