import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { callerOf } from '#server/keys.ts'

let database: TestDatabase
let dir: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'pass-key-'))
  const own = { DATABASE_URL: database.url, PASS_SECRET_KEY: randomBytes(32).toString('base64'), PASS_DATA_DIR: dir }
  env = { ...process.env, ...own }
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

function pass(...args: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { env }, (error, stdout, stderr) =>
      resolve({ exit: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

const caller = (key: string) => callerOf(database, `Bearer ${key}`)

test('key add prints the key alone, once; key revoke ends it; key list tells both and never the key', async () => {
  const added = await pass('key', 'add', '--client', 'Anna', '--scope', 'upload', '--scope', 'read', '--name', 'Shop')
  expect(added).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^pass_[\w-]{43}\n$/) })
  const key = added.stdout.trim()
  const known = await caller(key)
  expect(known).toMatchObject({ name: 'Shop', scopes: new Set(['upload', 'read']) })

  expect(await pass('key', 'revoke', key.slice(0, 13))).toMatchObject({ exit: 0, stdout: '' })
  expect(await caller(key)).toBeNull()

  const listed = await pass('key', 'list', '--client', 'Anna', '--json')
  expect(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    expect.objectContaining({ id: known!.keyId, prefix: key.slice(0, 13), state: 'revoked', revokedBy: 'cli' }),
  ])
  expect(listed.stdout + (await pass('key', 'list')).stdout).not.toContain(key.slice(13))
})

test('with --json the webhook secret stands beside the key, on one line', async () => {
  const { exit, stdout } = await pass(
    'key',
    'add',
    '--client',
    'Otto',
    '--scope',
    'upload',
    '--json',
    '--expires',
    '2099-12-31',
  )
  expect(exit).toBe(0)
  expect(stdout.split('\n')).toHaveLength(2)
  const made = JSON.parse(stdout)
  expect(made).toMatchObject({
    ...{ key: expect.stringMatching(/^pass_/), webhookSecret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) },
    ...{ scopes: ['upload'], expiresAt: '2099-12-31T23:59:59.999Z' },
  })
  expect(await caller(made.key)).toMatchObject({ keyId: made.id })
})

test.each([
  ['a scope that is none', ['key', 'add', '--client', 'Anna', '--scope', 'admin'], 'wrong_use'],
  [
    'a day that is over',
    ['key', 'add', '--client', 'Anna', '--scope', 'read', '--expires', '2020-01-01'],
    'invalid_expiry',
  ],
  ['a key that is not there', ['key', 'revoke', 'pass_nothing0'], 'not_found'],
  ['a client that is not there', ['key', 'list', '--client', 'Nobody'], 'not_found'],
])('%s ends with 2 and prints nothing', async (_, args, code) => {
  const { exit, stdout, stderr } = await pass(...args)
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
  expect(stderr).toContain(`(${code})`)
})
