import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { captureFailures } from '#server/captures.ts'
import { evidenceOf, openEvidence } from '#server/evidence.ts'
import { aMovingRun, type VerbHouse, verbHouse } from '#server/testing.ts'
import * as source from './connectors/connector.ts'
import { createHttp } from './http.ts'
import { type Job, StaleAttempt } from './run.ts'
import { guarded } from './trouble.ts'

const http = createHttp({ allowLocal: true })
const server = createServer((_, response) => response.writeHead(503).end('busy'))
let origin = ''
let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  origin = typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : ''
})
afterAll(async () => {
  await http.close()
  server.close()
  await house?.dispose()
})

type Queue = 'survey-source' | 'list-gallery' | 'build-gallery'

/** The step of one queue, which asks for one page and throws. */
function failing(queue: Queue, runId: string, galleryId: number | null, error: unknown): Promise<void> {
  const job = {
    queue,
    id: '00000000-0000-4000-8000-000000000001',
    runId,
    payload: galleryId === null ? { runId } : { galleryId },
    deaths: 0,
    suspect: false,
    signal: new AbortController().signal,
    finish: (work: Parameters<Job['finish']>[0]) => house.db.transaction(work),
    checkpoint: (work: Parameters<Job['checkpoint']>[0]) => house.db.transaction(work),
  } as Job
  return guarded(job, house, { runId, galleryId }, async () => {
    await (await http.request(`${origin}/${queue}?token=very-secret`)).discard()
    throw error
  })
}

const busy = () => new source.SourceFault('busy: ask lena@studio.example', 503)

test('survey, listing and building keep the requests behind what fails while somebody asked for it, masked, and only then', async () => {
  const run = await aMovingRun(house)
  const gallery = run.galleries[0]!.id
  const places: [Queue, number | null][] = [
    ['survey-source', null],
    ['list-gallery', gallery],
    ['build-gallery', gallery],
  ]
  for (const [queue, id] of places) await failing(queue, run.id, id, busy())
  expect(await evidenceOf(house, run.id, 10)).toEqual([])
  await captureFailures(house, 'lena@pass.test', run.id)
  for (const [queue, id] of places) await failing(queue, run.id, id, busy())
  const kept = (await evidenceOf(house, run.id, 10)).toReversed()
  expect(kept.map(({ step, code, expected, gallery: of }) => [step, code, expected, of?.title])).toEqual([
    ['survey-source', 'source_error', 'the account: busy: ask [mail]', undefined],
    ['list-gallery', 'source_error', 'the list of photos: busy: ask [mail]', 'Gallery g0'],
    ['build-gallery', 'source_error', 'the empty gallery: busy: ask [mail]', 'Gallery g0'],
  ])
  for (const { step, page } of kept) {
    const { stream } = await openEvidence(house, run.id, page!.key)
    const har = await text(stream)
    expect(har).not.toContain('very-secret')
    const [entry] = JSON.parse(har).log.entries
    expect([new URL(entry.request.url).pathname, entry.response.status]).toEqual([`/${step}`, 503])
  }
})

test('what only waits, or is another worker’s by now, is no failure and leaves no evidence', async () => {
  const run = await aMovingRun(house)
  const gallery = run.galleries[0]!.id
  await captureFailures(house, 'lena@pass.test', run.id)
  await failing('list-gallery', run.id, gallery, new source.RateLimited('x.test', 30))
  await failing('list-gallery', run.id, gallery, new source.Thawing('archived', 4))
  await expect(failing('list-gallery', run.id, gallery, new StaleAttempt())).rejects.toThrow(StaleAttempt)
  expect(await evidenceOf(house, run.id, 10)).toEqual([])
})

test('that evidence was asked for is in the timeline and on record, and ends by itself', async () => {
  const run = await aMovingRun(house)
  await captureFailures(house, 'lena@pass.test', run.id)
  const { rows } = await house.pool.query(
    `select e.kind, e.actor, a.act from events e join audit a on a.subject = e.run_id::text and a.act = 'run.capture'
     where e.run_id = $1 and e.kind = 'capture_asked'`,
    [run.id],
  )
  expect(rows).toEqual([{ kind: 'capture_asked', actor: 'lena@pass.test', act: 'run.capture' }])
  await house.pool.query("update runs set capture_until = now() - interval '1 second' where id = $1", [run.id])
  await failing('build-gallery', run.id, run.galleries[0]!.id, busy())
  expect(await evidenceOf(house, run.id, 10)).toEqual([])
})
