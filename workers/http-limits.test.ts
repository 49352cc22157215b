// What bounds our asking: a host that wants fewer requests, one that does not answer, who gives up, and how many connections
// there are.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HostResting } from '#server/pacing.ts'
import { freePort } from '../scripts/ports.ts'
import { RateLimited, SourceUnreachable, Truncated } from './connectors/connector.ts'
import { createHttp, type HttpSettings } from './http.ts'
import { httpWith, rawSite, read, site } from './testing-http.ts'

/** A budget that notes what it is told. */
function tellingBudget(holds = 77) {
  const told: unknown[][] = []
  const budget: HttpSettings['budget'] = {
    async take(host, lane, bounds) {
      told.push(['take', host, lane, bounds.most])
    },
    async limited(host, seconds, status, fruitless) {
      told.push(['limited', host, seconds, status, fruitless])
      return holds
    },
    async refused(host) {
      told.push(['refused', host])
    },
  }
  return { budget, told }
}

/** An address on loopback where nobody listens any more. */
const nobodyThere = async () => `http://127.0.0.1:${await freePort()}/`

it('tells of every request what became of it, whether it was answered or not', async () => {
  const told: [string, number | null, boolean][] = []
  const answers = [200, 404, 403, 502, 429, 503]
  const { url } = await site((_, response) => {
    const status = answers.shift()!
    response.writeHead(status, status === 503 ? { 'Retry-After': '5' } : {}).end()
  })
  const http = httpWith({
    answered: ({ lane, status, isLimited, milliseconds }) => {
      expect(milliseconds).toBeGreaterThan(0)
      told.push([lane, status, isLimited])
    },
  })
  for (const _ of [200, 404, 403, 502]) await (await http.request(url)).discard()
  for (const _ of [429, 503]) await expect(http.request(url, { lane: 'bytes' })).rejects.toThrow(RateLimited)
  await expect(http.request(await nobodyThere())).rejects.toThrow(SourceUnreachable)
  expect(told).toEqual([
    ['page', 200, false],
    ['page', 404, false],
    ['page', 403, false],
    ['page', 502, false],
    ['bytes', 429, true],
    ['bytes', 503, true],
    ['page', null, false],
  ])
})

describe('a host that asks for fewer requests', () => {
  const date = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000).toUTCString()
  it.each([
    [429, { 'Retry-After': '7' }, 7],
    [429, { 'Retry-After': '0' }, 0.1],
    [429, { 'Retry-After': '86400' }, 3600],
    [429, { 'Retry-After': date(90), Date: date(0) }, 90],
    [429, { 'Retry-After': date(-90), Date: date(0) }, 0.1],
    [429, { 'Retry-After': 'soon' }, null],
    [429, {}, null],
    [503, { 'Retry-After': '12' }, 12],
  ] as const)('by %i and %j is RateLimited, and the budget is told', async (status, headers, seconds) => {
    const { url, host } = await site((_, response) => response.writeHead(status, headers).end('slow down'))
    const unpaced = httpWith().request(url)
    await expect(unpaced).rejects.toThrow(RateLimited)
    await expect(unpaced).rejects.toMatchObject({ host, seconds: seconds ?? 1 })
    const { budget, told } = tellingBudget(77)
    await expect(httpWith({ budget }).request(url)).rejects.toMatchObject({ host, seconds: 77 })
    expect(told.at(-1)).toEqual(['limited', host, seconds, status, true])
  })

  it('by 503 without a time only answers', async () => {
    const { url } = await site((_, response) => response.writeHead(503).end('oops'))
    const { budget, told } = tellingBudget()
    expect(await (await httpWith({ budget }).request(url)).text()).toBe('oops')
    expect(told).toHaveLength(1)
  })

  it('by 403 answers, and the budget is told', async () => {
    const { url, host } = await site((_, response) => response.writeHead(403).end('no'))
    const { budget, told } = tellingBudget()
    const answer = await httpWith({ budget }).request(url)
    expect([answer.status, await answer.text(), told.at(-1)]).toEqual([403, 'no', ['refused', host]])
  })

  it('and rests for longer than the patience is RateLimited without being asked', async () => {
    const { url, host, requests } = await site((_, response) => response.end())
    const { budget } = tellingBudget()
    const resting = { ...budget!, take: () => Promise.reject(new HostResting(host, 300)) }
    await expect(httpWith({ budget: resting }).request(url)).rejects.toMatchObject({
      name: 'RateLimited',
      seconds: 300,
    })
    expect(requests).toEqual([])
  })
})

describe('pacing', () => {
  it("takes a turn for every request and redirect, in its lane and within the connector's bounds", async () => {
    const { url, host } = await site((request, response) => {
      response.writeHead(request.url === '/' ? 302 : 200, { Location: '/next' }).end()
    })
    const { budget, told } = tellingBudget()
    const pacing = { page: { start: 1, least: 1, most: 11 }, bytes: { start: 2, least: 1, most: 22 } }
    const http = httpWith({ budget }).scoped({ pacing })
    await (await http.request(url, { redirects: 1 })).discard()
    await (await http.request(`${url}/next`, { lane: 'bytes' })).discard()
    expect(told).toEqual([
      ['take', host, 'page', 11],
      ['take', host, 'page', 11],
      ['take', host, 'bytes', 22],
    ])
  })
})

describe('no answer', () => {
  const places: [string, () => Promise<string>][] = [
    ['the connection is refused', nobodyThere],
    ['it is reset', () => rawSite('', (socket) => socket.resetAndDestroy())],
    ['it ends within the headers', () => rawSite('HTTP/1.1 200 OK\r\nContent-', (socket) => socket.end())],
    ['something else than HTTP is spoken', () => rawSite('220 mail.example ESMTP\r\n', (socket) => socket.end())],
    ['TLS is not spoken', async () => (await rawSite('plain', (socket) => socket.end())).replace('http', 'https')],
    ['the name is unknown', async () => 'http://nowhere.invalid/'],
  ]
  it.each(places)('is SourceUnreachable with its cause when %s', async (_, place) => {
    const request = httpWith().request(await place())
    await expect(request).rejects.toMatchObject({ name: 'SourceUnreachable', cause: expect.any(Error) })
  })

  it('is SourceUnreachable when the headers do not come in time', async () => {
    const { url } = await site(() => {})
    await expect(httpWith().request(url, { timeoutSeconds: 0.1 })).rejects.toThrow(SourceUnreachable)
  })
})

describe('signals', () => {
  const reason = new Error('the run was cancelled')

  it('end a request that waits for its answer, and free the socket', async () => {
    const job = new AbortController()
    const { url, server } = await site(() => job.abort(reason))
    const freed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'))
    const http = httpWith({ signal: new AbortController().signal })
    await expect(http.request(url, { signal: job.signal })).rejects.toBe(reason)
    await freed
    await expect(http.request(url, { signal: job.signal })).rejects.toBe(reason)
  })

  it('end a body, whoever sent them: worker, job or call', async () => {
    const { url, server } = await site((_, response) => void response.write('first'))
    for (const whose of ['worker', 'job', 'call'] as const) {
      const signals = { worker: new AbortController(), job: new AbortController(), call: new AbortController() }
      const http = httpWith({ signal: signals.worker.signal }).scoped({ signal: signals.job.signal })
      const freed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'))
      const answer = await http.request(url, { signal: signals.call.signal })
      const chunks = answer.stream[Symbol.asyncIterator]()
      await chunks.next()
      signals[whose].abort(reason)
      await expect(chunks.next()).rejects.toBe(reason)
      await freed
    }
  })

  it('end the wait for a turn', async () => {
    const { budget } = tellingBudget()
    const job = new AbortController()
    const waiting: HttpSettings['budget'] = {
      ...budget!,
      take: (_host, _lane, _bounds, signal) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    }
    const request = httpWith({ budget: waiting }).request('http://127.0.0.1:8080/', { signal: job.signal })
    job.abort(reason)
    await expect(request).rejects.toBe(reason)
  })

  it('serve hundreds of requests at once without a warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const { url } = await site((_, response) => response.end('x'))
    const http = httpWith({ signal: new AbortController().signal }).scoped({ signal: new AbortController().signal })
    await Promise.all(Array.from({ length: 200 }, async () => (await http.request(url)).text()))
    expect(warnings).toEqual([])
  })
})

describe('connections', () => {
  const countConnections = (server: Server) => {
    const sockets: Socket[] = []
    server.on('connection', (socket) => sockets.push(socket))
    return sockets
  }

  it('are no more to one origin than allowed, and are used again', async () => {
    const { url, server } = await site((_, response) => response.end('x'))
    const sockets = countConnections(server)
    const http = httpWith({ connections: 3 })
    await Promise.all(Array.from({ length: 30 }, async () => (await http.request(url)).text()))
    expect(sockets).toHaveLength(3)
  })

  it('live on where a short answer is discarded, and close where a long one is or the reader leaves', async () => {
    const { url, server } = await site((request, response) => {
      if (request.url === '/short') response.end('short')
      else response.end(Buffer.alloc(5_000_000))
    })
    const sockets = countConnections(server)
    const http = httpWith({ connections: 1 })
    await (await http.request(`${url}/short`)).discard()
    await (await http.request(`${url}/short`)).discard()
    expect(sockets).toHaveLength(1)
    await (await http.request(`${url}/long`)).discard()
    await (await http.request(`${url}/short`)).discard()
    expect(sockets).toHaveLength(2)
    for await (const chunk of (await http.request(`${url}/long`)).stream) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await (await http.request(`${url}/short`)).discard()
    expect(sockets).toHaveLength(3)
  })

  it('close where a compressed body is left', async () => {
    const noise = gzipSync(randomBytes(100_000))
    const left: Promise<unknown>[] = []
    const { url } = await site((_, response) => {
      left.push(once(response, 'close'))
      response.setHeader('Content-Encoding', 'gzip').write(noise.subarray(0, 20_000)) // and never ends
    })
    let length = 0
    for await (const chunk of (await httpWith().request(url)).stream) {
      length += chunk.length
      if (length > 19_000) break
    }
    await left[0]
  }, 5_000) // far less than a stall takes to end it

  it('all close in the end, also those in use', async () => {
    const { url } = await site((_, response) => void response.write('first'))
    const http = createHttp({ allowLocal: true })
    const answer = await http.request(url)
    await http.close()
    await expect(read(answer)).rejects.toThrow(Truncated)
  })
})
