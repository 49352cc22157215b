// Folders for bytes on their way, one a process; those of processes that are gone are swept.
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** A folder of this process, of mode 0700. `kind` says what it is: `worker`, `media`. */
export async function ownFolder(dataDir: string, kind: string): Promise<string> {
  await sweepFolders(dataDir)
  const own = join(rootOf(dataDir), `${kind}-${process.pid}`)
  await mkdir(own, { recursive: true, mode: 0o700 })
  return own
}

/** A folder for what outlives the process that began it, of mode 0700. */
export async function lastingFolder(dataDir: string, name: (typeof lasting)[number]): Promise<string> {
  const folder = join(rootOf(dataDir), name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Uploads that are sent in several requests. */
const lasting = ['tus'] as const

/** Removes what processes that were killed have left. */
export async function sweepFolders(dataDir: string): Promise<void> {
  const root = rootOf(dataDir)
  await mkdir(root, { recursive: true, mode: 0o700 })
  for (const name of await readdir(root)) {
    if ((lasting as readonly string[]).includes(name)) continue
    const pid = Number(/-(\d+)$/.exec(name)?.[1])
    if (!(pid > 0) || !isAlive(pid)) await rm(join(root, name), { recursive: true, force: true })
  }
}

const rootOf = (dataDir: string) => join(dataDir, 'tmp')

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
