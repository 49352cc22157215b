// What the files driver asks of a disk: files that appear whole, directories that survive a power cut, errors by class.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsync,
  open,
  openSync,
  renameSync,
  statSync,
  writev,
} from 'node:fs'
import { mkdir, open as openHandle, readdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Body, blocksOf, isFile, piecesOf } from './body.ts'
import { ChecksumMismatch, type PutOptions, StoreError, StoreFull, StoreRefused, StoreUnavailable } from './store.ts'

const MiB = 1024 * 1024
/** Threads that create files in one directory wait for each other: one folder halves the rate of small puts. */
const tempFolders = 64
/** Directories known to be durable; renditions have one each, so the set is forgotten when it has grown to this. */
const knownDirectories = 4096

export interface Disk {
  /** Bytes of the file, or null where there is none. */
  sizeOf(path: string): number | null
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
  const tempsMade = new Set<string>()
  const directories = durableDirectories(root)
  const writer = `${process.pid}-${randomBytes(9).toString('base64url')}`
  let written = 0

  async function publish(path: string, body: Body, options: PutOptions): Promise<void> {
    if (isFile(body) && options.proven && (await moved(path, body.path, options))) return
    const temp = join(temps, `${written++ % tempFolders}`, `${writer}-${written}`)
    ours.add(temp)
    try {
      await onDisk(temporary(dirname(temp)))
      ahead(path)
      const pieces = piecesOf(body, options)
      if (pieces) await writePieces(temp, pieces, options.bytes)
      else await writeStream(temp, body, options)
      options.signal?.throwIfAborted()
      await onDisk(directories.moveInto(dirname(path), temp, path))
    } catch (error) {
      await unlink(temp).catch(() => {}) // what cannot be removed now, `sweep` removes
      tempsMade.delete(dirname(temp))
      throw error
    } finally {
      ours.delete(temp)
    }
  }

  /** Its directory is made while the bytes are on their way; what goes wrong is met when they are moved there. */
  function ahead(path: string): void {
    directories.make(dirname(path)).catch(() => {})
  }

  /** What lies in it survives no power cut, so nor need it. */
  async function temporary(directory: string): Promise<void> {
    if (tempsMade.has(directory)) return
    await directories.make(temps)
    await mkdir(directory).catch(except('EEXIST', undefined))
    tempsMade.add(directory)
  }

  /** False where the file lies on another disk. */
  async function moved(path: string, from: string, options: PutOptions): Promise<boolean> {
    options.signal?.throwIfAborted()
    ahead(path)
    try {
      await withFile(from, 'r', async (file) => {
        if (fstatSync(file).size !== options.bytes) throw new ChecksumMismatch(`not ${options.bytes} bytes`)
        await syncing(file)
      })
      options.signal?.throwIfAborted()
      await directories.moveInto(dirname(path), from, path)
      return true
    } catch (error) {
      if (codeOf(error) === 'EXDEV') return false
      throw storeError(error)
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
    sizeOf: (path) => {
      try {
        const found = statSync(path, { throwIfNoEntry: false })
        return found?.isFile() ? found.size : null
      } catch (error) {
        throw storeError(error)
      }
    },
    settle: (path) => onDisk(syncDirectory(dirname(path))),
    publish,
    sweep,
  }
}

const newFile = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY
const newAndDurable = newFile | constants.O_DSYNC

/** What lies in memory goes out in one call, which returns when the bytes are on the disk. */
async function writePieces(temp: string, pieces: Uint8Array[], bytes: number): Promise<void> {
  const work = withFile(temp, newAndDurable, async (file) => {
    let left = bytes
    if (left > 0) left -= await writing(file, pieces)
    // A disk that takes only a part says why at the next try.
    while (left > 0) left -= await writing(file, [Buffer.concat(pieces, bytes).subarray(-left)])
  })
  await onDisk(work)
}

/** One block is written while the next one comes in. */
async function writeStream(temp: string, body: Body, options: PutOptions): Promise<void> {
  const handle = await onDisk(openHandle(temp, 'wx'))
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

/**
 * Looking up, closing and renaming a file touch what the kernel has in memory and take microseconds; handing each to a
 * thread and back takes ten times that. What waits for the disk, making a file included, goes to a thread.
 */
async function withFile<T>(path: string, flags: number | 'r', work: (file: number) => Promise<T>): Promise<T> {
  const file = flags === 'r' ? openSync(path, flags) : await opening(path, flags)
  try {
    return await work(file)
  } finally {
    closeSync(file)
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
    try {
      await mkdir(directory).catch(except('EEXIST', undefined))
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      // The parent is remembered and was removed meanwhile, with the last object in it.
      made.clear()
      await make(parent)
      await mkdir(directory).catch(except('EEXIST', undefined))
    }
    await syncDirectory(parent)
  }

  async function moveInto(directory: string, from: string, to: string): Promise<void> {
    await make(directory)
    try {
      renameSync(from, to)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      made.clear()
      await make(directory)
      renameSync(from, to)
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

const opening = promisify(open)
const syncing = promisify(fdatasync)
const syncingNames = promisify(fsync)
const writing = (file: number, pieces: Uint8Array[]) =>
  new Promise<number>((resolve, reject) => {
    writev(file, pieces, (error, bytes) => (error ? reject(error) : resolve(bytes)))
  })

/** Names in a directory survive a power cut only once the directory itself is synced. One that is gone needs none. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    await withFile(directory, 'r', syncingNames)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
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
    throw storeError(error)
  }
}

function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const code = codeOf(error)
  return new (classes[code] ?? StoreUnavailable)(`the disk answered ${code}`, { cause: error })
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
