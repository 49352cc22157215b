// A provider's host of originals, in a process of its own and from memory: /<bytes>/<count>/<n>.jpg, and a page that lists
// them for programs that read such pages.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { drawTiny, padded } from './pictures.ts'

const picture = await drawTiny()
const sizes = new Map<number, ReturnType<typeof padded>>()

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const [, bytes, count, n] = /^\/(\d{5,8})\/(\d{1,6})\/(?:(\d{1,6})\.jpg)?$/.exec(request.url ?? '') ?? []
  if (bytes === undefined) return void response.writeHead(404).end()
  if (n === undefined) {
    const links = Array.from({ length: Number(count) }, (_, at) => `<a href="${at}.jpg">${at}.jpg</a>`)
    return void response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<html><body>${links.join('\n')}</body></html>`)
  }
  const original = sizes.get(Number(bytes)) ?? padded(picture, Number(bytes))
  sizes.set(Number(bytes), original)
  response.writeHead(200, {
    'content-type': 'image/jpeg',
    'content-length': bytes,
    'last-modified': 'Sat, 01 Jun 2024 12:00:00 GMT',
  })
  if (request.method === 'HEAD') return void response.end()
  const [own, shared] = original.parts(`${n} of ${count}`)
  response.write(own)
  response.end(shared)
})
server.listen(0, '127.0.0.1', () =>
  process.send!({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
)
process.on('disconnect', () => process.exit(0))
