// Whole paths in a real browser: a production build, real Postgres, real workers and a stand-in of a provider.
import { defineConfig } from '@playwright/test'
import { chromePath } from '#server/chrome.ts'

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  testIgnore: 'screenshots.spec.ts',
  outputDir: '../test-results',
  globalSetup: './built.ts',
  // Each with a system and a browser of its own: while one waits for what it tests, the other is served.
  workers: 2,
  retries: 0,
  timeout: 240_000,
  expect: { timeout: 30_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    launchOptions: { executablePath: await chromePath(), args: ['--no-sandbox'] },
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    trace: 'off',
    screenshot: 'only-on-failure',
  },
})
