import { hash, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { aSite } from '../testing-site.ts'
import { describeStore } from './conformance.ts'
import { createS3Store } from './s3.ts'
import { StoreFull, StoreRefused, StoreUnavailable } from './store.ts'
import { ensureBucket, startCeph, type TestS3 } from './testing.ts'

const MiB = 1024 * 1024
const server = await testServer()
const absent = 'S3: not tested here, no ../shared/s3 and no S3_ENDPOINT'
if (!server) process.stderr.write(`${absent}\n`)

describe.skipIf(!server)(server ? 'S3' : absent, () => {
  const { stop, ...access } = server ?? { endpoint: '', accessKeyId: '', secretAccessKey: '', stop: async () => {} }
  const bucket = `store-test-${randomBytes(6).toString('hex')}`
  const options = { ...access, bucket, region: 'us-east-1', partBytes: 5 * MiB }

  beforeAll(() => ensureBucket(access, bucket))
  afterAll(stop)

  describeStore('the S3 driver', async () => createS3Store(options))

  describe('the S3 driver alone', () => {
    test('signs addresses that serve one object and no other', async () => {
      const bytes = randomBytes(1000)
      const store = opened()
      await store.put('c/signed', bytes, { ...facts(bytes), contentType: 'image/webp' })
      const address = (await store.signedUrl('c/signed', 60))!
      const answer = await fetch(address)
      expect(answer.headers.get('content-type')).toBe('image/webp')
      expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
      expect((await fetch(address.replace('c/signed', 'c/other'))).status).toBe(403)
    })

    test.each([
      ['a bucket that is not there', { bucket: 'no-such-bucket-here' }, /no bucket "no-such-bucket-here"/],
      ['a wrong secret', { secretAccessKey: 'wrong' }, /S3_SECRET_ACCESS_KEY/],
      ['an unknown access key', { accessKeyId: 'NOBODY' }, /S3_ACCESS_KEY_ID/],
    ])('refuses %s with a sentence that says what to do', async (_, wrong, sentence) => {
      const store = opened(wrong)
      const bytes = randomBytes(10)
      const refusal = await store.put('c/refused', bytes, facts(bytes)).catch((error) => error)
      expect(refusal).toBeInstanceOf(StoreRefused)
      expect(refusal.message).toMatch(sentence)
      await expect(store.head('c/refused')).rejects.toThrow(StoreRefused)
    })
  })

  describe('the S3 driver, with faults on the way', () => {
    test('puts and gets everything while one answer in five is SlowDown', async () => {
      let asked = 0
      const store = opened({ endpoint: await way(() => (++asked % 5 === 0 ? slowDown : undefined)) })
      const many = Array.from({ length: 60 }, () => randomBytes(2000))
      const large = randomBytes(17 * MiB)
      await Promise.all(many.map((bytes, i) => store.put(`c/slow/${i}`, bytes, facts(bytes))))
      await store.put('c/slow/large', large, facts(large))
      expect(await Promise.all(many.map((_, i) => read(store, `c/slow/${i}`)))).toEqual(many)
      expect(facts(await read(store, 'c/slow/large'))).toEqual(facts(large))
      expect(await store.sweep(-60)).toBe(0)
    })

    test('the answer to a put may be lost', async () => {
      const lose = once('PUT', { lose: true })
      const store = opened({ endpoint: await way(lose) })
      const bytes = randomBytes(2000)
      await store.put('c/lost', bytes, facts(bytes))
      expect(lose.times()).toBe(1)
      expect(await read(store, 'c/lost')).toEqual(bytes)
    })

    test.each([
      ['a part', 'partNumber=2'],
      ['the end', '?uploadId='],
    ])('the answer to %s of a large put may be lost', async (_, address) => {
      const lose = once(address, { lose: true })
      const store = opened({ endpoint: await way(lose) })
      const bytes = randomBytes(17 * MiB)
      await store.put(`c/lost/${hash('sha256', bytes)}`, bytes, facts(bytes))
      expect(lose.times()).toBe(1)
      expect(facts(await read(store, `c/lost/${hash('sha256', bytes)}`))).toEqual(facts(bytes))
      expect(await store.sweep(-60)).toBe(0)
    })

    test('a server that forgets an upload once it is complete may lose that answer too', async () => {
      let ends = 0
      const lost = [{ lose: true }, { status: 404, code: 'NoSuchUpload' }]
      const store = opened({
        endpoint: await way(({ url }) => (url.includes('?uploadId=') ? lost[ends++] : undefined)),
      })
      const bytes = randomBytes(17 * MiB)
      await store.put('c/lost/forgotten', bytes, facts(bytes))
      expect(ends).toBe(2)
      expect(facts(await read(store, 'c/lost/forgotten'))).toEqual(facts(bytes))
    })

    test.each([2000, 17 * MiB])('bytes altered on the way are noticed and sent again: %i', async (size) => {
      const alter = once('PUT', { alter: true })
      const store = opened({ endpoint: await way(alter) })
      const bytes = randomBytes(size)
      expect(await store.put(`c/altered/${size}`, bytes, facts(bytes))).toEqual({ existed: false })
      expect(alter.times()).toBe(1)
      expect(facts(await read(store, `c/altered/${size}`))).toEqual(facts(bytes))
    })

    test.each([2000, 17 * MiB])('bytes altered every time never become visible: %i', async (size) => {
      const endpoint = await way(({ method }) => (method === 'PUT' ? { alter: true } : undefined))
      const bytes = randomBytes(size)
      const put = opened({ endpoint }).put(`c/never/${size}`, bytes, facts(bytes))
      await expect(put).rejects.toThrow(StoreUnavailable)
      expect(await opened().head(`c/never/${size}`)).toBeNull()
      expect(await opened().sweep(-60)).toBe(0)
    })

    test('an object that is cut on the way back fails while it is read', async () => {
      const bytes = randomBytes(2 * MiB)
      await opened().put('c/cut', bytes, facts(bytes))
      const store = opened({ endpoint: await way(({ method }) => (method === 'GET' ? { cut: true } : undefined)) })
      await expect(read(store, 'c/cut')).rejects.toThrow()
    })

    test.each([
      [StoreUnavailable, 503, 'SlowDown'],
      [StoreUnavailable, 500, 'InternalError'],
      [StoreUnavailable, 429, 'TooManyRequests'],
      [StoreFull, 403, 'QuotaExceeded'],
      [StoreFull, 507, 'XMinioStorageFull'],
      [StoreRefused, 403, 'AccessDenied'],
      [StoreRefused, 400, 'ExpiredToken'],
      [StoreRefused, 404, 'NoSuchBucket'],
    ])('throws %o for %i %s', async (kind, status, code) => {
      const endpoint = await way(({ method }) => (method === 'PUT' ? { status, code } : undefined))
      const bytes = randomBytes(10)
      await expect(opened({ endpoint, attempts: 2 }).put('c/fails', bytes, facts(bytes))).rejects.toThrow(kind)
    })

    test('credentials revoked in the middle of a run refuse, and work again when they are back', async () => {
      let revoked = false
      const endpoint = await way(() => (revoked ? { status: 403, code: 'InvalidAccessKeyId' } : undefined))
      const store = opened({ endpoint })
      const bytes = randomBytes(10)
      await store.put('c/revoked/1', bytes, facts(bytes))
      revoked = true
      await expect(store.put('c/revoked/2', bytes, facts(bytes))).rejects.toThrow(StoreRefused)
      await expect(store.head('c/revoked/1')).rejects.toThrow(StoreRefused)
      await expect(store.get('c/revoked/1')).rejects.toThrow(StoreRefused)
      revoked = false
      expect(await store.put('c/revoked/2', bytes, facts(bytes))).toEqual({ existed: false })
    })

    test('a server that is not there is unavailable, and asked again when it is', async () => {
      const bytes = randomBytes(10)
      const gone = await way(() => ({ drop: true }))
      await expect(opened({ endpoint: gone, attempts: 2 }).put('c/gone', bytes, facts(bytes))).rejects.toThrow(
        StoreUnavailable,
      )
      let there = false
      const store = opened({ endpoint: await way(() => (there ? undefined : { drop: true })), attempts: 1 })
      await expect(store.head('c/gone')).rejects.toThrow(StoreUnavailable)
      there = true
      expect(await store.head('c/gone')).toBeNull()
    })

    // Retry-After makes the SDK wait five seconds longer than the test may take.
    test('a put that waits to be sent again stops at once when its signal is aborted', { timeout: 4000 }, async () => {
      const stop = new AbortController()
      const reason = new Error('paused')
      // By the time that other questions were answered, the driver has begun to wait.
      const onceAnswered = async () => {
        await opened().head('c/paused')
        stop.abort(reason)
      }
      const wait = { ...slowDown, headers: { 'retry-after': '3600', connection: 'close' }, onceAnswered }
      const endpoint = await way(({ method }) => (method === 'PUT' ? wait : undefined))
      const bytes = randomBytes(10)
      const put = opened({ endpoint }).put('c/paused', bytes, { ...facts(bytes), signal: stop.signal })
      await expect(put).rejects.toBe(reason)
    })

    test('a put stops at once while the server does not even answer for the bucket', { timeout: 4000 }, async () => {
      const stop = new AbortController()
      const reason = new Error('paused')
      const endpoint = await way(() => {
        setImmediate(() => stop.abort(reason))
        return { hold: true }
      })
      const bytes = randomBytes(10)
      const put = opened({ endpoint }).put('c/paused', bytes, { ...facts(bytes), signal: stop.signal })
      await expect(put).rejects.toBe(reason)
    })

    test('sweeps the parts of a put whose process died, by age', async () => {
      const dying = await way(({ method, url }) =>
        method === 'DELETE' || url.includes('?uploadId=') ? { drop: true } : undefined,
      )
      const bytes = randomBytes(17 * MiB)
      const put = opened({ endpoint: dying, attempts: 1 }).put('c/died', bytes, facts(bytes))
      await expect(put).rejects.toThrow(StoreUnavailable)
      const store = opened()
      expect(await store.sweep(3600)).toBe(0)
      expect(await store.sweep(-60)).toBe(1)
      expect(await store.sweep(-60)).toBe(0)
      expect(await store.head('c/died')).toBeNull()
    })
  })

  function opened(other: Partial<Parameters<typeof createS3Store>[0]> = {}) {
    const store = createS3Store({ ...options, ...other })
    onTestFinished(() => store.close())
    return store
  }

  /** The address of a proxy before the server that does to each request what `fault` says. */
  async function way(fault: (ask: { method: string; url: string }) => Fault | undefined): Promise<string> {
    const agent = new Agent({ keepAlive: true })
    const { hostname, port } = new URL(access.endpoint)
    const { origin, close } = await aSite(async (ask, answer) => {
      const { method = '', url = '', headers } = ask
      const body = await buffer(ask).catch(() => null) // the client may have gone
      if (!body) return
      const found = fault({ method, url }) ?? {}
      if (found.hold) return
      if (found.drop) return ask.socket.destroy()
      if (found.status) {
        if (found.onceAnswered) ask.socket.on('close', found.onceAnswered)
        const xml = `<?xml version="1.0"?><Error><Code>${found.code}</Code></Error>`
        return answer.writeHead(found.status, { 'content-type': 'application/xml', ...found.headers }).end(xml)
      }
      if (found.alter && body.length > 0) body[body.length >> 1]! ^= 1
      const forward = request({ hostname, port, agent, method, path: url, headers })
      forward.on('error', () => ask.socket.destroy())
      forward.on('response', async (reply) => {
        const bytes = await buffer(reply).catch(() => null)
        if (found.lose || !bytes) return ask.socket.destroy()
        answer.writeHead(reply.statusCode!, reply.headers)
        if (!found.cut) return answer.end(bytes)
        answer.write(bytes.subarray(0, bytes.length >> 1), () => ask.socket.destroy())
      })
      forward.end(body)
    })
    onTestFinished(async () => {
      agent.destroy()
      await close()
    })
    return origin
  }
})

interface Fault {
  /** Never answers. */
  hold?: boolean
  /** Closes the connection instead of asking the server. */
  drop?: boolean
  /** Closes the connection instead of passing on the answer. */
  lose?: boolean
  /** Passes on half of the answer, then closes the connection. */
  cut?: boolean
  /** Flips a bit of the body. */
  alter?: boolean
  /** Answers with this instead of asking the server. */
  status?: number
  code?: string
  headers?: Record<string, string>
  /** Called when the client has closed the connection that the answer went through. */
  onceAnswered?: () => void
}

const slowDown: Fault = { status: 503, code: 'SlowDown' }

/** The fault for the first request of this method or with this in its address. */
function once(which: string, fault: Fault) {
  let met = 0
  const decide = ({ method, url }: { method: string; url: string }) =>
    (method === which || url.includes(which)) && met++ === 0 ? fault : undefined
  return Object.assign(decide, { times: () => Math.min(met, 1) })
}

function facts(bytes: Uint8Array) {
  return { sha256: hash('sha256', bytes), bytes: bytes.length, contentType: 'application/octet-stream' }
}

async function read(store: ReturnType<typeof createS3Store>, key: string): Promise<Buffer> {
  return buffer((await store.get(key)).stream)
}

/** The server named by the environment, else one of our own, else none. */
async function testServer(): Promise<TestS3 | null> {
  const { S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = process.env
  if (!S3_ENDPOINT || !S3_ACCESS_KEY_ID || !S3_SECRET_ACCESS_KEY) return startCeph()
  const stop = async () => {}
  return { endpoint: S3_ENDPOINT, accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY, stop }
}
