// The data directory of embedded mode: one directory, one running system.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'

export interface DataDir {
  path: string
  /** 32 bytes in base64: generated once, kept 0600. */
  secretKey: string
  /** Tells `runningSystem` where this system answers. */
  publish(running: RunningSystem): Promise<void>
  /** Forgets what was published and lets the next start in. A killed process lets go by itself. */
  release(): Promise<void>
}

const runningSchema = z.object({
  pid: z.number().int(),
  databaseUrl: z.string(),
  consoleUrl: z.string(),
  mediaUrl: z.string(),
})
export type RunningSystem = z.output<typeof runningSchema>

export type DataDirCode = 'data_dir_newer' | 'data_dir_unusable' | 'already_running' | 'disk_full'

/** The message is one sentence that says what to do. */
export class DataDirError extends Error {
  override name = 'DataDirError'
  readonly code: DataDirCode

  constructor(code: DataDirCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Of the layout of the directory; raised when an older program could not work in it. */
const version = 1
const leastFreeBytes = 256 * 1024 * 1024 // an empty PostgreSQL and its first log

/** Makes the directory where there is none. Throws `DataDirError`. */
export async function claimDataDir(path: string): Promise<DataDir> {
  try {
    await mkdir(path, { recursive: true })
    // As root, PostgreSQL runs as somebody else who has to pass through; nobody may list.
    await chmod(path, process.getuid?.() === 0 ? 0o711 : 0o700)
    const lock = takeLock(path, 'EXCLUSIVE')
    if (!lock) throw await alreadyRunning(path)
    held.add(lock)
    try {
      return await open(path, lock)
    } catch (error) {
      letGo(lock)
      throw error
    }
  } catch (error) {
    throw asDataDirError(path, error)
  }
}

// A lock that nobody refers to would be collected, and with it the claim.
const held = new Set<DatabaseSync>()

function letGo(lock: DatabaseSync): void {
  if (held.delete(lock)) lock.close()
}

async function open(path: string, lock: DatabaseSync): Promise<DataDir> {
  const found = Number(await read(join(path, 'version')))
  if (found > version) {
    const sentence = `${path} was written by a newer version of this program (layout ${found}, this one knows ${version})`
    throw new DataDirError('data_dir_newer', `${sentence}: update, or name another PASS_DATA_DIR`)
  }
  await requireSpace(path)
  await writeWhole(join(path, 'version'), `${version}\n`)
  const secretKey = await secret(join(path, 'secret.key'))
  const running = join(path, 'running.json')
  await rm(running, { force: true })
  return {
    path,
    secretKey,
    publish: (system) => writeWhole(running, `${JSON.stringify(system)}\n`),
    async release() {
      await rm(running, { force: true })
      letGo(lock)
    },
  }
}

/** The system that runs in this directory now, or null. */
export async function runningSystem(path: string): Promise<RunningSystem | null> {
  const text = await read(join(path, 'running.json'))
  if (!text) return null
  const free = takeLock(path, 'SHARED')
  free?.close()
  return free ? null : runningSchema.parse(JSON.parse(text))
}

/**
 * A lock of the operating system, gone with the process that holds it: no stale one to judge. Node offers it only
 * through SQLite. Null where another holds it.
 */
function takeLock(path: string, kind: 'EXCLUSIVE' | 'SHARED'): DatabaseSync | null {
  const lock = new DatabaseSync(join(path, 'lock'))
  try {
    // A moment's patience: `runningSystem` of another process touches the lock when it looks.
    lock.exec('PRAGMA busy_timeout = 250')
    lock.exec(kind === 'EXCLUSIVE' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT * FROM sqlite_schema')
    return lock
  } catch (error) {
    lock.close()
    if ((error as { errcode?: number }).errcode === 5) return null // SQLITE_BUSY
    throw error
  }
}

async function alreadyRunning(path: string): Promise<DataDirError> {
  const text = await read(join(path, 'running.json'))
  const system = text ? runningSchema.parse(JSON.parse(text)) : undefined
  const where = system ? ` as process ${system.pid} (${system.consoleUrl})` : ''
  const sentence = `a system is already running in ${path}${where}`
  return new DataDirError('already_running', `${sentence}: stop it first, or name another PASS_DATA_DIR`)
}

async function secret(file: string): Promise<string> {
  const known = (await read(file)).trim()
  if (known) {
    if (Buffer.from(known, 'base64').length === 32) return known
    throw new DataDirError('data_dir_unusable', `${file} does not hold 32 bytes in base64: put the right key back`)
  }
  const made = randomBytes(32).toString('base64')
  await writeWhole(file, `${made}\n`)
  return made
}

async function requireSpace(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  if (bavail * bsize < leastFreeBytes) throw full(path)
}

const full = (path: string, cause?: unknown) =>
  new DataDirError('disk_full', `there is no space left for ${path}: free some, or name another PASS_DATA_DIR`, {
    cause,
  })

function asDataDirError(path: string, error: unknown): DataDirError {
  if (error instanceof DataDirError) return error
  const { code, errcode, message } = error as Error & { code?: string; errcode?: number }
  if (code === 'ENOSPC' || code === 'EDQUOT' || errcode === 13) return full(path, error) // SQLITE_FULL
  return new DataDirError('data_dir_unusable', `${path} cannot be used: ${message}`, { cause: error })
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** Whole or not at all, and for nobody else's eyes. */
async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${process.pid}`
  try {
    await writeFile(unfinished, text, { mode: 0o600, flush: true })
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
