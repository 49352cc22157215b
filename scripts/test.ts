// `npm test`: everything CI runs, part by part; `npm test -- types unit` runs only those. The last line counts tests.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { buildConsole } from './build.ts'
import { ensureChrome } from './chrome.ts'

const root = join(import.meta.dirname, '..')
const tell = (line: string) => process.stdout.write(`${line}\n`)
const asked = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => asked.abort())

const vitestReport = z.object({ numPassedTests: z.number(), numFailedTests: z.number() })
const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }),
})

interface Outcome {
  ok: boolean
  /** Absent where the part holds no tests. */
  tests?: { passed: number; failed: number }
}

const reports = await mkdtemp(join(tmpdir(), 'pass-reports-'))
const parts: Record<string, () => Promise<Outcome>> = {
  types: async () => ({ ok: await tool('tsc', '--noEmit') }),
  lint: async () => ({ ok: await tool('biome', 'check') }),
  'dead-code': async () => ({ ok: await tool('knip') }),
  unit: vitest,
  build: () => buildConsole(tell, asked.signal).then(() => ({ ok: true })),
  browser: playwright,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in parts))
if (unknown.length > 0) {
  tell(`No part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`)
  process.exit(2)
}

const summary: string[] = []
let passed = 0
let failed = 0
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  tell(`\n== ${name}`)
  const since = performance.now()
  const { ok, tests } = await part().catch((error: Error): Outcome => {
    tell(error.message)
    return { ok: false }
  })
  if (asked.signal.aborted) break
  passed += tests?.passed ?? 0
  // A part that breaks without a failing test is one failure: the last line never says 0 for a red run.
  failed += tests?.failed || (ok ? 0 : 1)
  const counted = tests ? `, ${tests.passed} passed, ${tests.failed} failed` : ''
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
  summary.push(`  ${name.padEnd(10)} ${ok ? 'ok' : 'FAILED'} in ${seconds} s${counted}`)
}
await rm(reports, { recursive: true, force: true })
tell(`\n== summary\n${summary.join('\n')}${asked.signal.aborted ? '\n  interrupted' : ''}`)
tell(`${passed} passed, ${failed} failed`)
process.exit(asked.signal.aborted ? 130 : failed > 0 ? 1 : 0)

async function vitest(): Promise<Outcome> {
  const file = join(reports, 'vitest.json')
  const ok = await tool('vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`)
  const report = await readReport(file, vitestReport)
  return { ok, tests: report && { passed: report.numPassedTests, failed: report.numFailedTests } }
}

async function playwright(): Promise<Outcome> {
  const file = join(reports, 'playwright.json')
  process.env.PLAYWRIGHT_JSON_OUTPUT_FILE = file
  process.env.CHROME_PATH ??= await ensureChrome(tell)
  const ok = await tool('playwright', 'test', '-c', 'e2e/playwright.config.ts', '--reporter=list,json')
  const stats = (await readReport(file, playwrightReport))?.stats
  return { ok, tests: stats && { passed: stats.expected, failed: stats.unexpected + stats.flaky } }
}

/** Undefined where the tool broke before it wrote one. */
async function readReport<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text ? schema.parse(JSON.parse(text)) : undefined
}

/** Runs a program of node_modules in a group of its own; an interrupt ends the whole group. */
function tool(name: string, ...args: string[]): Promise<boolean> {
  const child = spawn(join(root, 'node_modules/.bin', name), args, { cwd: root, stdio: 'inherit', detached: true })
  const kill = (signal: NodeJS.Signals) => child.pid && process.kill(-child.pid, signal)
  let late: NodeJS.Timeout | undefined
  const end = () => {
    kill('SIGTERM')
    late = setTimeout(() => kill('SIGKILL'), 10_000)
  }
  asked.signal.addEventListener('abort', end, { once: true })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      asked.signal.removeEventListener('abort', end)
      clearTimeout(late)
      resolve(code === 0)
    })
  })
}
