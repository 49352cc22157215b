// `npm run bench -- render|fetch|… [--json] [options]`: prints what was measured against a baseline of the same run.
// Exit code 0: every target is met; 1: one is missed; 2: wrong use; 130: interrupted.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { announceBench } from './announce.ts'
import { burstBench } from './burst.ts'
import { consoleBench } from './console.ts'
import { fetchBench } from './fetch.ts'
import { asJson, asTable, type Findings, isMet } from './figures.ts'
import { ledgerBench } from './ledger.ts'
import { lighthouseBench } from './lighthouse.ts'
import { listBench } from './list.ts'
import { memoryBench } from './memory.ts'
import { renderBench } from './render.ts'
import { scrollBench } from './scroll.ts'
import { serveBench } from './serve.ts'
import type { Bench } from './setting.ts'
import { uploadBench } from './upload.ts'
import { uploadPageBench } from './upload-page.ts'

const benches: Record<string, (bench: Bench) => Promise<Findings>> = {
  render: renderBench,
  fetch: fetchBench,
  ledger: ledgerBench,
  list: listBench,
  memory: memoryBench,
  announce: announceBench,
  'upload-page': uploadPageBench,
  serve: serveBench,
  burst: burstBench,
  upload: uploadBench,
  console: consoleBench,
  scroll: scrollBench,
  lighthouse: lighthouseBench,
}

const usage = `usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--rounds N] [--photos N]\n`

process.chdir(join(import.meta.dirname, '..'))
const asked = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => asked.abort(new Error(`stopped by ${signal}`)))
}

const { name, json, bench } = readCommandLine()
try {
  const findings = await benches[name]!(bench)
  process.stdout.write(json ? `${asJson(name, findings)}\n` : `${asTable(name, findings)}`)
  process.exit(findings.figures.every(isMet) ? 0 : 1)
} catch (error) {
  process.stderr.write(`${asked.signal.aborted ? asked.signal.reason.message : (error as Error).stack}\n`)
  process.exit(asked.signal.aborted ? 130 : 1)
}

function readCommandLine(): { name: string; json: boolean; bench: Bench } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, rounds: { type: 'string' }, photos: { type: 'string' } },
    })
    const [name = '', ...more] = positionals
    if (!(name in benches) || more.length > 0) throw new TypeError(`which benchmark is ${positionals.join(' ')}?`)
    const bench: Bench = {
      signal: asked.signal,
      say: (line) => process.stderr.write(`${line}\n`),
      rounds: whole(values.rounds),
      photos: whole(values.photos),
    }
    return { name, json: values.json ?? false, bench }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
}

function whole(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new TypeError(`${text} is no whole number above 0`)
  return Number(text)
}
