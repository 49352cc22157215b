// What ops look at, as rows: workers of every state, queues deep and paused, providers that answer well and badly. The
// system's own worker is drained first, so that nothing of it is taken.
import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { sql } from 'drizzle-orm'
import type { Db } from '#db/client.ts'
import type { Look } from './every-page.ts'
import type { Scenes } from './scenes.ts'

export const operationsPages: Look[] = [
  { name: 'queues-deep', path: '/queues', ready: 'No worker takes render photos' },
  { name: 'workers-draining', path: '/workers', ready: 'transfer-5c46' },
  { name: 'providers-stopped', path: '/providers', ready: 'they asked us to wait until Monday' },
  { name: 'webhooks-failed', path: '/webhooks', ready: 'wants no more (410)' },
  { name: 'audit-acts', path: '/audit', ready: 'drained a worker' },
]

/** Jobs and workers of scenes are told apart by these. */
const sceneJob = '{"scene":true}'
const scenePid = 0

/** Gives back how to take it all away again; the worker works again then. */
export async function arrangeOperations(db: Db, scenes: Scenes): Promise<() => Promise<void>> {
  await db.execute(sql`update workers set drain_by = 'olga@pass.local', drain_at = now() - interval '3 minutes'`)
  await expect
    .poll(async () => (await db.execute(sql`select from workers where state <> 'drained'`)).rowCount, {
      timeout: 60_000,
    })
    .toBe(0)
  await addWorkers(db, scenes)
  await addJobs(db, scenes)
  await addHosts(db)
  await addActs(db, scenes)
  await addDeliveries(db, scenes)
  return async () => {
    await db.execute(sql`delete from workers where pid = ${scenePid}`)
    await db.execute(sql`delete from pgboss.job where data = ${sceneJob}::jsonb`)
    await db.execute(sql`delete from queue_pauses`)
    await db.execute(sql`delete from provider_stops`)
    await db.execute(sql`update workers set drain_by = null, drain_at = null`)
  }
}

/** Signs of the future keep them from being swept. */
async function addWorkers(db: Db, { running }: Scenes): Promise<void> {
  const work = (queue: string, ...seconds: number[]) =>
    seconds.map((ago) => ({ queue, runId: running, since: new Date(Date.now() - ago * 1000).toISOString() }))
  const rows = [
    {
      group: 'scrape',
      host: 'scrape-7d9f',
      state: 'working',
      mb: 318,
      work: work('list-gallery', 340, 12),
      ended: { 'list-gallery': 9 },
    },
    {
      group: 'transfer',
      host: 'transfer-5c44',
      state: 'working',
      mb: 241,
      work: work('fetch-photos', 21, 14, 9, 2),
      ended: { 'fetch-photos': 96 },
    },
    {
      group: 'transfer',
      host: 'transfer-5c45',
      state: 'working',
      mb: 256,
      work: [...work('fetch-photos', 30, 18, 7, 1), ...work('deliver-webhook', 1)],
      ended: { 'fetch-photos': 88, 'deliver-webhook': 4 },
    },
    {
      group: 'transfer',
      host: 'transfer-5c46',
      state: 'draining',
      mb: 233,
      work: work('fetch-photos', 44),
      ended: { 'fetch-photos': 31 },
    },
  ]
  for (const { group, host, state, mb, work: inHand, ended } of rows)
    await db.execute(sql`
      insert into workers (id, "group", host, pid, version, started_at, seen_at, resident_bytes, jobs, state, drain_by, drain_at, work, ended)
      values (${randomUUID()}, ${group}, ${host}, ${scenePid}, '0.1.0, Node 24.21.0', now() - interval '5 hours', now() + interval '1 hour', ${mb * 1e6},
        ${inHand.length}, ${state}, ${state === 'draining' ? 'olga@pass.local' : null}, ${state === 'draining' ? sql`now() - interval '8 seconds'` : null},
        ${JSON.stringify(inHand)}::jsonb, ${JSON.stringify(ended)}::jsonb)`)
}

async function addJobs(db: Db, { running }: Scenes): Promise<void> {
  const jobs = [
    ['list-gallery', 6, 95, 'created'],
    ['list-gallery', 3, -300, 'created'],
    ['fetch-photos', 1204, 260, 'created'],
    ['fetch-photos', 37, -90, 'created'],
    ['render-photos', 412, 1800, 'created'],
    ['deliver-webhook', 2, 1, 'created'],
    ['send-mail', 14, 700, 'created'],
  ] as const
  for (const [name, n, readyFor, state] of jobs)
    await db.execute(sql`
      insert into pgboss.job (name, state, group_id, data, start_after)
      select ${name}, ${state}::pgboss.job_state, ${running}, ${sceneJob}::jsonb, now() - ${readyFor} * interval '1 second' from generate_series(1, ${n}::int)`)
  await db.execute(sql`
    insert into queue_pauses (queue, by, at, note) values ('send-mail', 'olga@pass.local', now() - interval '12 minutes', 'the mail server moves today')`)
}

async function addHosts(db: Db): Promise<void> {
  const hosts = [
    ['api.zenfolio.com', 'page', 'zenfolio', 6.5, null, null],
    ['up.zenfolio.com', 'bytes', 'zenfolio', 118, null, null],
    ['client.pixieset.com', 'page', 'pixieset', 1.2, '429', 140],
    ['images.pixieset.com', 'bytes', 'pixieset', 40, null, null],
  ] as const
  for (const [host, lane, provider, rate, reason, blocked] of hosts) {
    await db.execute(sql`
      insert into host_budgets (host, lane, rate, "least", most, tokens, provider, reason, blocked_until)
      values (${host}, ${lane}, ${rate}, 0.5, ${lane === 'page' ? 10 : 120}, 1, ${provider}, ${reason},
        ${blocked === null ? null : sql`now() + ${blocked} * interval '1 second'`}) on conflict do nothing`)
    await db.execute(sql`
      insert into host_minutes (host, lane, minute, provider, requests, limited, refused, failed, took, rate)
      select ${host}, ${lane}, date_trunc('minute', now()) - m * interval '1 minute', ${provider}, 120,
        case when ${provider} = 'pixieset' and m % 7 = 0 then 22 else 0 end, case when m = 31 then 3 else 0 end, m % 40 / 39,
        '{0,1,4,12,30,40,20,9,3,1,0,0,0,0,0,0,0,0,0,0}', ${rate}::float8 * (1 - 0.5 * (case when m % 90 < 20 then 1 - (m % 90) / 20.0 else 0 end))
      from generate_series(0, 700) m on conflict do nothing`)
  }
  await db.execute(sql`
    insert into provider_stops (provider, by, at, note) values ('shootproof', 'olga@pass.local', now() - interval '2 hours', 'they asked us to wait until Monday')`)
}

async function addActs(db: Db, { client, running }: Scenes): Promise<void> {
  const acts = [
    ['olga@pass.local', 'provider.stop', null, 'shootproof', { note: 'they asked us to wait until Monday' }, 120],
    ['olga@pass.local', 'host.set', null, 'api.zenfolio.com', { lane: 'page', least: 0.5, most: 10 }, 95],
    ['lena@pass.local', 'run.retry', client, running, { code: 'truncated', retried: 31 }, 70],
    ['olga@pass.local', 'queue.pause', null, 'send-mail', { note: 'the mail server moves today' }, 12],
    ['lena@pass.local', 'link.create', client, randomUUID(), { days: 30 }, 9],
    ['link 4f1d22ab', 'client.approve', client, client, {}, 4],
    ['olga@pass.local', 'worker.drain', null, randomUUID(), { host: 'transfer-5c46', pid: 7, group: 'transfer' }, 0],
  ] as const
  for (const [actor, act, clientId, subject, data, minutes] of acts)
    await db.execute(sql`
      insert into audit (at, actor, act, client_id, subject, data, previous, hash)
      values (now() - ${minutes} * interval '1 minute', ${actor}, ${act}, ${clientId}, ${subject}, ${JSON.stringify(data)}::jsonb, '', '')`)
}

async function addDeliveries(db: Db, { client }: Scenes): Promise<void> {
  const { rows } = await db.execute<{ id: string }>(sql`
    insert into api_keys (client_id, name, prefix, hash, scopes, webhook_secret, created_by)
    values (${client}, 'The shop', 'pass_q1w2e3r4', sha256(gen_random_uuid()::text::bytea), '{upload}', '\\x01', 'lena@pass.local') returning id`)
  const body = JSON.stringify({ type: 'upload.completed', timestamp: new Date().toISOString(), status: 'completed' })
  const told = [
    ['delivered', 1, 200, null, 'ok', 84],
    ['failed', 1, 410, 'gone', 'Gone', 40],
    ['failed', 10, null, 'timeout', null, 15_000],
    ['waiting', 3, 503, 'not_accepted', 'try later', 220],
    ['delivered', 2, 204, null, null, 51],
  ] as const
  for (const [index, [state, attempts, status, code, response, milliseconds]] of told.entries())
    await db.execute(sql`
      insert into webhook_deliveries (client_id, key_id, url, body, state, attempts, next_try_at, last_at, last_status, last_code, last_response, last_milliseconds, created_at)
      values (${client}, ${rows[0]!.id}, 'https://shop.lumen.example/hooks/pass', ${body}, ${state}, ${attempts},
        ${state === 'waiting' ? sql`now() + interval '27 minutes'` : null}, now() - interval '1 minute', ${status}, ${code}, ${response}, ${milliseconds},
        now() - ${index * 17} * interval '1 minute')`)
}
