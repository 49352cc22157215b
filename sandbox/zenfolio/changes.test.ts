import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../providers.ts'
import { control, expected, openSandbox } from '../testing.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox({ scenario: 'plain', galleries: 10, photos: 4 })
})
afterAll(() => sandbox.close())

const change = (body: unknown) => control(sandbox, 'change', body)

test('one of each is done, and the truth is what it is afterwards', async () => {
  const before = await expected(sandbox)
  const { changes } = (await (await change({})).json()) as { changes: Record<string, string>[] }
  const after = await expected(sandbox)
  const refs = (lines: typeof before) => lines.filter(({ type }) => type === 'gallery').map(({ ref }) => ref)
  const done = (what: string) => changes.find((one) => one.do === what)!
  expect(new Set(changes.map((one) => one.do)).size).toBe(changes.length)
  expect(refs(after)).not.toContain(done('remove-gallery').gallery)
  expect(after[0]).toMatchObject({ title: 'New since the last visit', path: [] })
  expect(refs(after).length).toBe(10)
  const photosOf = (lines: typeof before, gallery: string | undefined) =>
    lines.filter((line) => line.type === 'photo' && line.gallery === gallery)
  expect(photosOf(after, done('add-photos').gallery).length).toBe(6)
  expect(photosOf(after, done('remove-photos').gallery).length).toBe(3)
  const replaced = done('replace-photos').gallery
  const hashes = (lines: typeof before) => new Set(photosOf(lines, replaced).map(({ sha256 }) => sha256))
  expect([...hashes(after)].filter((sha256) => !hashes(before).has(sha256)).length).toBe(1)
})

test('what nobody can do, or to what is not there, is refused', async () => {
  for (const changes of ['all', [{ do: 'paint' }], [{ do: 'remove-gallery', gallery: '1' }]])
    expect((await change({ changes })).status).toBe(400)
})
