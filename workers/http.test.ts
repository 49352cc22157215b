import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { HostResting } from '#server/pacing.ts'
import {
  AddressRefused,
  AnswerTooLarge,
  type HttpAnswer,
  RateLimited,
  SourceFault,
  SourceUnreachable,
  Truncated,
} from './connectors/connector.ts'
import { createHttp, type HttpSettings } from './http.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A site on loopback, and the requests that it has had. */
async function site(listener: RequestListener) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, requests, server }
}

/** A site that answers each connection with these bytes as they are, then lets `after` decide. */
async function rawSite(bytes: string | Buffer, after: (socket: Socket) => void) {
  const server = createSocketServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(bytes, () => after(socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** An address on loopback where nobody listens any more. */
async function nobodyThere(): Promise<string> {
  const server = createSocketServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}/`
}

function httpWith(settings: Partial<HttpSettings> = {}) {
  const http = createHttp({ allowLocal: true, ...settings })
  closing.push(() => http.close())
  return http
}

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

async function read(answer: HttpAnswer): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

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

describe('an answer', () => {
  it('gives status, address, headers, cookies and text', async () => {
    const { url, requests } = await site((_, response) => {
      response.writeHead(404, { 'Set-Cookie': ['a=1', 'b=2'], 'X-What': 'this', 'Content-Type': 'text/plain' })
      response.end('grüße')
    })
    const answer = await httpWith({ userAgent: 'us' }).request(`${url}/path?q=1#part`)
    expect([answer.status, answer.url, answer.header('x-WHAT'), answer.header('none')]).toEqual([
      ...[404, `${url}/path?q=1#part`, 'this', null],
    ])
    expect(answer.cookies).toEqual(['a=1', 'b=2'])
    expect(await answer.text()).toBe('grüße')
    expect(requests[0]!.url).toBe('/path?q=1')
    expect(requests[0]!.headers['user-agent']).toBe('us')
  })

  it('sends method, headers and body as given', async () => {
    const { url, requests } = await site(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.end(body)
    })
    const options = { method: 'POST', headers: { 'Content-Type': 'text/x' }, body: 'hello' } as const
    expect(await (await httpWith().request(url, options)).text()).toBe('hello')
    expect(requests[0]!.headers).toMatchObject({ 'content-type': 'text/x', 'content-length': '5' })
  })

  it('reads text in the charset that is stated', async () => {
    const { url } = await site((_, response) => {
      response.setHeader('Content-Type', 'text/html; charset=iso-8859-1')
      response.end(Buffer.from('grüße', 'latin1'))
    })
    expect(await (await httpWith().request(url)).text()).toBe('grüße')
  })

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['deflate, gzip', (body: Buffer) => gzipSync(deflateSync(body))],
  ] as const)('is decompressed from %s, as text and as it flows', async (encoding, compress) => {
    const body = Buffer.from('a page '.repeat(50_000))
    const { url } = await site((_, response) => {
      response.setHeader('Content-Encoding', encoding)
      response.end(compress(body))
    })
    const http = httpWith()
    expect(await (await http.request(url)).text()).toBe(body.toString())
    const answer = await http.request(url)
    expect([answer.header('content-length'), answer.header('content-encoding')]).toEqual([null, null])
    expect((await read(answer)).equals(body)).toBe(true)
  })

  it('may be empty, whatever its encoding', async () => {
    const { url } = await site((_, response) => response.setHeader('Content-Encoding', 'gzip').end())
    expect(await (await httpWith().request(url)).bytes()).toHaveLength(0)
  })

  it('asks for compressed pages and for originals byte for byte', async () => {
    const { url, requests } = await site((_, response) => response.end())
    const http = httpWith()
    await (await http.request(url)).discard()
    await (await http.request(url, { lane: 'bytes' })).discard()
    const asked = requests.map((request) => request.headers['accept-encoding'])
    expect(asked).toEqual(['gzip, deflate, br', 'identity'])
  })

  it('is too large past its limit, also where 1 MB of gzip would become 1 GB', async () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(256 * 1024 * 1024)))
    const { url } = await site((request, response) => {
      if (request.url === '/bomb') response.setHeader('Content-Encoding', 'gzip, gzip').end(bomb)
      else response.end(Buffer.alloc(1001))
    })
    const http = httpWith()
    await expect((await http.request(`${url}/bomb`)).text(2_000_000)).rejects.toThrow(AnswerTooLarge)
    await expect((await http.request(url)).bytes(1000)).rejects.toThrow(AnswerTooLarge)
    expect(await (await http.request(url)).bytes(1001)).toHaveLength(1001)
  })

  it('is a fault of the source where it does not decompress', async () => {
    const { url } = await site((_, response) => response.setHeader('Content-Encoding', 'gzip').end('no gzip'))
    await expect((await httpWith().request(url)).text()).rejects.toThrow(SourceFault)
  })

  it('cannot be read twice', async () => {
    const { url } = await site((_, response) => response.end('once'))
    const answer = await httpWith().request(url)
    await answer.text()
    await expect(answer.text()).rejects.toThrow(TypeError)
  })
})

describe('a body that breaks off', () => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345'
  const chunk = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n'
  const gzipped = gzipSync('a page '.repeat(1000))
  const cut = Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${gzipped.length - 8}\r\n\r\n`),
    gzipped.subarray(0, -8),
  ])
  const end = (socket: Socket) => void socket.end()
  const reset = (socket: Socket) => void socket.resetAndDestroy()

  it.each([
    ['ends before its length', half, end],
    ['is reset', half, reset],
    ['ends between chunks', chunk, end],
    ['ends within a chunk', `${chunk}5\r\n12`, end],
    ['ends within its compression', cut, end],
  ] as const)('is Truncated when it %s, as it flows and as text', async (_, bytes, after) => {
    const http = httpWith()
    const url = await rawSite(bytes, after)
    await expect(http.request(url).then(read)).rejects.toThrow(Truncated)
    await expect(http.request(url).then((answer) => answer.text())).rejects.toThrow(Truncated)
  })

  it('gives what came before', async () => {
    const answer = await httpWith().request(await rawSite(half, end))
    const chunks = answer.stream[Symbol.asyncIterator]()
    expect(Buffer.from((await chunks.next()).value!).toString()).toBe('12345')
    await expect(chunks.next()).rejects.toMatchObject({ name: 'Truncated', cause: expect.any(Error) })
  })

  it('is whole where neither length nor chunks say otherwise', async () => {
    const url = await rawSite('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n12345', end)
    expect((await httpWith().request(url).then(read)).toString()).toBe('12345')
  })

  it('tells a reader who comes late', async () => {
    const url = await rawSite(half, reset)
    const http = httpWith()
    const answer = await http.request(url)
    await expect(http.request(url).then(read)).rejects.toThrow(Truncated) // the same fault, later: the first has happened
    await expect(read(answer)).rejects.toThrow(Truncated)
  })

  it('is Truncated when nothing comes for too long', async () => {
    const url = await rawSite(half, () => {})
    await expect(httpWith({ stallSeconds: 0.2 }).request(url).then(read)).rejects.toThrow(Truncated)
  })

  it('is Truncated when it drips, though a byte comes now and then; a slow reader is given time', async () => {
    const { url } = await site((request, response) => {
      if (request.url === '/drip') {
        const dripping = setInterval(() => response.write('.'), 20)
        response.on('close', () => clearInterval(dripping))
      } else response.end(Buffer.alloc(1_000_000))
    })
    const http = httpWith({ slowest: { bytesPerSecond: 1000, seconds: 0.3 } })
    let length = 0
    for await (const chunk of (await http.request(url)).stream) {
      // This reader is busy for longer than two drips are suffered, one after the other.
      for (let drip = 0; length === 0 && drip < 2; drip++) {
        await expect(http.request(`${url}/drip`).then(read)).rejects.toThrow(Truncated)
      }
      length += chunk.length
    }
    expect(length).toBe(1_000_000)
  })
})

describe('redirects', () => {
  it('are answers unless asked for', async () => {
    const { url, requests } = await site((_, response) => response.writeHead(302, { Location: '/next' }).end())
    const answer = await httpWith().request(url)
    expect([answer.status, answer.header('location'), requests.length]).toEqual([302, '/next', 1])
    await answer.discard()
  })

  it('are followed as often as asked, and say where they ended', async () => {
    const { url } = await site((request, response) => {
      const step = Number(request.url!.slice(1))
      if (step < 3) response.writeHead(301, { Location: `${step + 1}` }).end('moved')
      else response.end('arrived')
    })
    const http = httpWith()
    const answer = await http.request(`${url}/0`, { redirects: 3 })
    expect([await answer.text(), answer.url]).toEqual(['arrived', `${url}/3`])
    await expect(http.request(`${url}/0`, { redirects: 2 })).rejects.toThrow(SourceUnreachable)
  })

  it('in a loop end', async () => {
    const { url, requests } = await site((_, response) => response.writeHead(302, { Location: '/' }).end())
    await expect(httpWith().request(url, { redirects: 5 })).rejects.toThrow(SourceUnreachable)
    expect(requests).toHaveLength(6)
  })

  it('keep cookies, authorization and tokens with their origin', async () => {
    const target = await site((_, response) => response.end())
    const { url, requests } = await site((request, response) => {
      response.writeHead(302, { Location: request.url === '/here' ? '/there' : `${target.url}/` }).end()
    })
    const headers = { Authorization: 'a', Cookie: 'b', 'X-Zenfolio-Token': 'c', 'X-Api-Key': 'd', Accept: 'image/*' }
    await (await httpWith().request(`${url}/here`, { headers, redirects: 2 })).discard()
    const secrets = ['authorization', 'cookie', 'x-zenfolio-token', 'x-api-key']
    const sent = (request: IncomingMessage) => secrets.map((name) => request.headers[name])
    expect(requests.map(sent)).toEqual(Array(2).fill(['a', 'b', 'c', 'd']))
    expect(target.requests.map(sent)).toEqual([Array(4).fill(undefined)])
    expect(target.requests[0]!.headers.accept).toBe('image/*')
  })

  it('make a POST a GET by 301, 302 and 303, and repeat it by 307 and 308', async () => {
    const { url } = await site(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const status = Number(request.url!.slice(1))
      if (status) response.writeHead(status, { Location: '/' }).end()
      else response.end(`${request.method} ${body} ${request.headers['content-type'] ?? ''}`)
    })
    const options = { method: 'POST', body: 'form', headers: { 'Content-Type': 'text/x' }, redirects: 1 } as const
    const http = httpWith()
    for (const status of [301, 302, 303]) {
      expect(await (await http.request(`${url}/${status}`, options)).text()).toBe('GET  ')
    }
    for (const status of [307, 308]) {
      expect(await (await http.request(`${url}/${status}`, options)).text()).toBe('POST form text/x')
    }
  })

  it('never carry a body to another origin', async () => {
    const target = await site((_, response) => response.end())
    const { url } = await site((_, response) => response.writeHead(307, { Location: target.url }).end())
    const request = httpWith().request(url, { method: 'POST', body: 'password', redirects: 1 })
    await expect(request).rejects.toThrow(SourceUnreachable)
    expect(target.requests).toEqual([])
  })

  it.each(['http://10.0.0.1/', 'http://169.254.169.254/latest/meta-data', 'http://0.0.0.0/', 'file:///etc/passwd'])(
    'to %s are refused',
    async (location) => {
      const { url } = await site((_, response) => response.writeHead(302, { Location: location }).end())
      await expect(httpWith().request(url, { redirects: 1 })).rejects.toThrow(AddressRefused)
    },
  )
})

describe('addresses', () => {
  it('on loopback are refused unless local sources are allowed', async () => {
    const { url, requests } = await site((_, response) => response.end())
    const http = httpWith({ allowLocal: false })
    await expect(http.request(url)).rejects.toThrow(AddressRefused)
    await expect(http.request(url.replace('127.0.0.1', 'localhost'))).rejects.toThrow(AddressRefused)
    expect(requests).toEqual([])
  })
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
    closing.push(() => process.off('warning', onWarning))
    const { url } = await site((_, response) => response.end('x'))
    const http = httpWith({ signal: new AbortController().signal }).scoped({ signal: new AbortController().signal })
    await Promise.all(Array.from({ length: 200 }, async () => (await http.request(url)).text()))
    expect(warnings).toEqual([])
  })
})

describe('connections', () => {
  const countConnections = (server: Awaited<ReturnType<typeof site>>['server']) => {
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
