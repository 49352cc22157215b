// What holds for every provider at once: they move beside each other, and none asks again for what is listed.
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listHosts } from '#server/hosts.ts'
import { differences, migrateAll, reached, reportLines, type StandIn, startStandIn, type TestHouse } from './testing.ts'
import { ownHouse, sized } from './testing-house.ts'

let house: TestHouse

beforeAll(async () => {
  house = await ownHouse()
})
afterAll(() => house?.dispose())

test('four accounts at four providers move beside each other, and one that is asked to slow down slows no other', async () => {
  const worker = await house.startWorker()
  const places = await Promise.all(
    ['zenfolio', 'pixieset', 'shootproof', 'nextzen'].map((provider) => startStandIn(provider, sized(4, 12))),
  )
  const [slowed, ...others] = places as [StandIn, ...StandIn[]]
  try {
    await slowed.faults({ rate429: 0.2, retryAfter: 1 })
    const runs = await Promise.all(places.map((place) => migrateAll(house, place, { client: place.provider })))
    const ends = await Promise.all(runs.map((run) => reached(house, run)))
    expect(ends.map(({ state, todo }) => [state, todo])).toEqual(places.map(() => ['done', null]))
    for (const [i, place] of places.entries()) {
      expect(differences(await reportLines(house, runs[i]!), await place.expected())).toEqual([])
      const { writes, unknown } = await place.requests()
      expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
    }
    const limited = new Set((await listHosts(house)).filter(({ reason }) => reason !== null).map(({ host }) => host))
    const hostsOf = ({ origin }: StandIn) => new URL(origin).host
    expect(limited).toContain(hostsOf(slowed))
    for (const place of others) expect(limited).not.toContain(hostsOf(place))
  } finally {
    for (const place of places) await place.stop()
    await stopped(worker, 'SIGTERM')
  }
}, 240_000)

test('killed in mid-listing, a restart asks for no page of a gallery that was read', async () => {
  const pagePhotos = 500
  const galleries = 4
  const pagesEach = 6 // the last one half full
  const photos = pagePhotos * (pagesEach - 0.5)
  const place = await startStandIn('zenfolio', sized(galleries, photos))
  try {
    const first = await house.startWorker('scrape')
    const run = await migrateAll(house, place, { client: 'Gallery by gallery' })
    const asked = async () => (await place.requests()).byMethod.LoadPhotoSetPhotos ?? 0
    await reached(house, run, (seen) => seen.totals.found >= pagePhotos * 8)
    await stopped(first, 'SIGKILL')
    const { rows } = await house.pool.query<{ read: number }>(
      'select sum(ceil(total / $2::float8))::int as read from galleries where run_id = $1',
      [run, pagePhotos],
    )
    const pagesLeft = galleries * pagesEach - rows[0]!.read
    expect(pagesLeft).toBeGreaterThan(0)
    const before = await asked()
    const second = await house.startWorker('scrape')
    await reached(house, run, (seen) => seen.totals.found === galleries * photos)
    expect((await asked()) - before).toBeLessThanOrEqual(pagesLeft)
    await stopped(second, 'SIGTERM')
  } finally {
    await place.stop()
  }
}, 240_000)

test('killed in mid-survey, a restart asks for no page of the account that was read', async () => {
  const perPage = 24
  const pages = 12
  const place = await startStandIn('pixieset', sized(perPage * pages, 1))
  try {
    await place.faults({ latencyMs: 100 })
    const first = await house.startWorker('scrape')
    const run = await migrateAll(house, place, { client: 'Page by page' })
    const read = async () => {
      const { rows } = await house.pool.query<{ pages: number }>(
        'select count(*)::int as pages from survey_pages where run_id = $1',
        [run],
      )
      return rows[0]!.pages
    }
    await expect.poll(read, { timeout: 60_000, interval: 50 }).toBeGreaterThanOrEqual(5)
    await stopped(first, 'SIGKILL')
    const kept = await read()
    expect(kept).toBeLessThan(pages)
    const asked = async () => (await place.requests()).byMethod
    const before = await asked()
    await place.faults({ latencyMs: 0 })
    const second = await house.startWorker('scrape')
    await reached(house, run, (seen) => seen.state === 'running')
    const after = await asked()
    const listing = Object.keys(after).filter((method) => /dashboard_listings/.test(method))
    expect(listing).not.toEqual([])
    const again = listing.reduce((sum, method) => sum + after[method]! - (before[method] ?? 0), 0)
    // The first page is looked at once more at the end.
    expect(again).toBeLessThanOrEqual(pages - kept + 1)
    await stopped(second, 'SIGTERM')
  } finally {
    await place.stop()
  }
}, 240_000)

async function stopped(worker: Awaited<ReturnType<TestHouse['startWorker']>>, signal: NodeJS.Signals): Promise<void> {
  const gone = once(worker, 'exit')
  worker.kill(signal)
  await gone
}
