import { execFile } from 'node:child_process'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeCertificate } from '#server/certificates.ts'
import { redirectsOf } from '#server/redirects.ts'
import { migrateAll, reached, type StandIn, type TestHouse } from './testing.ts'
import { type HouseWithAccount, houseWithAccount, sized } from './testing-house.ts'

let place: HouseWithAccount
let standIn: StandIn
let house: TestHouse
let run: string
let file: string

beforeAll(async () => {
  place = await houseWithAccount('zenfolio', sized(3, 4))
  ;({ house, standIn } = place)
  await house.startWorker()
  run = await migrateAll(house, standIn)
  expect((await reached(house, run)).state).toBe('done')
  file = join(house.env.PASS_DATA_DIR, 'certificate.ndjson')
  let text = ''
  for await (const part of writeCertificate(house, run)) text += part
  await writeFile(file, text)
}, 120_000)

afterAll(() => place?.dispose())

function verify(...args: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const { DATABASE_URL, PASS_SECRET_KEY, PASS_DATA_DIR } = house.env
  const env = { ...process.env, DATABASE_URL, PASS_SECRET_KEY, PASS_DATA_DIR }
  return new Promise((resolve) => {
    const main = ['server/cli/main.ts', 'verify', run, ...args]
    const child = execFile(process.execPath, main, { env }, (_, stdout, stderr) =>
      resolve({ exit: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

test('the certificate of a real migration says that all is here, and `pass verify` finds it true', async () => {
  const last = (await readFile(file, 'utf8')).trimEnd().split('\n').at(-1)!
  const said = JSON.parse(JSON.parse(last).statement)
  expect(said).toMatchObject({ run, complete: true, runState: 'done', provider: 'zenfolio' })
  const ended = await verify('--certificate', file, '--deep', '--json')
  expect(ended).toMatchObject({ exit: 0 })
  const { galleries, rows, root } = said
  expect(JSON.parse(ended.stdout)).toMatchObject({ type: 'result', root, totals: { galleries, rows, findings: 0 } })
  expect((await verify()).stderr).toContain(`Root ${root}.`)
}, 60_000)

test('`pass verify` names what was changed in the file or in the store, and exits 3', async () => {
  const lines = (await readFile(file, 'utf8')).split('\n')
  const row = JSON.parse(lines[1]!)
  const changed = join(house.env.PASS_DATA_DIR, 'changed.ndjson')
  await writeFile(
    changed,
    [lines[0], JSON.stringify({ ...row, verdict: 'skipped:excluded' }), ...lines.slice(2)].join('\n'),
  )
  const forged = await verify('--certificate', changed)
  expect(forged.exit).toBe(3)
  expect(forged.stdout).toMatch(
    new RegExp(`^row_changed +gallery ${row.gallery} photo ${row.photo} position .* \\(line 2\\)$`, 'm'),
  )

  const { rows } = await house.pool.query<{ client_id: string }>('select client_id from runs where id = $1', [run])
  const key = `${rows[0]!.client_id}/originals/${row.sha256.slice(0, 2)}/${row.sha256}`
  await appendFile(join(house.env.PASS_DATA_DIR, 'objects', key), 'x')
  const harmed = await verify('--certificate', file)
  expect(harmed.exit).toBe(3)
  expect(harmed.stdout).toContain(`photo ${row.photo} position ${row.position} ${key} (line 2)`)
}, 60_000)

test('a file that is none, or no certificate, is wrong use', async () => {
  const none = await verify('--certificate', join(house.env.PASS_DATA_DIR, 'nowhere'))
  expect(none).toMatchObject({ exit: 2, stdout: '' })
  expect(none.stderr).toContain('(unreadable_file)')
}, 60_000)

test('where visitors found a gallery comes from the provider', async () => {
  const found: unknown[] = []
  for await (const { from, to, leftOut, access } of redirectsOf(house, run)) found.push({ from, to, leftOut, access })
  expect(found.length).toBeGreaterThanOrEqual(3)
  for (const { from, to, leftOut, access } of found as {
    from: string
    to: string | null
    leftOut: string
    access: string
  }[]) {
    expect(from).toMatch(/^http.*\/p\d+$/)
    expect([to === null, leftOut]).toEqual(access === 'public' ? [false, null] : [true, access])
  }
})
