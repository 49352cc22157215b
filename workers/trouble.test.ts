import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { evidenceOf, openEvidence } from '#server/evidence.ts'
import { createMigration, resumeRun } from '#server/runs.ts'
import { aMovingRun, aSource, forgetJobs, jobsOf, type VerbHouse, verbHouse } from '#server/testing.ts'
import * as source from './connectors/connector.ts'
import { type Job, StaleAttempt } from './run.ts'
import { guarded } from './trouble.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => forgetJobs(house))

const unknown = new source.UnexpectedPage('galleries[].id', {
  url: 'https://x.test/?token=abc123',
  status: 200,
  contentType: 'text/html',
  excerpt: '<input name="password" value="abc123">',
})

function jobOf(
  queue: 'list-gallery' | 'survey-source',
  runId: string,
  galleryId?: number,
  signal = new AbortController().signal,
): Job {
  return {
    queue,
    id: '00000000-0000-4000-8000-000000000001',
    runId,
    payload: galleryId === undefined ? { runId } : { galleryId },
    deaths: 0,
    suspect: false,
    signal,
    finish: (work) => house.db.transaction(work),
    checkpoint: (work) => house.db.transaction(work),
  }
}

const fails = (error: unknown) => async () => {
  throw error
}

/** A gallery of a run that moves, whose listing throws; then how it and its run stand. */
async function gallery() {
  const run = await aMovingRun(house)
  await forgetJobs(house)
  const { id } = run.galleries[0]!
  return {
    run,
    throws: (error: unknown, signal?: AbortSignal) =>
      guarded(jobOf('list-gallery', run.id, id, signal), house, { runId: run.id, galleryId: id }, fails(error)),
    stands: async () => {
      const { rows } = await house.pool.query(
        `select g.state, g.code, g.tries, r.state as run from galleries g join runs r on r.id = g.run_id where g.id = $1`,
        [id],
      )
      return rows[0]
    },
    waits: async () => (await jobsOf(house, 'list-gallery')).map((job) => job.wait),
  }
}

test('a gallery that the provider cannot give now is asked for again, further apart each time; then it needs a look', async () => {
  const { throws, stands, waits } = await gallery()
  const seen: number[] = []
  for (let tries = 1; tries <= 7; tries++) {
    await throws(new source.SourceFault('busy', 503))
    expect(await stands()).toMatchObject({ state: 'planned', tries, run: 'running' })
    seen.push((await waits()).at(-1)!)
    await forgetJobs(house)
  }
  // What is left of each when it is looked at: the first two are equally long.
  for (const [n, wait] of seen.slice(1).entries()) expect(wait).toBeGreaterThan(seen[n]! - 1)
  expect(seen.at(-1)).toBeGreaterThan(20 * seen[0]!)
  await throws(new source.SourceFault('busy', 503))
  expect(await waits()).toEqual([])
  expect(await stands()).toMatchObject({ state: 'attention', code: 'source_error', run: 'done_with_problems' })
})

test('a page that was not recognised is looked at three times; the evidence is kept and holds no secret', async () => {
  const { run, throws, stands } = await gallery()
  for (let looks = 1; looks <= 3; looks++) {
    expect(await stands()).not.toMatchObject({ state: 'attention' })
    await throws(unknown)
  }
  expect(await stands()).toMatchObject({ state: 'attention', code: 'unexpected_page' })
  const { rows } = await house.pool.query("select data from events where run_id = $1 and kind = 'unrecognised'", [
    run.id,
  ])
  expect(rows.length).toBe(3)
  expect(rows[0].data).toMatchObject({ expected: 'galleries[].id', status: 200 })
  expect(JSON.stringify(rows)).not.toContain('abc123')
})

test('what the page showed and its picture are kept for whoever mends the connector, and nothing that signs in', async () => {
  const { run, throws } = await gallery()
  const secret = 'S3cr3t-Value.9'
  const excerpt = `<input name="token" value="${secret}">`.repeat(200)
  const evidence = { url: `https://x.test/?token=${secret}`, status: 200, contentType: 'text/html', excerpt }
  await throws(new source.UnexpectedPage('#sign-in', { ...evidence, screenshot: Buffer.from('\x89PNG') }))
  const [kept] = await evidenceOf(house, run.id, 1)
  expect(kept).toMatchObject({ expected: '#sign-in', step: 'list-gallery', code: 'unexpected_page' })
  expect(JSON.stringify(kept)).not.toContain(secret)
  const page = await openEvidence(house, run.id, kept!.page!.key)
  expect(await text(page.stream)).toBe('<input name="token" value="[masked]">'.repeat(200))
  const picture = await openEvidence(house, run.id, kept!.screenshot!.key)
  expect(await text(picture.stream)).toBe('\x89PNG')
})

test.each([
  ['a limited rate', new source.RateLimited('x.test', 40), { state: 'planned', tries: 0, run: 'running' }, 1],
  ['a gallery that is gone', new source.NotFound(), { state: 'attention', code: 'gone_at_source' }, 0],
  [
    'a gallery that is being brought back',
    new source.Thawing('archived', 12),
    { state: 'waiting', code: 'thawing', tries: 0, run: 'running' },
    0,
  ],
  ['a captcha', new source.Challenge('Answer the captcha.'), { state: 'planned', tries: 0, run: 'blocked' }, 0],
])('%s leaves the gallery as it should', async (_, error, expected, jobs) => {
  const { throws, stands, waits } = await gallery()
  await throws(error)
  expect(await stands()).toMatchObject(expected)
  expect((await waits()).length).toBe(jobs)
})

test('a worker that stops hands the gallery on at once', async () => {
  const { throws, stands, waits } = await gallery()
  await throws(new Error('this worker stops'), AbortSignal.abort())
  expect(await stands()).toMatchObject({ state: 'planned', tries: 0 })
  expect((await waits()).every((wait) => wait <= 0)).toBe(true)
})

test('a stale attempt settles nothing', async () => {
  const { throws, stands, waits } = await gallery()
  await expect(throws(new StaleAttempt())).rejects.toBeInstanceOf(StaleAttempt)
  expect(await stands()).toMatchObject({ state: 'planned', tries: 0 })
  expect(await waits()).toEqual([])
})

async function survey() {
  const { sourceId } = await aSource(house)
  const { id } = await createMigration(house, 'test', { sourceId, renditions: [], autoStart: false })
  await forgetJobs(house)
  return {
    id,
    throws: (error: unknown) =>
      guarded(jobOf('survey-source', id), house, { runId: id, galleryId: null }, fails(error)),
    stands: async () =>
      (await house.pool.query('select state, code, todo, tries from runs where id = $1', [id])).rows[0],
  }
}

test.each([
  ['after its eighth try', new source.SourceFault('busy', 503), 8, 'source_error'],
  ['after its third look', unknown, 3, 'unexpected_page'],
  ['at once where we do not talk to its address', new source.AddressRefused('x.test'), 1, 'address_refused'],
  ['at once where there is nothing to be had', new source.NotFound(), 1, 'gone_at_source'],
  ['at once where a person is needed', new source.SignInRefused('Enter the password again.'), 1, 'sign_in_refused'],
])(
  'an account that cannot be read waits for a person %s, with a sentence, and has all its tries again then',
  async (_, error, tries, code) => {
    const { id, throws, stands } = await survey()
    for (let i = 1; i < tries; i++) {
      await throws(error)
      expect(await stands()).toMatchObject({ state: 'surveying', tries: i, todo: expect.stringContaining(code) })
    }
    await throws(error)
    expect(await stands()).toMatchObject({ state: 'blocked', code, todo: expect.stringMatching(/\w+ \w+.*\.$/) })
    await forgetJobs(house)
    await resumeRun(house, 'test', id)
    expect(await stands()).toMatchObject({ state: 'surveying', tries: 0, code: null, todo: null })
    expect((await jobsOf(house, 'survey-source')).length).toBe(1)
  },
)
