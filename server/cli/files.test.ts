import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Refusal } from '#server/refusal.ts'
import { readCredentials, requireWritable } from './files.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pass-files-'))
})
afterAll(() => rm(dir, { recursive: true }))

async function file(content: string, mode: number): Promise<string> {
  const path = join(dir, `${randomUUID()}.json`)
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const refusal = await promise.catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(Refusal)
  return refusal as Refusal
}

test.each([0o600, 0o400])('credentials readable by their owner only (mode %o) are read', async (mode) => {
  expect(await readCredentials(await file('{"token":"t"}', mode))).toEqual({ token: 't' })
})

test.each([0o640, 0o604, 0o660, 0o610, 0o602])(
  'credentials that others can get at (mode %o) are refused',
  async (mode) => {
    expect((await refusalOf(readCredentials(await file('{"token":"t"}', mode)))).code).toBe('credentials_file_open')
  },
)

test('a file that is not JSON is refused in words that do not quote it', async () => {
  const refusal = await refusalOf(readCredentials(await file('{"password": geheim-7', 0o600)))
  expect(refusal.code).toBe('invalid_credentials')
  expect(refusal.message).not.toContain('geheim')
})

test('a file that is not there, or is a folder, is refused', async () => {
  expect((await refusalOf(readCredentials(join(dir, 'nothing.json')))).code).toBe('unreadable_file')
  expect((await refusalOf(readCredentials(dir))).code).toBe('unreadable_file')
})

test('a report is refused where its folder is not there, or where a folder stands', async () => {
  await requireWritable(join(dir, 'r.ndjson'))
  expect((await refusalOf(requireWritable(join(dir, 'nowhere', 'r.ndjson')))).code).toBe('unwritable_file')
  expect((await refusalOf(requireWritable(dir))).code).toBe('unwritable_file')
})
