import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runFailures, runTroubledPhotos } from './failures.ts'
import { galleryPhotos, runGalleries } from './galleries.ts'
import { recordPage } from './listing.ts'
import { aMovingRun, aSource, foundPhoto, type VerbHouse, verbHouse } from './testing.ts'
import { listRuns } from './views.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

test('runs come page by page, newest first, none twice and none left out, though they began in the same millisecond', async () => {
  const { clientId } = await aSource(house)
  await house.pool.query(
    `insert into runs (client_id, kind, state, renditions, created_by, created_at)
     select $1, 'upload', 'done', '{}', 'test', timestamptz '2026-01-02 03:04:05.678' + n / 3 * interval '1 microsecond' from generate_series(0, 19) n`,
    [clientId],
  )
  const { rows } = await house.pool.query<{ id: string }>(
    'select id from runs where client_id = $1 order by created_at desc, id desc',
    [clientId],
  )
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const page = await listRuns(house, { clientId, cursor, limit: 3 })
    seen.push(...page.runs.map((run) => run.id))
    cursor = page.nextCursor
  } while (cursor)
  expect(seen).toEqual(rows.map((row) => row.id))
})

test("a client's runs are listed for no other", async () => {
  const [mine, theirs] = [await aMovingRun(house), await aMovingRun(house)]
  expect((await listRuns(house, { clientId: mine.clientId })).runs.map((run) => run.id)).toEqual([mine.id])
  expect((await listRuns(house, { clientId: randomUUID() })).runs).toEqual([])
  expect((await listRuns(house, { clientId: theirs.clientId, states: ['running'] })).runs.map((run) => run.id)).toEqual(
    [theirs.id],
  )
})

test("one gallery's address and another's set show no photo; nor do a run's causes show another's", async () => {
  const [mine, theirs] = [await aMovingRun(house), await aMovingRun(house)]
  for (const run of [mine, theirs])
    await recordPage(house.db, house.queues, run.galleries[0]!, { photos: [foundPhoto('g0', 'p0')], next: null }, null)
  await house.pool.query("update photos set state = 'failed', code = 'truncated' where run_id = $1", [theirs.id])
  await house.pool.query('update galleries set listed = 0, failed = 1 where run_id = $1', [theirs.id])
  const places = async (runId: string) => {
    const { galleries } = await runGalleries(house, runId)
    const { rows } = await house.pool.query<{ id: number }>('select id from sets where gallery_id = $1', [
      galleries[0]!.id,
    ])
    return { publicId: galleries[0]!.publicId, set: rows[0]!.id }
  }
  const [own, other] = [await places(mine.id), await places(theirs.id)]
  expect((await galleryPhotos(house, own.publicId, own.set)).photos.length).toBe(1)
  expect((await galleryPhotos(house, own.publicId, other.set)).photos).toEqual([])
  expect(await runFailures(house, mine.id)).toEqual([])
  expect((await runTroubledPhotos(house, mine.id, { code: 'truncated', state: 'failed' })).photos).toEqual([])
  expect((await runTroubledPhotos(house, theirs.id, { code: 'truncated', state: 'failed' })).photos.length).toBe(1)
})
