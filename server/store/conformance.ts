// What every driver promises, as tests. A driver's own faults stand beside it in its own test.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { endless, facts, flipped, Large, MiB, slices, type } from './conformance-bytes.ts'
import {
  ChecksumMismatch,
  NoSuchObject,
  NoSuchRange,
  originalKey,
  renditionKey,
  type Store,
  WrongKey,
} from './store.ts'

/** `open` gives an empty store, or one whose other objects nobody touches meanwhile. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    let store: Store
    const client = `c${randomBytes(6).toString('hex')}`
    const put = (key: string, bytes: Uint8Array, contentType = type) =>
      store.put(key, bytes, { ...facts(bytes), contentType })
    const read = async (key: string, range?: { start: number; end?: number }) =>
      buffer((await store.get(key, range)).stream)
    const keys = async (prefix: string) => (await Array.fromAsync(store.list(prefix))).map(({ key }) => key)
    const fresh = (bytes: Uint8Array) => originalKey(client, facts(bytes).sha256)

    beforeAll(async () => {
      store = await open()
    })
    afterAll(async () => {
      if (!store) return
      await store.remove(await keys(`${client}/`))
      expect(await keys(`${client}/`)).toEqual([])
      await store.close()
    })

    test('gives back byte for byte what was put, from a buffer', async () => {
      const bytes = randomBytes(70_000)
      expect(await put(fresh(bytes), bytes)).toEqual({ existed: false })
      expect(await read(fresh(bytes))).toEqual(bytes)
    })

    test.each([1, 50_000, MiB, 5 * MiB + 1])(
      'gives back byte for byte what was put, from a stream of %i bytes',
      async (size) => {
        const bytes = randomBytes(size)
        const body = Readable.from(slices(bytes, 60_000))
        expect(await store.put(fresh(bytes), body, { ...facts(bytes), contentType: type })).toEqual({ existed: false })
        expect(facts(await read(fresh(bytes)))).toEqual(facts(bytes))
      },
    )

    test.each([150_000, 5 * MiB + 1])(
      'gives back byte for byte what was put, in the pieces that it came in, %i bytes',
      async (size) => {
        const bytes = randomBytes(size)
        const options = { ...facts(bytes), contentType: type }
        const pieces = [...slices(bytes, 60_000)]
        await expect(store.put(fresh(bytes), pieces.toReversed(), options)).rejects.toThrow(ChecksumMismatch)
        expect(await store.put(fresh(bytes), pieces, { ...options, proven: true })).toEqual({ existed: false })
        expect(facts(await read(fresh(bytes)))).toEqual(facts(bytes))
      },
    )

    describe('a file of this machine', () => {
      let folder: string
      const aFile = async (bytes: Uint8Array, where = folder) => {
        const path = join(where, randomUUID())
        await writeFile(path, bytes)
        return { path }
      }
      beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), 'spooled-'))
      })
      afterEach(() => rm(folder, { recursive: true }))

      test.each([0, 70_000, 17 * MiB])('is taken byte for byte, proven or not, %i bytes', async (size) => {
        for (const proven of [true, false]) {
          const bytes = randomBytes(size)
          const key = `${client}/spooled/${randomUUID()}`
          const put = { ...facts(bytes), contentType: type, proven }
          expect(await store.put(key, await aFile(bytes), put)).toEqual({ existed: false })
          expect(facts(await read(key))).toEqual(facts(bytes))
          expect(await store.put(key, await aFile(bytes), put)).toEqual({ existed: true })
        }
      })

      test('from another disk is taken as well', async () => {
        const elsewhere = await mkdtemp(join(await anotherDisk(folder), 'spooled-'))
        try {
          expect((await stat(elsewhere)).dev).not.toBe((await stat(folder)).dev)
          const bytes = randomBytes(3 * MiB)
          const put = { ...facts(bytes), contentType: type, proven: true }
          expect(await store.put(fresh(bytes), await aFile(bytes, elsewhere), put)).toEqual({ existed: false })
          expect(facts(await read(fresh(bytes)))).toEqual(facts(bytes))
        } finally {
          await rm(elsewhere, { recursive: true })
        }
      })

      test('that is not what was said becomes no object', async () => {
        const bytes = randomBytes(2 * MiB)
        const said = { ...facts(bytes), contentType: type }
        const others = Buffer.from(bytes).fill(0, 0, 1000)
        await expect(store.put(fresh(bytes), await aFile(others), said)).rejects.toThrow(ChecksumMismatch)
        const short = store.put(fresh(bytes), await aFile(bytes.subarray(1)), { ...said, proven: true })
        await expect(short).rejects.toThrow(ChecksumMismatch)
        expect(await store.head(fresh(bytes))).toBeNull()
      })
    })

    test('holds bytes that the caller has hashed to their length', async () => {
      const bytes = randomBytes(50_000)
      const put = store.put(fresh(bytes), bytes.subarray(1), { ...facts(bytes), contentType: type, proven: true })
      await expect(put).rejects.toThrow(ChecksumMismatch)
      expect(await store.head(fresh(bytes))).toBeNull()
    })

    test('tells length, type and a quoted, stable etag, by get and by head alike', async () => {
      const key = renditionKey(client, 'ab'.repeat(32), 'c0ffee', 'webp')
      await put(key, Buffer.from('a rendition'), 'image/webp')
      const { stream, ...got } = await store.get(key)
      stream.destroy()
      expect(got).toEqual({ key, bytes: 11, contentType: 'image/webp', etag: expect.stringMatching(/^"[^"]+"$/) })
      expect(await store.head(key)).toEqual(got)
      expect(await store.head(key)).toEqual(got)
    })

    test('holds an empty object', async () => {
      const key = `${client}/empty`
      expect(await put(key, Buffer.alloc(0))).toEqual({ existed: false })
      expect(await store.head(key)).toMatchObject({ bytes: 0 })
      expect(await read(key)).toHaveLength(0)
      expect(
        await store.put(`${key}-stream`, Readable.from([]), { ...facts(Buffer.alloc(0)), contentType: type }),
      ).toEqual({ existed: false })
      expect(await read(`${key}-stream`)).toHaveLength(0)
    })

    test.each([
      ['both ends', { start: 10, end: 19 }, 10, 20],
      ['the first byte', { start: 0, end: 0 }, 0, 1],
      ['from a byte on', { start: 299_999 }, 299_999, 400_000],
      ['an end behind the last byte', { start: 399_990, end: 999_999 }, 399_990, 400_000],
      ['nearly everything', { start: 1, end: 399_998 }, 1, 399_999],
    ])('reads a range: %s', async (_, range, from, to) => {
      const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, i) => i % 251))
      await put(fresh(bytes), bytes)
      const { stream, ...got } = await store.get(fresh(bytes), range)
      expect(await buffer(stream)).toEqual(bytes.subarray(from, to))
      expect(got.bytes).toBe(400_000)
    })

    test.each([{ start: 11 }, { start: 20, end: 30 }, { start: 5, end: 4 }, { start: -1 }, { start: 0.5 }])(
      'refuses a range that is not there: %o',
      async (range) => {
        const bytes = Buffer.from('range of 11')
        await put(fresh(bytes), bytes)
        await expect(store.get(fresh(bytes), range)).rejects.toThrow(NoSuchRange)
      },
    )

    test('knows what it does not have', async () => {
      const key = originalKey(client, facts(randomBytes(8)).sha256)
      await expect(store.get(key)).rejects.toThrow(NoSuchObject)
      expect(await store.head(key)).toBeNull()
      expect(await keys(key)).toEqual([])
      await store.remove([key])
    })

    test.each([
      '',
      '/',
      'a//b',
      '/a',
      'a/',
      '../a',
      'a/../b',
      'a/..',
      '.tmp/a',
      'a/.b',
      'a\0b',
      'a b',
      'ä',
      'a\\b',
      'x'.repeat(256),
      `${'x/'.repeat(512)}x`,
    ])('refuses a key that some driver could not hold: %j', async (key) => {
      await expect(put(key, Buffer.from('x'))).rejects.toThrow(WrongKey)
      await expect(store.get(key)).rejects.toThrow(WrongKey)
      await expect(store.head(key)).rejects.toThrow(WrongKey)
      await expect(store.remove([key])).rejects.toThrow(WrongKey)
    })

    test.each([
      ['a buffer of other bytes', (bytes: Buffer) => flipped(bytes)],
      ['a buffer that is too long', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
      ['a stream of other bytes', (bytes: Buffer) => Readable.from(slices(flipped(bytes), 1000))],
      ['a stream that is too short', (bytes: Buffer) => Readable.from(slices(bytes.subarray(1), 1000))],
      ['a stream that is too long', (bytes: Buffer) => Readable.from(slices(Buffer.concat([bytes, bytes]), 1000))],
      ['a stream without an end', () => Readable.from(endless())],
    ])('lets nothing become visible of %s', async (_, body) => {
      const bytes = randomBytes(30_000)
      await expect(store.put(fresh(bytes), body(bytes), { ...facts(bytes), contentType: type })).rejects.toThrow(
        ChecksumMismatch,
      )
      await expectNothing(fresh(bytes))
    })

    test.each([
      ['stream of other bytes', (large: Large) => large.stream({ flipAt: large.bytes - 1 })],
      ['stream of too few bytes', (large: Large) => large.stream({ stopAt: large.bytes - 1 })],
      ['buffer of other bytes', (large: Large) => flipped(Buffer.concat([...large.chunks()]))],
    ])('lets nothing become visible of a large %s', async (_, body) => {
      const large = new Large(20 * MiB)
      await expect(store.put(`${client}/large-wrong`, body(large), large.facts)).rejects.toThrow(ChecksumMismatch)
      await expectNothing(`${client}/large-wrong`)
    })

    test.each([100_000, 20 * MiB])(
      'passes on the error of a stream of %i bytes that breaks, and nothing becomes visible',
      async (size) => {
        const large = new Large(size)
        const broken = Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })
        await expect(
          store.put(`${client}/broken`, large.stream({ breakAt: size - 10, error: broken }), large.facts),
        ).rejects.toBe(broken)
        await expectNothing(`${client}/broken`)
      },
    )

    test('survives a stream that breaks before it is read', async () => {
      const stream = new PassThrough()
      const putting = store.put(`${client}/broken-early`, stream, { ...facts(Buffer.from('x')), contentType: type })
      const broken = new Error('connection reset')
      stream.destroy(broken)
      await expect(putting).rejects.toBe(broken)
    })

    test.each([100_000, 20 * MiB])(
      'stops a put of %i bytes when its signal is aborted, and leaves nothing',
      async (size) => {
        const large = new Large(size)
        const stop = new AbortController()
        const reason = new Error('paused')
        const stalls = new PassThrough()
        const half = Readable.from(large.chunks({ stopAt: size - 60_000 }))
        half.on('end', () => stop.abort(reason)).pipe(stalls, { end: false })
        await expect(store.put(`${client}/aborted`, stalls, { ...large.facts, signal: stop.signal })).rejects.toBe(
          reason,
        )
        expect(stalls.destroyed).toBe(true)
        expect(getEventListeners(stop.signal, 'abort')).toEqual([])
        await expectNothing(`${client}/aborted`)
      },
    )

    test('does not begin when the signal is aborted already', async () => {
      const bytes = randomBytes(10)
      const reason = new Error('paused')
      const options = { ...facts(bytes), contentType: type, signal: AbortSignal.abort(reason) }
      await expect(store.put(fresh(bytes), bytes, options)).rejects.toBe(reason)
      const stream = Readable.from([bytes])
      await expect(store.put(fresh(bytes), stream, options)).rejects.toBe(reason)
      expect(stream.destroyed).toBe(true)
      await expectNothing(fresh(bytes))
    })

    test('leaves an object that exists as it is, and closes the stream that brought it again', async () => {
      const bytes = randomBytes(5000)
      await put(fresh(bytes), bytes)
      const before = await store.head(fresh(bytes))
      expect(await put(fresh(bytes), bytes)).toEqual({ existed: true })
      const again = Readable.from(slices(bytes, 100))
      expect(await store.put(fresh(bytes), again, { ...facts(bytes), contentType: type })).toEqual({ existed: true })
      expect(again.destroyed).toBe(true)
      expect(await store.head(fresh(bytes))).toEqual(before)
    })

    test('replaces an object whose length is wrong', async () => {
      const bytes = randomBytes(5000)
      await put(fresh(bytes), Buffer.from('half of it'))
      expect(await put(fresh(bytes), bytes)).toEqual({ existed: false })
      expect(await read(fresh(bytes))).toEqual(bytes)
      const large = new Large(17 * MiB)
      await put(`${client}/replaced`, Buffer.from('half of it'))
      expect(await store.put(`${client}/replaced`, large.stream(), large.facts)).toEqual({ existed: false })
      expect(await store.head(`${client}/replaced`)).toMatchObject({ bytes: large.bytes })
    })

    test.each([2000, 17 * MiB])('takes one key of %i bytes from many writers at once', async (size) => {
      const bytes = randomBytes(size)
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => put(fresh(bytes), bytes)))
      expect(outcomes.some(({ existed }) => !existed)).toBe(true)
      expect(facts(await read(fresh(bytes)))).toEqual(facts(bytes))
      expect(await keys(fresh(bytes))).toEqual([fresh(bytes)])
      expect(await store.sweep(-60)).toBe(0)
    })

    test('streams 40 MiB in memory that does not grow with it', async () => {
      const large = new Large(40 * MiB)
      const before = process.memoryUsage().arrayBuffers
      let most = 0
      const watched = large.stream({
        onChunk: () => {
          most = Math.max(most, process.memoryUsage().arrayBuffers - before)
        },
      })
      expect(await store.put(`${client}/large`, watched, large.facts)).toEqual({ existed: false })
      expect(most).toBeLessThan(24 * MiB)

      const { stream, bytes } = await store.get(`${client}/large`)
      const sha256 = createHash('sha256')
      for await (const chunk of stream) sha256.update(chunk)
      expect({ bytes, sha256: sha256.digest('hex') }).toEqual({ bytes: large.bytes, sha256: large.facts.sha256 })
      expect(await store.put(`${client}/large`, large.stream(), large.facts)).toEqual({ existed: true })
    })

    test('lists in the order of keys, whatever lies in folders, and only under the prefix', async () => {
      const some = ['b', 'a/z', 'a-b', 'a.b', 'a/b/c', 'a/b-c', 'a0', 'B', 'a/b/C', 'ab/c'].map(
        (key) => `${client}/list/${key}`,
      )
      await Promise.all(some.map((key) => put(key, Buffer.from(key))))
      expect(await keys(`${client}/list/`)).toEqual([...some].sort())
      expect(await keys(`${client}/list/a`)).toEqual(some.filter((key) => key.startsWith(`${client}/list/a`)).sort())
      expect(await keys(`${client}/list/a/b`)).toEqual(
        ['a/b-c', 'a/b/C', 'a/b/c'].map((key) => `${client}/list/${key}`),
      )
      expect(await keys(`${client}/list/nothing/here`)).toEqual([])
      expect(await Array.fromAsync(store.list(`${client}/list/b`))).toEqual([
        { key: `${client}/list/b`, bytes: `${client}/list/b`.length },
      ])
      await expect(keys('../')).rejects.toThrow(WrongKey)
    })

    test('lists and removes more than a thousand objects', { timeout: 120_000 }, async () => {
      const many = Array.from({ length: 1100 }, (_, i) => `${client}/many/${(i % 16).toString(16)}/${i}`)
      for (let from = 0; from < many.length; from += 100) {
        await Promise.all(many.slice(from, from + 100).map((key) => put(key, Buffer.from('x'))))
      }
      expect(await keys(`${client}/many/`)).toEqual([...many].sort())
      await store.remove([...many, `${client}/many/absent`])
      expect(await keys(`${client}/many/`)).toEqual([])
    })

    test('takes again what was removed', async () => {
      const bytes = randomBytes(100)
      const key = renditionKey(client, facts(bytes).sha256, 'feed', 'png')
      await put(key, bytes)
      await store.remove([key])
      expect(await store.head(key)).toBeNull()
      expect(await put(key, bytes)).toEqual({ existed: false })
      expect(await read(key)).toEqual(bytes)
    })

    /** No object, and nothing half done that a sweep would find. */
    async function expectNothing(key: string): Promise<void> {
      expect(await store.head(key)).toBeNull()
      expect(await keys(key)).toEqual([])
      expect(await store.sweep(-60)).toBe(0)
    }
  })
}

/** The folder may lie in memory itself. */
async function anotherDisk(folder: string): Promise<string> {
  const { dev } = await stat(folder)
  return (await stat('/dev/shm')).dev === dev ? '/var/tmp' : '/dev/shm'
}
