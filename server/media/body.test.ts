import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Refusal } from '#server/refusal.ts'
import { listening } from '#server/testing-site.ts'
import { flowing, passOver } from './body.ts'

const closing: (() => void)[] = []
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
  for (const close of closing.splice(0)) close()
})

/** A request as it arrives, and the socket that sends it. */
async function arriving(head: string) {
  const server = createServer({ requestTimeout: 0 })
  const socket = connect(await listening(server), '127.0.0.1')
  socket.on('error', () => {})
  closing.push(() => {
    socket.destroy()
    server.close()
  })
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`)
  const [incoming] = (await once(server, 'request')) as [IncomingMessage]
  return { socket, incoming }
}

const read = async (body: AsyncIterable<Buffer>) => Buffer.concat(await Array.fromAsync(body)).toString()

test('a body that comes in its own time is read whole', async () => {
  const { socket, incoming } = await arriving('Content-Length: 6')
  const body = flowing(incoming)
  socket.write('abc')
  expect((await body.next()).value?.toString()).toBe('abc')
  socket.write('def')
  expect(await read(body)).toBe('def')
})

test('one whose sender is gone is incomplete', async () => {
  const { socket, incoming } = await arriving('Content-Length: 6')
  socket.write('abc')
  socket.end()
  await expect(read(flowing(incoming))).rejects.toMatchObject({ code: 'incomplete_body' })
})

/** Of no real time: the tests say when a second has gone by. */
const patience = { bytes: 1000, seconds: 30, hushSeconds: 5 }
const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1000)

test('one that drips is not waited for', async () => {
  const { socket, incoming } = await arriving('Content-Length: 6000')
  const body = flowing(incoming, undefined, patience)
  socket.write('x'.repeat(1200))
  await body.next()
  const next = body.next()
  pass(30)
  socket.write('x'.repeat(200))
  expect((await next).value).toHaveLength(200)
  const last = body.next()
  pass(30)
  await expect(last).rejects.toMatchObject({ code: 'request_timeout', status: 408 })
})

test('a reader that is slow itself is not held against the sender', async () => {
  const { socket, incoming } = await arriving('Content-Length: 4')
  const body = flowing(incoming, undefined, patience)
  socket.write('ab')
  await body.next()
  pass(300)
  socket.write('cd')
  expect(await read(body)).toBe('cd')
})

test('whoever has announced too much and waits is answered before more comes', async () => {
  const { socket, incoming } = await arriving('Content-Length: 6000')
  const refusal = new Refusal('file_too_large', 413, '')
  const body = flowing(incoming, () => refusal, patience)
  socket.write('abc')
  await body.next()
  const next = body.next()
  pass(5)
  pass(5)
  await expect(next).rejects.toBe(refusal)
})

test('a small body that is turned away is read to its end, a large one is left', async () => {
  const { socket, incoming } = await arriving('Content-Length: 10')
  const passed = passOver(incoming)
  socket.write('0123456789')
  await passed
  expect(incoming.readableEnded).toBe(true)
  const large = await arriving('Content-Length: 2000000')
  await passOver(large.incoming)
  expect(large.incoming.readableEnded).toBe(false)
})
