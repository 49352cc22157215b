// Vitest's global setup: one PostgreSQL for the whole run, with a migrated template that tests clone, and one folder
// for everything temporary, so that nothing stays behind whatever happens.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { migrate } from '#db/migrate.ts'
import { startEmbeddedPostgres } from '#server/embedded.ts'
import '#db/testing.ts'
import { scratchFolder } from './scratch.ts'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await scratchFolder('pass-test')
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
