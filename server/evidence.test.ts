import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordEvent } from './events.ts'
import { evidenceOf, keepEvidence, openEvidence, recordEvidence } from './evidence.ts'
import { NoSuchObject, StoreUnavailable } from './store/store.ts'
import { aMovingRun, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const png = Buffer.concat([Buffer.from('\x89PNG', 'latin1'), Buffer.alloc(100)])
const shown = (more: object = {}) => ({
  expected: 'galleries[].id',
  url: 'https://x.test/galleries',
  status: 200,
  contentType: 'text/html; charset=utf-8',
  excerpt: `<h1>Maintenance</h1>${'ä'.repeat(300_000)}`,
  screenshot: png,
  ...more,
})

async function kept(more: object = {}) {
  const run = await aMovingRun(house)
  const { id } = run.galleries[0]!
  await recordEvidence(house, run.id, id, 'list-gallery', 'unexpected_page', shown(more))
  return { run, galleryId: id, evidence: await evidenceOf(house, run.id, 10) }
}

test('the timeline says what was expected; the page and its picture lie in the client’s part of the store', async () => {
  const { run, evidence } = await kept()
  const [one] = evidence
  expect(one).toMatchObject({
    expected: 'galleries[].id',
    step: 'list-gallery',
    code: 'unexpected_page',
    url: 'https://x.test/galleries',
    status: 200,
    gallery: { title: 'Gallery g0' },
  })
  expect(one!.excerpt.length).toBe(4000)
  expect(one!.page!.key).toMatch(new RegExp(`^${run.clientId}/evidence/[0-9a-f]{64}\\.html$`))
  expect(one!.screenshot!.key).toMatch(new RegExp(`^${run.clientId}/evidence/[0-9a-f]{64}\\.png$`))
  const page = await openEvidence(house, run.id, one!.page!.key)
  expect(page).toMatchObject({ contentType: 'text/plain; charset=utf-8', bytes: 256 * 1024 })
  expect(await text(page.stream)).toMatch(/^<h1>Maintenance<\/h1>ä+/)
  const picture = await openEvidence(house, run.id, one!.screenshot!.key)
  expect(picture.contentType).toBe('image/png')
  expect(await picture.stream.toArray()).toEqual([png])
})

test('a short answer is told whole and takes no place in the store; an answer in JSON is kept as such', async () => {
  const short = await kept({ excerpt: '{}', screenshot: undefined })
  expect(short.evidence[0]).toMatchObject({ excerpt: '{}', page: null, screenshot: null })
  const long = await kept({ contentType: 'application/json', excerpt: `[${'1,'.repeat(4000)}1]` })
  expect(long.evidence[0]!.page!.key).toMatch(/\.json$/)
})

test('the newest come first, as many as wanted, and those of one gallery a few times only', async () => {
  const { run, galleryId } = await kept({ expected: 'first' })
  for (const expected of ['second', 'third', 'fourth']) {
    await recordEvidence(house, run.id, galleryId, 'fetch-photos', 'unexpected_page', shown({ expected }))
  }
  expect((await evidenceOf(house, run.id, 10)).map((one) => one.expected)).toEqual(['third', 'second', 'first'])
  expect((await evidenceOf(house, run.id, 1)).map((one) => one.expected)).toEqual(['third'])
})

test('only what the run’s own timeline names is opened', async () => {
  const { evidence } = await kept()
  const other = await aMovingRun(house)
  const open = (key: string) => openEvidence(house, other.id, key)
  await expect(open(evidence[0]!.page!.key)).rejects.toMatchObject({ code: 'not_found' })
  const lost = `${other.clientId}/evidence/${'0'.repeat(64)}.html`
  await house.db.transaction((tx) => recordEvent(tx, other.id, 'worker', 'unrecognised', { page: lost }))
  await expect(open(lost)).rejects.toBeInstanceOf(NoSuchObject)
})

test('a store that does not answer keeps nobody from saying what was expected', async () => {
  const run = await aMovingRun(house)
  const put = async () => {
    throw new StoreUnavailable('away')
  }
  const away = { ...house, store: { ...house.store, put } }
  expect(await keepEvidence(away, run.id, shown())).toMatchObject({
    expected: 'galleries[].id',
    page: null,
    screenshot: null,
  })
})
