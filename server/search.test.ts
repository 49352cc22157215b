import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchRuns } from './run-search.ts'
import { searchAnything } from './search.ts'
import { aMovingRun, foundGallery, type MovingRun, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
let run: MovingRun
let publicIds: { gallery: string; photo: string }
beforeAll(async () => {
  house = await verbHouse()
  run = await aMovingRun(house, [{ ...foundGallery('7781234'), title: 'Zoë/Émile-Villa_Rosa' }, {}])
  await house.pool.query(
    "update clients set name = 'Studio Nordlicht', email = 'hallo@nordlicht.example' where id = $1",
    [run.clientId],
  )
  await house.pool.query(
    `update galleries set extra = '{"publicUrl": "https://Nordlicht.example.com/p/villa-rosa/"}' where id = $1`,
    [run.galleries[0]!.id],
  )
  await house.pool.query(
    `insert into photos (client_id, run_id, gallery_id, ref, kind, filename) values ($1, $2, $3, 'a', 'photo', 'DSC_4100%.JPG'), ($1, $2, $3, 'b', 'photo', 'IMG_1.jpg')`,
    [run.clientId, run.id, run.galleries[0]!.id],
  )
  const { rows } = await house.pool.query<{ gallery: string; photo: string }>(
    `select g.public_id as gallery, p.public_id as photo from galleries g join photos p on p.gallery_id = g.id where p.ref = 'a'`,
  )
  publicIds = rows[0]!
  await aMovingRun(house)
})
afterAll(() => house?.dispose())

test('an id, or the address of its page, is that one thing and nothing else', async () => {
  const { exact } = await searchAnything(house, run.id)
  expect(exact).toMatchObject({ kind: 'run', id: run.id, title: 'Studio Nordlicht', detail: 'zenfolio, running' })
  expect((await searchAnything(house, `http://localhost:3000/runs/${run.id}?state=all`)).exact).toEqual(exact)
  expect((await searchAnything(house, ` ${run.clientId.toUpperCase()} `)).exact).toMatchObject({ kind: 'client' })
  expect((await searchAnything(house, publicIds.gallery)).exact).toMatchObject({
    kind: 'gallery',
    id: publicIds.gallery,
  })
  expect((await searchAnything(house, publicIds.photo)).exact).toMatchObject({
    kind: 'photo',
    id: publicIds.gallery,
    title: 'DSC_4100%.JPG',
  })
})

test('the first eight digits of an id are enough', async () => {
  expect((await searchAnything(house, run.id.slice(0, 8))).exact).toMatchObject({ kind: 'run', id: run.id })
})

test('digits that begin an id and are a number of something else find both', async () => {
  const digits = run.id.slice(0, 8)
  await house.pool.query('update galleries set ref = $2 where id = $1', [run.galleries[1]!.id, digits])
  const { exact, hits } = await searchAnything(house, digits)
  expect([exact, hits.map((hit) => hit.kind)]).toEqual([null, ['run', 'gallery']])
})

test('the address of a gallery at its provider, or of something below it, finds the gallery; a bare host finds what it has', async () => {
  for (const address of [
    'https://nordlicht.example.com/p/villa-rosa/',
    'http://nordlicht.example.com/p/villa-rosa',
    'https://nordlicht.example.com/P/Villa-Rosa/photo/77?size=2#top',
    'https://nordlicht.example.com/',
  ])
    expect((await searchAnything(house, address)).exact).toMatchObject({ kind: 'gallery', id: publicIds.gallery })
  expect(await searchAnything(house, 'https://elsewhere.example.com/p/villa-rosa/')).toEqual({ exact: null, hits: [] })
})

test.each([
  ['a part of the client’s name', 'ordlich', 'client'],
  ['an e-mail', 'hallo@nordlicht', 'client'],
  ['a word of a gallery, by its beginning', 'vill', 'gallery'],
  ['several words of a gallery in any order', 'rosa émile', 'gallery'],
  ['the provider’s own id of a gallery', '7781234', 'gallery'],
  ['the beginning of a file name, in any case', 'dsc_41', 'photo'],
  ['a file name with a sign that patterns know', 'DSC_4100%.jpg', 'photo'],
])('%s finds it', async (_, text, kind) => {
  const { hits } = await searchAnything(house, text)
  expect(hits.map((hit) => hit.kind)).toEqual([kind])
})

test.each([
  '',
  ' ',
  'x',
  "'); --",
  '% _',
  '\u0000\u0000',
  '\ud800a',
  '&|!:*',
  'a'.repeat(5000),
  'https://',
  'https://%',
])('a text that means nothing finds nothing: %j', async (text) => {
  expect(await searchAnything(house, text)).toEqual({ exact: null, hits: [] })
})

test('the run list is narrowed by the same texts', async () => {
  for (const text of [
    run.id,
    'ordlich',
    'hallo@',
    'villa rosa',
    '7781234',
    'dsc_41',
    'https://nordlicht.example.com/p/villa-rosa',
  ])
    expect((await searchRuns(house, { text })).runs.map(({ id }) => id)).toEqual([run.id])
  expect((await searchRuns(house, { text: 'nobody of that name' })).runs).toEqual([])
})

test('what waits to be deleted is not found', async () => {
  const gone = await aMovingRun(house, [{ ...foundGallery('gone-1'), title: 'Farewell' }])
  await house.pool.query('update clients set deletion_id = gen_random_uuid() where id = $1', [gone.clientId])
  for (const text of ['Farewell', gone.id, gone.clientId, 'gone-1'])
    expect(await searchAnything(house, text)).toEqual({ exact: null, hits: [] })
})
