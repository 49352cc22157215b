import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What starts processes of its own and waits for them, the longest first: begun late it would be waited for alone. */
const long = ['workers/faults.test.ts', 'workers/', 'server/cli/', 'server/media/']

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = long.findIndex((path) => moduleId.includes(`/${path}`))
      return at < 0 ? long.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['{server,workers,db,sandbox,scripts,app,deploy}/**/*.test.ts'],
    globalSetup: 'scripts/test-postgres.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // A file's modules are loaded once for all that need them: what a test leaves in one is seen by the next file.
    isolate: false,
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
  },
})
