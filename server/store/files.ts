// The embedded driver: one file per object at its key. Beside the objects there is only `.tmp`, for what is being written.
import { hash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { type FileHandle, open, readdir, rmdir, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import pLimit from 'p-limit'
import { sniff } from '../sniff.ts'
import { holding } from './body.ts'
import { absent, createDisk, onDisk } from './disk.ts'
import { checkKey, checkPrefix, checkRange, NoSuchObject, NoSuchRange, type Store, type StoredObject } from './store.ts'

const KiB = 1024
/** Read at once, without a stream on an open file behind it. */
const readAtOnceBytes = 256 * KiB
/** Enough to tell every type that an original may have. */
const headBytes = 4 * KiB
const rememberedTypes = 10_000
const atOnce = 16

export interface FilesStore extends Store {
  /** Where the object lies, for those who serve it without reading it; it may not exist. Throws WrongKey. */
  path(key: string): string
}

export function createFilesStore(options: { root: string }): FilesStore {
  const root = resolve(options.root)
  const disk = createDisk(root)
  const typeOf = rememberedTypesOf()

  function path(key: string): string {
    checkKey(key)
    return join(root, key)
  }

  async function objectAt(key: string, handle: FileHandle): Promise<StoredObject> {
    const found = await onDisk(handle.stat())
    if (!found.isFile()) throw new NoSuchObject(key)
    const contentType = await onDisk(typeOf(key, found.size, handle))
    // A key stands for its bytes, so the key names them; the modification time would change with every copy of the tree.
    const etag = `"${hash('sha256', key).slice(0, 32)}-${found.size.toString(16)}"`
    return { key, bytes: found.size, contentType, etag }
  }

  async function opened(key: string): Promise<FileHandle> {
    const handle = await onDisk(open(path(key), 'r').catch(absent(null)))
    if (!handle) throw new NoSuchObject(key)
    return handle
  }

  async function* walk(directory: string, prefix: string): AsyncGenerator<{ key: string; bytes: number }> {
    const entries = await onDisk(readdir(join(root, directory), { withFileTypes: true }).catch(absent<Dirent[]>([])))
    const keys = entries
      .filter((entry) => !entry.name.startsWith('.'))
      .map((entry) => `${directory}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .filter((key) => key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key)))
      .sort()
    for (let from = 0; from < keys.length; from += atOnce) {
      const some = keys.slice(from, from + atOnce)
      const sizes = await Promise.all(some.map((key) => (key.endsWith('/') ? null : disk.sizeOf(join(root, key)))))
      for (const [i, key] of some.entries()) {
        const bytes = sizes[i]
        if (key.endsWith('/')) yield* walk(key, prefix)
        else if (typeof bytes === 'number') yield { key, bytes }
      }
    }
  }

  async function removeOne(key: string): Promise<void> {
    const gone = path(key)
    await onDisk(unlink(gone).catch(absent(undefined)))
    try {
      for (let empty = dirname(gone); empty !== root; empty = dirname(empty)) await rmdir(empty)
    } catch {
      // not empty, or somebody else's turn: either way there is nothing to do
    }
  }

  return {
    path,

    put: (key, body, options) =>
      holding(body, async () => {
        const target = path(key)
        options.signal?.throwIfAborted()
        const existed = disk.sizeOf(target) === options.bytes
        if (existed) await disk.settle(target)
        else await disk.publish(target, body, options)
        return { existed }
      }),

    async get(key, range) {
      checkRange(range)
      const handle = await opened(key)
      try {
        const found = await objectAt(key, handle)
        const start = range?.start ?? 0
        const end = Math.min(range?.end ?? found.bytes, found.bytes - 1)
        if (range && start > end) throw new NoSuchRange(`${key} has ${found.bytes} bytes`)
        const length = end + 1 - start
        if (length > readAtOnceBytes) {
          return { ...found, stream: handle.createReadStream({ start, end, highWaterMark: readAtOnceBytes }) }
        }
        const bytes = await onDisk(readExactly(handle, start, length))
        await handle.close()
        return { ...found, stream: Readable.from(length > 0 ? [bytes] : [], { objectMode: false }) }
      } catch (error) {
        await handle.close()
        throw error
      }
    },

    async head(key) {
      const handle = await opened(key).catch(noObject)
      if (!handle) return null
      try {
        return await objectAt(key, handle).catch(noObject)
      } finally {
        await handle.close()
      }
    },

    signedUrl: async () => null,

    async *list(prefix) {
      checkPrefix(prefix)
      yield* walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix)
    },

    async remove(keys) {
      const limit = pLimit(atOnce)
      await Promise.all(keys.map((key) => limit(removeOne, key)))
    },

    sweep: (olderThanSeconds) => disk.sweep(olderThanSeconds),

    close: async () => {},
  }
}

function noObject(error: unknown): null {
  if (error instanceof NoSuchObject) return null
  throw error
}

const extensions: Record<string, string> = {
  webp: 'image/webp',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  avif: 'image/avif',
  png: 'image/png',
}

/** Types by extension, else by the first bytes; the newest few are remembered, since a key's bytes never change. */
function rememberedTypesOf() {
  const known = new Map<string, string>()
  return async (key: string, bytes: number, handle: FileHandle): Promise<string> => {
    const named = extensions[key.slice(key.lastIndexOf('.') + 1)]
    if (named) return named
    const name = `${bytes} ${key}`
    const remembered = known.get(name)
    if (remembered) return remembered
    const { contentType } = await sniff(await readExactly(handle, 0, Math.min(headBytes, bytes)))
    if (known.size >= rememberedTypes) known.delete(known.keys().next().value!)
    known.set(name, contentType)
    return contentType
  }
}

/** A file that became shorter while it was read fails as the disk does. */
async function readExactly(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, start + at)
    if (bytesRead === 0) throw new Error(`ends at byte ${start + at}`)
    at += bytesRead
  }
  return bytes
}
