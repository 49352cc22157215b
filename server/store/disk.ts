// What the files driver asks of a disk: files that appear whole, directories that survive a power cut, errors by class.
import { randomBytes } from 'node:crypto'
import { closeSync, constants, fsync, openSync } from 'node:fs'
import { mkdir, open, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Body, blocksOf, piecesOf, wholeBody } from './body.ts'
import { type PutOptions, StoreError, StoreFull, StoreRefused, StoreUnavailable } from './store.ts'

const MiB = 1024 * 1024
/** Up to here a body is written by one call, which returns when the bytes are on the disk. */
const smallBytes = MiB
/** Threads that create files in one directory wait for each other: one folder halves the rate of small puts. */
const tempFolders = 64
/** Directories known to be durable; renditions have one each, so the set is forgotten when it has grown to this. */
const knownDirectories = 4096

export interface Disk {
  /** Bytes of the file, or null where there is none. */
  sizeOf(path: string): Promise<number | null>
  /** Writes the checked bytes aside, then makes them visible under `path`, over whatever is there. */
  publish(path: string, body: Body, options: PutOptions): Promise<void>
  /** Makes a file that is visible already survive a power cut: its writer may still be about to. */
  settle(path: string): Promise<void>
  /** Removes what interrupted writers left, untouched for this long. */
  sweep(olderThanSeconds: number): Promise<number>
}

export function createDisk(root: string): Disk {
  const temps = join(root, '.tmp')
  const ours = new Set<string>()
  const directories = durableDirectories(root)
  let written = 0

  async function publish(path: string, body: Body, options: PutOptions): Promise<void> {
    const temp = join(temps, `${written++ % tempFolders}`, `${process.pid}-${randomBytes(9).toString('base64url')}`)
    ours.add(temp)
    try {
      await onDisk(directories.make(dirname(temp)))
      if (options.bytes <= smallBytes) await writeSmall(temp, await wholeBody(body, options))
      else await writeLarge(temp, body, options)
      options.signal?.throwIfAborted()
      await onDisk(directories.moveInto(dirname(path), temp, path))
    } catch (error) {
      await unlink(temp).catch(() => {}) // what cannot be removed now, `sweep` removes
      throw error
    } finally {
      ours.delete(temp)
    }
  }

  async function sweep(olderThanSeconds: number): Promise<number> {
    const newest = Date.now() - olderThanSeconds * 1000
    let removed = 0
    const entries = await onDisk(readdir(temps, { recursive: true, withFileTypes: true }).catch(absent([])))
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || ours.has(path)) continue
      const found = await onDisk(stat(path).catch(absent(null)))
      if (!found || found.mtimeMs > newest) continue
      await onDisk(unlink(path).catch(absent(undefined)))
      removed++
    }
    return removed
  }

  return {
    sizeOf: async (path) => {
      const found = await onDisk(stat(path).catch(absent(null)))
      return found?.isFile() ? found.size : null
    },
    settle: (path) => onDisk(syncDirectory(dirname(path))),
    publish,
    sweep,
  }
}

const newAndDurable = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_DSYNC

async function writeSmall(temp: string, bytes: Uint8Array): Promise<void> {
  await onDisk(writeFile(temp, bytes, { flag: newAndDurable }))
}

async function writeLarge(temp: string, body: Body, options: PutOptions): Promise<void> {
  const pieces = piecesOf(body, options)
  if (pieces) await writePieces(temp, pieces, options.bytes)
  else await writeStream(temp, body, options)
}

async function writePieces(temp: string, pieces: Uint8Array[], bytes: number): Promise<void> {
  const handle = await onDisk(open(temp, 'wx'))
  try {
    const { bytesWritten } = await onDisk(handle.writev(pieces))
    // A disk that takes only a part says why at the next try.
    const left = bytes - bytesWritten
    if (left > 0) await onDisk(handle.writeFile(Buffer.concat(pieces).subarray(-left)))
    await onDisk(handle.datasync())
  } finally {
    await handle.close()
  }
}

/** One block is written while the next one comes in. */
async function writeStream(temp: string, body: Body, options: PutOptions): Promise<void> {
  const handle = await onDisk(open(temp, 'wx'))
  let writing = Promise.resolve()
  try {
    for await (const block of blocksOf(body, options, MiB, 2)) {
      await writing
      writing = onDisk(handle.writeFile(block))
      writing.catch(() => {}) // met at the next block
    }
    await writing
    await onDisk(handle.datasync())
  } finally {
    await writing.catch(() => {})
    await handle.close()
  }
}

/** Makes directories once and remembers them; `moveInto` makes one again that was removed meanwhile. */
function durableDirectories(root: string) {
  const made = new Map<string, Promise<void>>()

  function make(directory: string): Promise<void> {
    const known = made.get(directory)
    if (known) return known
    if (made.size >= knownDirectories) made.clear()
    const making = directory === root ? makeRoot(root) : makeBelow(directory)
    made.set(directory, making)
    making.catch(() => made.delete(directory))
    return making
  }

  // The parent is synced even where the directory exists: whoever made it may not have come so far.
  async function makeBelow(directory: string): Promise<void> {
    const parent = dirname(directory)
    await make(parent)
    await mkdir(directory).catch(except('EEXIST', undefined))
    await syncDirectory(parent)
  }

  async function moveInto(directory: string, from: string, to: string): Promise<void> {
    await make(directory)
    try {
      await rename(from, to)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      made.clear()
      await make(directory)
      await rename(from, to)
    }
    await syncDirectory(directory)
  }

  return { make, moveInto }
}

async function makeRoot(root: string): Promise<void> {
  const first = await mkdir(root, { recursive: true })
  if (!first) return
  for (let parent = dirname(root); parent.length >= dirname(first).length; parent = dirname(parent)) {
    await syncDirectory(parent)
    if (parent === dirname(parent)) return
  }
}

const fsyncing = promisify(fsync)

/** Names in a directory survive a power cut only once the directory itself is synced. One that is gone needs none. */
async function syncDirectory(directory: string): Promise<void> {
  let handle: number
  try {
    handle = openSync(directory, 'r') // two thread switches saved; the name is in memory, it was just used
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  try {
    await fsyncing(handle)
  } finally {
    closeSync(handle)
  }
}

const classes: Record<string, typeof StoreError> = {
  ENOSPC: StoreFull,
  EDQUOT: StoreFull,
  EACCES: StoreRefused,
  EPERM: StoreRefused,
  EROFS: StoreRefused,
  ENAMETOOLONG: StoreError,
  ENOTDIR: StoreError,
  EISDIR: StoreError,
}

/** Turns what the file system throws into the classes of store.ts; what it does not know may work later. */
export async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof StoreError) throw error
    const code = codeOf(error)
    throw new (classes[code] ?? StoreUnavailable)(`the disk answered ${code}`, { cause: error })
  }
}

/** For `catch`: a value where there is no such file. */
export function absent<T>(value: T): (error: unknown) => T {
  return (error) => (codeOf(error) === 'ENOTDIR' ? value : except('ENOENT', value)(error))
}

function except<T>(code: string, value: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) === code) return value
    throw error
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'no code'
}
