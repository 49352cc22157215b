// Folders for tests: in memory where there is room, named by their process, so that the next one clears what a killed
// run left behind.
import { chmod, mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clearLeftover } from '#server/embedded/leftover.ts'

/** Removed by whoever asked for it. A database in it lies in `postgres`. */
export async function scratchFolder(kind: string): Promise<string> {
  const outside = await roomiest()
  const prefix = `${kind}-`
  await sweep(outside, prefix)
  const dir = await mkdtemp(join(outside, `${prefix}${process.pid}-`))
  // Another user, who PostgreSQL runs as, has to pass through; it still cannot list.
  await chmod(dir, 0o711)
  return dir
}

/** A clone of a database is 300 files: on a disk half a second of a processor, in memory a thirtieth of that. */
async function roomiest(): Promise<string> {
  const memory = '/dev/shm'
  const space = await statfs(memory).catch(() => undefined)
  return space && space.bavail * space.bsize > 4 * 1024 ** 3 ? memory : tmpdir()
}

async function sweep(outside: string, prefix: string): Promise<void> {
  for (const name of await readdir(outside)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : 0
    if (!pid || lives(pid)) continue
    await clearLeftover(join(outside, name, 'postgres/data'))
    await rm(join(outside, name), { recursive: true, force: true })
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
