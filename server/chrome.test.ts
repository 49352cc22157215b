import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, it } from 'vitest'
import { chromePath, NoChrome } from './chrome.ts'

const named = process.env.CHROME_PATH

afterEach(() => {
  if (named === undefined) delete process.env.CHROME_PATH
  else process.env.CHROME_PATH = named
})

it('refuses a CHROME_PATH that does not start, naming it', async () => {
  process.env.CHROME_PATH = '/nowhere/chrome'
  const refusal = await chromePath().catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(NoChrome)
  expect(String(refusal)).toContain('/nowhere/chrome')
})

it('finds a browser that starts on a machine without one', async () => {
  delete process.env.CHROME_PATH
  const { stdout } = await promisify(execFile)(await chromePath(), ['--version'])
  expect(stdout).toMatch(/Chrom(e|ium) \d+/)
})
