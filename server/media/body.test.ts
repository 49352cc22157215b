import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Refusal } from '#server/refusal.ts'
import { flowing } from './body.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A request as it arrives, and the socket that sends it. */
async function arriving(head: string) {
  const server = createServer({ requestTimeout: 0 })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
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

test('one that drips is not waited for', async () => {
  const { socket, incoming } = await arriving('Content-Length: 6000')
  const drip = setInterval(() => socket.write('x'), 20)
  closing.push(() => clearInterval(drip))
  const body = flowing(incoming, undefined, { bytes: 1000, seconds: 0.2, hushSeconds: 60 })
  await expect(read(body)).rejects.toMatchObject({ code: 'request_timeout', status: 408 })
})

test('a reader that is slow itself is not held against the sender', async () => {
  const { socket, incoming } = await arriving('Content-Length: 4')
  const body = flowing(incoming, undefined, { bytes: 1000, seconds: 0.05, hushSeconds: 60 })
  socket.write('ab')
  await body.next()
  await once(AbortSignal.timeout(200), 'abort')
  socket.write('cd')
  expect(await read(body)).toBe('cd')
})

test('whoever has announced too much and waits is answered before more comes', async () => {
  const { socket, incoming } = await arriving('Content-Length: 6000')
  socket.write('abc')
  const refusal = new Refusal('file_too_large', 413, '')
  const body = flowing(incoming, () => refusal, { bytes: 0, seconds: 60, hushSeconds: 0.05 })
  await expect(read(body)).rejects.toBe(refusal)
})
