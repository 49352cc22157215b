import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { spool } from './spool.ts'

const KiB = 1024
const MiB = 1024 * KiB

let temp: string
beforeEach(async () => {
  temp = await mkdtemp(join(tmpdir(), 'spool-'))
})
afterEach(() => rm(temp, { recursive: true, force: true }))

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test.each([
  ['nothing', 0, 16 * KiB],
  ['one byte', 1, 16 * KiB],
  ['one piece', 40 * KiB, 64 * KiB],
  ['a small picture', 300 * KiB, 16 * KiB],
  ['just what stays in memory', MiB, 64 * KiB],
  ['one byte more', MiB + 1, 64 * KiB],
  ['a usual original', 5 * MiB + 1, 64 * KiB],
  ['a large one in pieces larger than what is sniffed', 20 * MiB, 3 * MiB],
  ['a large one in uneven pieces', 9 * MiB + 12_345, 7919],
])('gives back %s as it came, with its hash, its length, its first and its last 64 KiB', async (_, length, piece) => {
  const bytes = randomBytes(length)
  const spooled = await spool(inPieces(bytes, piece), temp)
  expect(spooled.bytes).toBe(length)
  expect(spooled.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  expect(spooled.head.equals(bytes.subarray(0, 64 * KiB))).toBe(true)
  expect(spooled.tail.equals(bytes.subarray(Math.max(0, length - 64 * KiB)))).toBe(true)
  const { body } = spooled
  expect(('path' in body ? await readFile(body.path) : Buffer.concat(body)).equals(bytes)).toBe(true)
  expect((await readdir(temp)).length).toBe(length > MiB ? 1 : 0)
  await spooled.remove()
  expect(await readdir(temp)).toEqual([])
})

test.each([1 * MiB, 12 * MiB])(
  'leaves nothing behind where the stream breaks after %i bytes, and throws what it threw',
  async (length) => {
    const broken = new Error('the connection was reset')
    async function* breaking() {
      yield* inPieces(randomBytes(length), 64 * KiB)
      throw broken
    }
    await expect(spool(breaking(), temp)).rejects.toBe(broken)
    expect(await readdir(temp)).toEqual([])
  },
)

test('a long video takes no more memory than its pieces', async () => {
  const piece = randomBytes(1 * MiB)
  let most = 0
  const before = process.memoryUsage().rss
  async function* long() {
    for (let i = 0; i < 256; i++) {
      yield piece
      most = Math.max(most, process.memoryUsage().rss)
    }
  }
  const spooled = await spool(long(), temp)
  await spooled.remove()
  expect(spooled.bytes).toBe(256 * MiB)
  expect(most - before).toBeLessThan(100 * MiB)
})

test('a temp folder that cannot be written to is an error with the code that says why', async () => {
  const nowhere = join(temp, 'gone')
  await expect(spool(inPieces(randomBytes(9 * MiB), 64 * KiB), nowhere)).rejects.toMatchObject({ code: 'ENOENT' })
})
