// Vitest's global setup: one PostgreSQL for the whole run, with a migrated template that tests clone, and one folder
// for everything temporary, so that nothing stays behind whatever happens.
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { migrate } from '#db/migrate.ts'
import { clearLeftover } from '#server/embedded/leftover.ts'
import { startEmbeddedPostgres } from '#server/embedded.ts'
import '#db/testing.ts'

const prefix = 'pass-test-'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outside = tmpdir()
  await sweep(outside)
  const dir = await mkdtemp(join(outside, `${prefix}${process.pid}-`))
  await chmod(dir, 0o711)
  const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), durable: false })
  await migrate(postgres.url)
  project.provide('templateUrl', postgres.url)
  // The processes that run the tests inherit it.
  process.env.TMPDIR = join(dir, 'tmp')
  await mkdir(process.env.TMPDIR)
  return async () => {
    await postgres.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

/** What a killed run left behind. */
async function sweep(outside: string): Promise<void> {
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
