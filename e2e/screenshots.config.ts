// Every page and state as a picture under `.data/screenshots`, wide and narrow, light and dark, to be looked at.
import { defineConfig } from '@playwright/test'
import base from './playwright.config.ts'

const wide = { width: 1440, height: 900 }
const narrow = { width: 390, height: 844 }

export default defineConfig(base, {
  testMatch: 'screenshots.spec.ts',
  testIgnore: [],
  outputDir: '../.data/screenshots/failed',
  projects: [
    { name: 'wide-light', use: { viewport: wide, colorScheme: 'light' } },
    { name: 'wide-dark', use: { viewport: wide, colorScheme: 'dark' } },
    { name: 'narrow-light', use: { viewport: narrow, colorScheme: 'light' } },
    { name: 'narrow-dark', use: { viewport: narrow, colorScheme: 'dark' } },
  ],
})
