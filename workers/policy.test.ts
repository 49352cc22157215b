import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { HostResting } from '#server/pacing.ts'
import { Refusal } from '#server/refusal.ts'
import { ChecksumMismatch, NoSuchObject, StoreFull, StoreRefused, StoreUnavailable } from '#server/store/store.ts'
import * as source from './connectors/connector.ts'
import { nextTrySeconds, policyOf } from './policy.ts'

const going = new AbortController().signal
const evidence = { url: 'https://x.test/', status: 200, contentType: 'text/html', excerpt: '<html>' }

test.each([
  [new source.RateLimited('x.test', 7), { kind: 'later', code: 'rate_limited', seconds: 7 }],
  [new source.Thawing('archived', 12), { kind: 'thaw', usualHours: 12 }],
  [new source.NotFound(), { kind: 'settle', code: 'gone_at_source' }],
  [new source.NotAvailable('hidden', 'not_available'), { kind: 'settle', code: 'not_available' }],
  [
    new source.SignInRefused('Enter the password again.'),
    { kind: 'person', code: 'sign_in_refused', todo: 'Enter the password again.' },
  ],
  [new source.Challenge('Answer the captcha.'), { kind: 'person', code: 'challenge', todo: 'Answer the captcha.' }],
  [new source.SessionExpired(), { kind: 'attempt', code: 'session_expired' }],
  [
    new source.UnexpectedPage('photos[].id', evidence),
    { kind: 'attempt', code: 'unexpected_page', evidence: { expected: 'photos[].id', ...evidence } },
  ],
  [new source.Truncated(), { kind: 'attempt', code: 'truncated' }],
  [new source.AnswerTooLarge(), { kind: 'attempt', code: 'answer_too_large' }],
  [new source.AddressRefused(), { kind: 'attempt', code: 'address_refused' }],
  [new source.SourceUnreachable(), { kind: 'attempt', code: 'source_unreachable' }],
  [new source.SourceFault('busy', 503), { kind: 'attempt', code: 'source_error' }],
  [new StoreUnavailable(), { kind: 'later', code: 'store_unavailable' }],
  [new StoreFull(), { kind: 'person', code: 'insufficient_storage' }],
  [new StoreRefused(), { kind: 'person', code: 'store_refused' }],
  [new ChecksumMismatch(), { kind: 'attempt', code: 'checksum_mismatch' }],
  [new NoSuchObject(), { kind: 'attempt', code: 'object_missing' }],
  [
    new Refusal('credentials_missing', 409, 'Enter them again.'),
    { kind: 'person', code: 'credentials_missing', todo: 'Enter them again.' },
  ],
  [Object.assign(new Error('write'), { code: 'ENOSPC' }), { kind: 'person', code: 'insufficient_storage' }],
  [new TypeError('x is undefined'), { kind: 'attempt', code: 'unknown_error' }],
])('%s leads where its class says', (error, policy) => {
  expect(policyOf(error, going)).toMatchObject(policy)
})

test('a host that rests is asked later; no attempt is counted', () => {
  const error = Object.assign(Object.create(HostResting.prototype) as HostResting, { seconds: 90 })
  expect(policyOf(error, going)).toEqual({ kind: 'later', code: 'host_resting', seconds: 90 })
})

test('whatever is thrown while the worker stops is left for another', () => {
  expect(policyOf(new source.NotFound(), AbortSignal.abort())).toEqual({ kind: 'stopped' })
})

test('seven tries further apart each time, about six and a half minutes in all, then it was the last', () => {
  const waits = Array.from({ length: 7 }, (_, attempts) => nextTrySeconds(attempts)!)
  for (const [i, expected] of [1, 2, 4, 8, 20, 60, 300].entries())
    expect(Math.abs(waits[i]! / expected - 1)).toBeLessThanOrEqual(0.25)
  expect(nextTrySeconds(7)).toBeNull()
})

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database?.drop())

const thrown = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

test.each([
  ['connection is cut while a query runs', () => database.pool.query('select pg_terminate_backend(pg_backend_pid())')],
  [
    'connection is cut while a transaction runs',
    () => database.db.execute('select pg_terminate_backend(pg_backend_pid())'),
  ],
  [
    'connection ends without a word',
    async () => {
      const client = new pg.Client({ connectionString: database.url })
      client.on('error', () => {})
      await client.connect()
      const answer = client.query('select pg_sleep(60)')
      ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      await answer
    },
  ],
  [
    'server refuses connections',
    async () => {
      const client = new pg.Client({ host: '127.0.0.1', port: 1 })
      await client.connect()
    },
  ],
  ['server is in recovery', () => database.pool.query("do $$ begin raise exception using errcode = '57P03'; end $$")],
  [
    'transaction was the victim of a deadlock',
    () => database.db.execute("do $$ begin raise exception using errcode = '40P01'; end $$"),
  ],
  ['lock was not to be had', () => database.db.execute("do $$ begin raise exception using errcode = '55P03'; end $$")],
])('the database is asked again later, without counting, when the %s', async (_, fault) => {
  const error = await thrown(fault())
  expect(policyOf(error, going)).toEqual({ kind: 'later', code: 'database_unavailable', seconds: 2 })
})

test('a query that is wrong is not taken for a database that is away', async () => {
  const wrong = await thrown(database.db.execute('select nothing'))
  expect(policyOf(wrong, going)).toEqual({ kind: 'attempt', code: 'unknown_error' })
})
