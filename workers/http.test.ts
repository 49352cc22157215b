// What is answered, as we hand it on: whole, cut off, too large, or from another place.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { AddressRefused, AnswerTooLarge, SourceFault, SourceUnreachable, Truncated } from './connectors/connector.ts'
import { httpWith, rawSite, read, site } from './testing-http.ts'

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
