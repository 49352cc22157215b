import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'

let database: TestDatabase
let dir: string

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'pass-changed-'))
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

test('`pass migrate --plan` on a site that has changed names the field that changed, exits 4, and tells it in the timeline', {
  timeout: 180_000,
}, async () => {
  const account = ['--scenario', 'plain', '--galleries', '2', '--photos', '2', '--pictures', 'tiny']
  const site = spawn(process.execPath, ['sandbox/main.ts', 'zenfolio', '--port', '0', ...account], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let pass: ChildProcess | undefined
  try {
    const [line] = await once(createInterface({ input: site.stdout }), 'line')
    const { origin, endpoints, credentials } = JSON.parse(line as string)
    const changed = JSON.stringify({ changedMarkup: true })
    const headers = { 'content-type': 'application/json' }
    await fetch(`${origin}/_sandbox/faults`, { method: 'POST', body: changed, headers })

    const file = join(dir, 'account.json')
    await writeFile(file, JSON.stringify(credentials), { mode: 0o600 })
    const where = Object.entries(endpoints).flatMap(([name, url]) => ['--endpoint', `${name}=${url}`])
    pass = spawn(
      process.execPath,
      ['server/cli/main.ts', 'migrate', '--provider', 'zenfolio', '--credentials', file, '--plan', ...where],
      {
        env: {
          ...process.env,
          DATABASE_URL: database.url,
          PASS_DATA_DIR: join(dir, 'data'),
          PASS_SECRET_KEY: randomBytes(32).toString('base64'),
          ALLOW_LOCAL_SOURCES: '1',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const [stdout, stderr, [exit]] = await Promise.all([text(pass.stdout!), text(pass.stderr!), once(pass, 'exit')])
    expect({ exit, stdout }).toEqual({ exit: 4, stdout: '' })
    const { rows } = await database.pool.query<{ data: { expected: string; page: string | null } }>(
      "select data from events where kind = 'unrecognised'",
    )
    expect(rows.length).toBe(3)
    const { expected } = rows[0]!.data
    expect(expected, 'what the stand-in has renamed').toContain('Elements')
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^pass: .* \(unexpected_page\)$/)
    expect(stderr.trimEnd().split('\n').at(-1)).toContain(`(${expected})`)
    expect(`${expected} ${stderr}`).not.toContain(credentials.password)
  } finally {
    site.kill()
    pass?.kill('SIGKILL')
  }
})
