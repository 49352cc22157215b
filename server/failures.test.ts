import { afterAll, beforeAll, expect, test } from 'vitest'
import { decideCause, isOpen, reopenCause, runFailures } from './failures.ts'
import { retryRun } from './retry.ts'
import { aMovingRun, countedAndRecounted, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const cause = { code: 'truncated', state: 'failed' } as const

/** One gallery of which photos failed: in copying, and in rendering what is here already. */
async function aRunWithFailures(copying: number, rendering = 0) {
  const run = await aMovingRun(house)
  const gallery = run.galleries[0]!
  await house.pool.query('delete from photos where gallery_id = $1', [gallery.id])
  for (let n = 0; n < copying + rendering; n++) await failed(run.id, gallery.id, run.clientId, n, n >= copying)
  await house.pool.query(
    `update galleries set total = $2, failed = $2, listed = 0, stored = 0, bytes_stored = $3 where id = $1`,
    [gallery.id, copying + rendering, rendering * 100],
  )
  return run
}

async function failed(runId: string, galleryId: number, clientId: string, n: number, isHere: boolean) {
  const { rows } = await house.pool.query<{ id: number }>(
    `insert into photos (client_id, run_id, gallery_id, ref, kind, filename, state, step, code, attempts, sha256, bytes)
     values ($1, $2, $3, $4, 'photo', $4, 'failed', $5, $6, 8, $7, $8) returning id`,
    [
      clientId,
      runId,
      galleryId,
      `p${n}`,
      isHere ? 'render-photos' : 'fetch-photos',
      isHere ? 'processing_timeout' : 'truncated',
      isHere ? Buffer.alloc(32, n) : null,
      isHere ? 100 : null,
    ],
  )
  await house.pool.query(
    "insert into attempts (photo_id, attempt, step, code) values ($1, 8, 'fetch-photos', 'truncated')",
    [rows[0]!.id],
  )
}

test('a cause tells how often its photos were tried, and in whose other runs it happened', async () => {
  const run = await aRunWithFailures(2)
  const before = (await runFailures(house, run.id))[0]!
  expect(before).toMatchObject({ ...cause, count: 2, attempts: [8, 8], open: true, decided: null, evidence: 0 })
  await aRunWithFailures(1)
  expect((await runFailures(house, run.id))[0]!.otherClients).toBe(before.otherClients + 1)
})

test('what was resolved opens by itself with the next photo that fails of it', async () => {
  const run = await aRunWithFailures(2)
  await decideCause(house, 'lena', run.id, { ...cause, decision: 'resolved', note: 'told the client' })
  expect((await runFailures(house, run.id))[0]).toMatchObject({
    open: false,
    decided: { decision: 'resolved', by: 'lena', note: 'told the client' },
  })
  await failed(run.id, run.galleries[0]!.id, run.clientId, 9, false)
  expect((await runFailures(house, run.id))[0]).toMatchObject({ open: true, decided: { decision: 'resolved' } })
})

test('what is ignored stays so until its time or its number is up, or somebody takes it back', async () => {
  const now = new Date()
  const ignored = { decision: 'ignored', at: now, until: null, untilCount: null } as const
  const seen = { count: 5, lastAt: new Date(now.getTime() + 1000) }
  expect(isOpen(ignored, 1, seen, now)).toBe(false)
  expect(isOpen({ ...ignored, untilCount: 6 }, 1, seen, now)).toBe(false)
  expect(isOpen({ ...ignored, untilCount: 5 }, 1, seen, now)).toBe(true)
  expect(isOpen({ ...ignored, until: new Date(now.getTime() + 1) }, 1, seen, now)).toBe(false)
  expect(isOpen({ ...ignored, until: now }, 1, seen, now)).toBe(true)

  const run = await aRunWithFailures(3)
  await decideCause(house, 'lena', run.id, { ...cause, decision: 'ignored', hours: 24 })
  expect((await runFailures(house, run.id))[0]!.open).toBe(false)
  await reopenCause(house, 'lena', run.id, cause)
  expect((await runFailures(house, run.id))[0]).toMatchObject({ open: true, decided: null })
})

test('a cause that nothing has cannot be set aside', async () => {
  const run = await aRunWithFailures(1)
  const nothing = decideCause(house, 'lena', run.id, { code: 'empty_file', state: 'failed', decision: 'resolved' })
  await expect(nothing).rejects.toMatchObject({ code: 'no_such_cause' })
})

test('a retry from rendering takes only what is here, one from copying fetches that anew, one from verifying neither', async () => {
  const states = async (runId: string) => {
    const { rows } = await house.pool.query<{ state: string; n: number }>(
      'select state, count(*)::int as n from photos where run_id = $1 group by state',
      [runId],
    )
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]))
  }
  const rendering = await aRunWithFailures(2, 3)
  expect(await retryRun(house, 'lena', rendering.id, { from: 'render' })).toMatchObject({ retried: 3 })
  expect(await states(rendering.id)).toEqual({ failed: 2, stored: 3 })

  const copying = await aRunWithFailures(2, 3)
  expect(await retryRun(house, 'lena', copying.id, { from: 'copy', capture: true })).toMatchObject({ retried: 5 })
  expect(await states(copying.id)).toEqual({ listed: 5 })
  const counted = await countedAndRecounted(house, copying.id)
  expect(counted.counted).toEqual(counted.recounted)
  const { rows } = await house.pool.query('select capture_until > now() as captures from runs where id = $1', [
    copying.id,
  ])
  expect(rows[0]).toEqual({ captures: true })

  const verifying = await aRunWithFailures(1)
  expect(await retryRun(house, 'lena', verifying.id, { from: 'verify' })).toMatchObject({ retried: 0 })
  expect(await states(verifying.id)).toEqual({ failed: 1 })
})
