import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { describeStore } from './conformance.ts'
import { createFilesStore } from './files.ts'
import { originalKey, StoreFull, StoreRefused, StoreUnavailable, WrongKey } from './store.ts'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'store-files-'))
})
afterAll(() => rm(base, { recursive: true, force: true }))

describeStore('the files driver', async () => createFilesStore({ root: join(base, 'conformance', 'objects') }))

describe('the files driver alone', () => {
  test('keeps one file per object at its key, and beside them only .tmp, without files', async () => {
    const { root, store } = await newStore()
    const bytes = randomBytes(2_000_000)
    await store.put('c/originals/ab/cd', bytes, facts(bytes))
    await store.put('c/renditions/ab/cd/ef.webp', bytes.subarray(0, 99), facts(bytes.subarray(0, 99)))
    expect(await files(root)).toEqual(['c/originals/ab/cd', 'c/renditions/ab/cd/ef.webp'])
    expect(await readFile(store.path('c/originals/ab/cd'))).toEqual(bytes)
    expect((await readdir(root)).sort()).toEqual(['.tmp', 'c'])
    await store.remove(['c/renditions/ab/cd/ef.webp', 'c/originals/ab/cd'])
    expect(await readdir(root)).toEqual(['.tmp'])
  })

  test('names the path of a key and of nothing else', async () => {
    const { root, store } = await newStore()
    expect(store.path('c/originals/ab/cd')).toBe(join(root, 'c/originals/ab/cd'))
    expect(() => store.path('../secret')).toThrow(WrongKey)
  })

  test('tells the type by the first bytes, and by the extension of a rendition', async () => {
    const { store } = await newStore()
    const picture = Buffer.from(smallestPng, 'base64')
    for (const key of ['c/original', 'c/rendition.webp']) await store.put(key, picture, facts(picture))
    expect(await store.head('c/original')).toMatchObject({ contentType: 'image/png' })
    expect(await store.head('c/rendition.webp')).toMatchObject({ contentType: 'image/webp' })
    expect(await store.head('c')).toBeNull()
  })

  test('puts an object into a folder that another process removed', async () => {
    const { root, store } = await newStore()
    const bytes = randomBytes(10)
    await store.put('c/a/b/1', bytes, facts(bytes))
    await rm(join(root, 'c'), { recursive: true })
    expect(await store.put('c/a/b/2', bytes, facts(bytes))).toEqual({ existed: false })
    expect(await files(root)).toEqual(['c/a/b/2'])
  })

  test('puts an object beside others that were all removed, with the folders above them', async () => {
    const { store } = await newStore()
    const bytes = randomBytes(100)
    await store.put('c/originals/ab/cd', bytes, facts(bytes))
    await store.remove(['c/originals/ab/cd'])
    await store.put('c/originals/ef/cd', bytes, facts(bytes))
    expect(await readFile(store.path('c/originals/ef/cd'))).toEqual(bytes)
  })

  test('sweeps temp files by age, and none that is being written', async () => {
    const { root, store } = await newStore()
    await mkdir(join(root, '.tmp/7'), { recursive: true })
    const hourAgo = new Date(Date.now() - 3_600_000)
    for (const name of ['old', 'new']) await writeFile(join(root, '.tmp/7', name), 'left behind')
    await utimes(join(root, '.tmp/7/old'), hourAgo, hourAgo)
    const bytes = randomBytes(3_000_000)
    const slow = new PassThrough()
    const putting = store.put('c/slow', slow, facts(bytes))
    slow.write(bytes.subarray(0, 2_500_000))
    await vi.waitUntil(() => halfWritten(root), { timeout: 20_000 })
    expect(await store.sweep(60)).toBe(1)
    expect(await store.sweep(-60)).toBe(1)
    slow.end(bytes.subarray(2_500_000))
    expect(await putting).toEqual({ existed: false })
    expect(await store.sweep(-60)).toBe(0)
  })

  test('a writer killed in mid-put leaves nothing visible', async () => {
    const { root, store } = await newStore()
    const child = writer(root, 'half')
    await vi.waitUntil(() => halfWritten(root), { timeout: 20_000 })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await store.head('c/half')).toBeNull()
    expect(await Array.fromAsync(store.list(''))).toEqual([])
    expect(await store.sweep(-60)).toBe(1)
    expect(await files(root)).toEqual([])
  })

  test('writers killed at any moment leave whole objects only, and every one that they reported', {
    timeout: 120_000,
  }, async () => {
    const { root, store } = await newStore()
    const reported: string[] = []
    for (let round = 1; round <= 8; round++) {
      const child = writer(root, 'many')
      const exited = once(child, 'exit')
      let lines = 0
      for await (const key of createInterface({ input: child.stdout! })) {
        reported.push(key)
        if (++lines === round * 7) child.kill('SIGKILL')
      }
      await exited
    }
    const visible = await Array.fromAsync(store.list(''))
    const whole = new Set<string>()
    for (const { key } of visible) {
      const { stream } = await store.get(key)
      if (originalKey('c', hash('sha256', await buffer(stream))) === key) whole.add(key)
    }
    expect(visible.length).toBe(whole.size)
    expect(reported.length).toBeGreaterThanOrEqual(8 * 7)
    expect(reported.filter((key) => !whole.has(key))).toEqual([])
    await store.sweep(-60)
    expect(await files(root)).toEqual([...whole].sort())
  })

  const root = process.getuid?.() === 0
  test.skipIf(!root)('says that the disk is full, keeps what it has, and goes on when there is room', async () => {
    const store = createFilesStore({ root: join(mounted('size=4m'), 'objects') })
    const first = randomBytes(900_000)
    await store.put('c/first', first, facts(first))
    for (const size of [900_000, 3_500_000]) {
      await expect(fill(store, size)).rejects.toThrow(StoreFull)
    }
    expect(await store.sweep(-60)).toBe(0)
    expect(await buffer((await store.get('c/first')).stream)).toEqual(first)
    await store.remove((await Array.fromAsync(store.list('c/fill'))).map(({ key }) => key))
    expect(await store.put('c/again', first, facts(first))).toEqual({ existed: false })
  })

  test.skipIf(!root)('says that a disk which may not be written refuses', async () => {
    const store = createFilesStore({ root: mounted('ro') })
    const bytes = randomBytes(10)
    await expect(store.put('c/first', bytes, facts(bytes))).rejects.toThrow(StoreRefused)
  })

  test('counts what it does not know about a disk as passing', async () => {
    const { root, store } = await newStore()
    await symlink('loop', join(root, 'loop'))
    await expect(store.get('loop')).rejects.toThrow(StoreUnavailable)
  })
})

const smallestPng = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

async function newStore() {
  const root = await mkdtemp(join(base, 'objects-'))
  return { root, store: createFilesStore({ root }) }
}

function facts(bytes: Uint8Array) {
  return { sha256: hash('sha256', bytes), bytes: bytes.length, contentType: 'application/octet-stream' }
}

async function fill(store: ReturnType<typeof createFilesStore>, size: number): Promise<void> {
  for (let i = 0; i < 6; i++) {
    const bytes = randomBytes(size)
    await store.put(`c/fill/${size}-${i}`, bytes, facts(bytes))
  }
}

/** All files below, temp files too. */
async function files(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const found = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return found.map((path) => path.slice(root.length + 1)).sort()
}

function mounted(options: string): string {
  const folder = execFileSync('mktemp', ['-d', join(base, 'mount-XXXX')], { encoding: 'utf8' }).trim()
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  onTestFinished(() => void execFileSync('umount', [folder]))
  return folder
}

/** True once a temp file holds its first megabyte. */
async function halfWritten(root: string): Promise<boolean> {
  const sizes = (await files(root)).filter((path) => path.startsWith('.tmp/')).map((path) => stat(join(root, path)))
  return (await Promise.all(sizes)).some(({ size }) => size >= 1024 * 1024)
}

/** Another process: `half` stalls in the middle of c/half, `many` prints the key of each object once it is put. */
function writer(root: string, what: 'half' | 'many'): ChildProcess {
  const script = `
    import { hash, randomBytes } from 'node:crypto'
    import { PassThrough, Readable } from 'node:stream'
    const { createFilesStore } = await import(process.argv[1])
    const store = createFilesStore({ root: process.argv[2] })
    const facts = (bytes) => ({ sha256: hash('sha256', bytes), bytes: bytes.length, contentType: 'application/octet-stream' })
    async function half() {
      const bytes = randomBytes(9_000_000)
      const body = new PassThrough()
      body.write(bytes.subarray(0, 5_000_000))
      setInterval(() => {}, 1e6)
      await store.put('c/half', body, facts(bytes))
    }
    async function many() {
      for (let i = 0; ; i++) {
        const bytes = randomBytes(i % 5 === 0 ? 3_000_000 : 50_000)
        const { sha256 } = facts(bytes)
        const key = 'c/originals/' + sha256.slice(0, 2) + '/' + sha256
        await store.put(key, i % 2 ? bytes : Readable.from([bytes]), facts(bytes))
        process.stdout.write(key + '\\n')
      }
    }
    await (process.argv[3] === 'half' ? half() : Promise.all([many(), many(), many(), many()]))`
  const driver = resolve(import.meta.dirname, 'files.ts')
  return spawn(process.execPath, ['--input-type=module', '-e', script, driver, root, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
