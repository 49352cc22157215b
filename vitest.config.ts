import { defineConfig } from 'vitest/config'

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
  },
})
