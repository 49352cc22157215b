import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '#server/clients.ts'
import type { House } from '#server/house.ts'
import { createKey } from '#server/keys.ts'
import { forgetJobs, jobsOf, type VerbHouse, verbHouse } from '#server/testing.ts'
import { aSite, type Site } from '#server/testing-site.ts'
import { announceByWebhook, replayDelivery, signedHeaders, sweepWebhooks } from '#server/webhooks.ts'
import { type Job, type Steps, startWorker } from '../run.ts'
import type { Tools } from '../tools.ts'
import { deliverWebhook } from './deliver-webhook.ts'

let base: VerbHouse
let house: House
let client: { clientId: string; keyId: string; secret: string }
const sites: Site[] = []

beforeAll(async () => {
  base = await verbHouse()
  house = { ...base, env: { ...base.env, ALLOW_LOCAL_SOURCES: true } }
  const { id: clientId } = await createClient(house, 'test', { name: 'Anna' })
  const { id: keyId, webhookSecret: secret } = await createKey(house, 'test', { clientId, scopes: ['upload'] })
  client = { clientId, keyId, secret }
})
afterEach(() => Promise.all(sites.splice(0).map(({ close }) => close())))
afterAll(() => base?.dispose())

interface Heard {
  headers: IncomingHttpHeaders
  body: string
  method: string | undefined
}

/** Somebody who listens; `answers` says what, in turn, the last one for ever. */
async function receiver(...answers: (number | RequestListener)[]) {
  const heard: Heard[] = []
  const site = await aSite(async (request, response) => {
    const answer = answers[Math.min(heard.length, answers.length - 1)] ?? 204
    heard.push({ headers: request.headers, method: request.method, body: await text(request) })
    if (typeof answer === 'function') return answer(request, response)
    response.writeHead(answer).end(`answer ${answer}`)
  })
  sites.push(site)
  return { heard, url: `${site.origin}/hook` }
}

const payload = { type: 'job.completed', timestamp: '2026-11-22T10:00:00.000Z', status: 'completed', urls: ['ä', '日'] }
const announce = (url: string) => announceByWebhook(house.db, house, { ...client, url, payload })

/** One try, as a worker makes it. */
async function tries(deliveryId: string, by = house) {
  const job: Job<'deliver-webhook'> = {
    ...{ queue: 'deliver-webhook', id: randomUUID(), runId: null, payload: { deliveryId }, deaths: 0, suspect: false },
    signal: new AbortController().signal,
    finish: (work) => house.db.transaction(work),
    checkpoint: (work) => house.db.transaction(work),
  }
  await deliverWebhook(job, { house: by })
  return rowOf(deliveryId)
}

async function rowOf(id: string) {
  const { rows } = await house.pool.query(
    `select state, attempts, last_status as status, last_code as code, last_response as response,
       extract(epoch from next_try_at - now())::float8 as wait from webhook_deliveries where id = $1`,
    [id],
  )
  return rows[0] as {
    state: string
    attempts: number
    status: number | null
    code: string | null
    response: string | null
    wait: number | null
  }
}

const withHeader = (heard: Heard, name: string, value: string | undefined): Heard => ({
  ...heard,
  headers: { ...heard.headers, [name]: value },
})

const isDue = (id: string) => house.pool.query('update webhook_deliveries set next_try_at = now() where id = $1', [id])

/** As a receiver checks it. Throws WebhookVerificationError. */
const verify = (secret: string, { body, headers }: Pick<Heard, 'body' | 'headers'>) =>
  new Webhook(secret).verify(body, headers as Record<string, string>)

describe('what a receiver hears', () => {
  async function heardOnce() {
    const { heard, url } = await receiver(204)
    const id = await announce(url)
    expect(await tries(id)).toMatchObject({ state: 'delivered', attempts: 1, status: 204, code: null, wait: null })
    expect(heard).toHaveLength(1)
    return { ...heard[0]!, id }
  }

  test('is the payload by POST as JSON, under the message’s id, signed by its key', async () => {
    const { headers, body, method, id } = await heardOnce()
    expect(method).toBe('POST')
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': `msg_${id.replaceAll('-', '')}` })
    expect(verify(client.secret, { body, headers })).toEqual(payload)
  })

  test.each<[string, (heard: Heard & { id: string }) => unknown]>([
    ['another secret', (heard) => verify(`whsec_${Buffer.alloc(32).toString('base64')}`, heard)],
    [
      'an altered body',
      (heard) => verify(client.secret, { ...heard, body: heard.body.replace('completed', 'failed') }),
    ],
    ['an altered id', (heard) => verify(client.secret, withHeader(heard, 'webhook-id', 'msg_1'))],
    [
      'a timestamp of ten minutes ago',
      async (heard) => {
        const delivery = { id: heard.id, keyId: client.keyId, body: heard.body }
        const headers = await signedHeaders(house, delivery, new Date(Date.now() - 600_000))
        return verify(client.secret, { body: heard.body, headers })
      },
    ],
    [
      'a garbled signature',
      (heard) => {
        const { 'webhook-signature': signature } = heard.headers
        const garbled = [...`${signature}`.slice(3)].reverse().join('')
        return verify(client.secret, withHeader(heard, 'webhook-signature', `v1,${garbled}`))
      },
    ],
    ['a missing header', (heard) => verify(client.secret, withHeader(heard, 'webhook-signature', undefined))],
    [
      'another version',
      (heard) => {
        const { 'webhook-signature': signature } = heard.headers
        return verify(client.secret, withHeader(heard, 'webhook-signature', `${signature}`.replace('v1,', 'v1a,')))
      },
    ],
    [
      'a timestamp that was only moved',
      (heard) => {
        const moved = `${Number(heard.headers['webhook-timestamp']) + 1}`
        return verify(client.secret, withHeader(heard, 'webhook-timestamp', moved))
      },
    ],
  ])('is refused with %s', async (_, check) => {
    const heard = await heardOnce()
    await expect((async () => check(heard))()).rejects.toThrow(WebhookVerificationError)
  })

  test('keeps its id and its body at every try, and is signed anew', async () => {
    const { heard, url } = await receiver(500, 200)
    const id = await announce(url)
    await tries(id)
    await isDue(id)
    expect(await tries(id)).toMatchObject({ state: 'delivered', attempts: 2 })
    expect(heard[1]!.headers['webhook-id']).toBe(heard[0]!.headers['webhook-id'])
    expect(heard[1]!.body).toBe(heard[0]!.body)
    expect(verify(client.secret, heard[1]!)).toEqual(payload)
  })
})

describe('a receiver that does not take it', () => {
  test('is tried for a day, less and less often, and then left, with all that was tried on the row', async () => {
    const { heard, url } = await receiver(503)
    const id = await announce(url)
    const waits: number[] = []
    for (let row = await tries(id); row.state === 'waiting'; row = await tries(id)) {
      expect(row).toMatchObject({ status: 503, code: 'not_accepted', response: 'answer 503' })
      waits.push(row.wait!)
      await isDue(id)
    }
    expect(await rowOf(id)).toMatchObject({ state: 'failed', attempts: 10, wait: null })
    expect(heard).toHaveLength(10)
    expect(waits).toEqual(waits.toSorted((a, b) => a - b))
    expect(waits[0]).toBeLessThan(10)
    const hours = waits.reduce((sum, wait) => sum + wait) / 3600
    expect(hours).toBeGreaterThan(21.5)
    expect(hours).toBeLessThan(26.5)
  })

  test('gets it when it is back after hours, by the job that was made for the next try', async () => {
    const { url } = await receiver(200)
    const id = await announce(url)
    await house.pool.query('update webhook_deliveries set url = $2 where id = $1', [id, 'http://127.0.0.1:9999/hook'])
    for (let n = 0; n < 6; n++) {
      expect(await tries(id)).toMatchObject({ state: 'waiting', status: null, code: 'unreachable' })
      await isDue(id)
    }
    await house.pool.query('update webhook_deliveries set url = $2 where id = $1', [id, url])
    await forgetJobs(house)
    await sweepWebhooks(house)
    const steps = { 'deliver-webhook': deliverWebhook } as Partial<Steps<Tools>> as Steps<Tools>
    const worker = startWorker({ house, queues: ['deliver-webhook'], steps, tools: { house } as Tools })
    try {
      await expect.poll(async () => (await rowOf(id)).state, { timeout: 10_000 }).toBe('delivered')
    } finally {
      await worker.drain()
    }
  })

  test('is left alone before the next try is due', async () => {
    const { heard, url } = await receiver(500)
    const id = await announce(url)
    await tries(id)
    await tries(id)
    expect(heard).toHaveLength(1)
  })

  test('and is gone (410) hears no more', async () => {
    const { url } = await receiver(410)
    const id = await announce(url)
    expect(await tries(id)).toMatchObject({ state: 'failed', attempts: 1, status: 410, code: 'gone', wait: null })
  })

  test.each([
    ['in seconds', () => '1800'],
    ['as a date', () => new Date(Date.now() + 1_800_000).toUTCString()],
  ])('and asks for a rest %s is given it', async (_, header) => {
    const { url } = await receiver((_request, response) => response.writeHead(429, { 'retry-after': header() }).end())
    const id = await announce(url)
    const { wait } = await tries(id)
    expect(wait).toBeGreaterThan(1700)
    expect(wait).toBeLessThan(1900)
  })

  test('and asks for a rest of a year is asked again the same day', async () => {
    const { url } = await receiver((_request, response) => response.writeHead(503, { 'retry-after': '31536000' }).end())
    expect((await tries(await announce(url))).wait).toBeLessThan(24 * 3600)
  })

  test.each([301, 302, 307, 308])('but sends elsewhere (%i) is not followed', async (status) => {
    const elsewhere = await receiver(200)
    const { url } = await receiver((_request, response) =>
      response.writeHead(status, { location: elsewhere.url }).end(),
    )
    const id = await announce(url)
    expect(await tries(id)).toMatchObject({ state: 'waiting', status, code: 'redirected' })
    expect(elsewhere.heard).toHaveLength(0)
  })

  test('but hangs up in the middle of its answer has taken it, if it said so', async () => {
    const { url } = await receiver((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    })
    const id = await announce(url)
    expect(await tries(id)).toMatchObject({ state: 'delivered', status: 200 })
  })

  test('but hangs up before it is unreachable', async () => {
    const { url } = await receiver((request) => request.socket.destroy())
    expect(await tries(await announce(url))).toMatchObject({ state: 'waiting', code: 'unreachable' })
  })

  test('but says a great deal is heard for a thousand bytes', async () => {
    const { url } = await receiver((_request, response) => {
      response.writeHead(200)
      const more = () => {
        while (response.write('x\u0000'.repeat(5000)));
      }
      response.on('drain', more)
      more()
    })
    const row = await tries(await announce(url))
    expect(row.state).toBe('delivered')
    expect(row.response).toHaveLength(1000)
  })
})

describe('an address', () => {
  test.each([
    'http://10.0.0.1/hook',
    'http://169.254.169.254/latest',
    'http://[::ffff:192.168.0.1]/hook',
    'http://0.0.0.0/hook',
  ])('that is not public (%s) is not spoken to, once and for all', async (url) => {
    const id = await announce(url)
    expect(await tries(id)).toMatchObject({ state: 'failed', attempts: 1, code: 'url_not_allowed', response: null })
  })

  test('of this machine is not spoken to without ALLOW_LOCAL_SOURCES', async () => {
    const { heard, url } = await receiver(200)
    for (const address of [url, url.replace('127.0.0.1', 'localhost')]) {
      expect(await tries(await announce(address), base)).toMatchObject({ state: 'failed', code: 'url_not_allowed' })
    }
    expect(heard).toHaveLength(0)
  })
})

test('what was sent anew is told again, under the same id', async () => {
  const { heard, url } = await receiver(410, 200)
  const id = await announce(url)
  await tries(id)
  await replayDelivery(house, 'anna@pass.test', id)
  expect(await tries(id)).toMatchObject({ state: 'delivered', attempts: 1, code: null })
  expect(heard[1]!.headers['webhook-id']).toBe(heard[0]!.headers['webhook-id'])
})

test('a secret that does not open here fails the message instead of the worker', async () => {
  const { heard, url } = await receiver(200)
  const id = await announce(url)
  const other = { ...house, secretKey: Buffer.alloc(32) }
  expect(await tries(id, other)).toMatchObject({ state: 'failed', code: 'secret_unreadable' })
  expect(heard).toHaveLength(0)
})

test('each try is one job, and a settled message has none', async () => {
  await forgetJobs(house)
  const { url } = await receiver(500)
  const id = await announce(url)
  expect(await jobsOf(house, 'deliver-webhook')).toMatchObject([{ data: { deliveryId: id }, group: client.keyId }])
  await forgetJobs(house)
  const { wait } = await tries(id)
  const jobs = await jobsOf(house, 'deliver-webhook')
  expect(jobs).toHaveLength(1)
  expect(jobs[0]!.wait).toBeGreaterThanOrEqual(Math.floor(wait!))
})
