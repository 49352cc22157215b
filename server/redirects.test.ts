import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aPublishedRun } from './certificates-testing.ts'
import { parseCsv } from './csv.ts'
import { redirectsCsv, redirectsNetlify, redirectsNginx, redirectsOf } from './redirects.ts'
import { foundPhoto, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const site = 'https://anna.example'
const target = 'https://pass.example/g/'

/** One verified gallery for each, found at that address; `change` is what its row is set to afterwards. */
async function aRun(galleries: { access?: string | null; url?: string | null; title?: string; change?: string }[]) {
  const run = await aPublishedRun(
    house,
    galleries.map(({ title = 'Gallery' }, i) => ({
      gallery: { ref: `g${i}`, title },
      photos: [foundPhoto(`g${i}`, 'p0')],
    })),
  )
  const ids: string[] = []
  for (const [i, { access = 'public', url = `${site}/g${i}`, change = 'ref = ref' }] of galleries.entries()) {
    const { rows } = await house.pool.query<{ public_id: string }>(
      `update galleries set access = $2, extra = jsonb_build_object('publicUrl', $3::text), ${change} where id = $1 returning public_id`,
      [run.galleries[i]!.id, access, url],
    )
    ids.push(rows[0]!.public_id)
  }
  return { id: run.id, ids }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
const text = async (parts: AsyncIterable<string>) => (await all(parts)).join('')

test('public and hidden galleries lead to their new address, by their public id', async () => {
  const { id, ids } = await aRun([{}, { access: 'hidden' }])
  const rows = await all(redirectsOf(house, id, target))
  expect(rows.map(({ from, to }) => [from, to])).toEqual([
    [`${site}/g0`, `${target}${ids[0]}`],
    [`${site}/g1`, `${target}${ids[1]}`],
  ])
  const [first] = await all(redirectsOf(house, id))
  expect(first!.to).toBe(`${house.env.CONSOLE_URL}/galleries/${ids[0]}`)
})

test.each([
  ['is private', { access: 'private' }, 'private'],
  ['has a password', { access: 'password' }, 'password'],
  ['does not tell its access', { access: null }, 'access_not_told'],
  ['was closed', { change: "expires_at = '2020-01-01'" }, 'expired'],
  ['is gone at the provider', { change: 'gone_at = now()' }, 'gone_at_source'],
  ['is not verified', { change: "state = 'attention', code = 'count_differs'" }, 'not_verified'],
])('a gallery that %s leads nowhere, in no form, and it is said why', async (_, gallery, why) => {
  const { id, ids } = await aRun([gallery])
  const redirects = () => redirectsOf(house, id, target)
  expect(await all(redirects())).toMatchObject([{ from: `${site}/g0`, to: null, leftOut: why }])
  for (const write of [redirectsCsv, redirectsNginx, redirectsNetlify]) {
    const written = await text(write(redirects()))
    expect(written).toContain(why)
    expect(written).not.toContain(ids[0])
  }
  expect(await text(redirectsNetlify(redirects()))).not.toMatch(/^[^#]/m)
})

test('an address that is not told, or is none of the web, is listed without one', async () => {
  const { id } = await aRun([{ url: null }, { url: 'javascript:alert(1)' }])
  expect(await all(redirectsOf(house, id, target))).toMatchObject([
    { from: null, to: null, leftOut: 'address_not_told' },
    { from: null, to: null, leftOut: 'address_not_told' },
  ])
})

test('of two galleries at one address the first is found there', async () => {
  const { id, ids } = await aRun([{ url: `${site}/x` }, { url: `${site}/x` }])
  expect(await all(redirectsOf(house, id, target))).toMatchObject([
    { to: `${target}${ids[0]}` },
    { to: null, leftOut: 'same_address' },
  ])
})

test('the table is read again as it was, and holds no formula', async () => {
  const { id } = await aRun([{ title: '=HYPERLINK("x"), "Jörg"\nand Anna' }])
  const [header, row] = parseCsv(await text(redirectsCsv(redirectsOf(house, id, target))))
  expect(header!.cells[0]).toBe('old address')
  expect(row!.cells[4]).toBe('\'=HYPERLINK("x"), "Jörg"\nand Anna')
})

test('rules are written so that no path and no title breaks out of them', async () => {
  const { id, ids } = await aRun([
    { url: `${site}/J%C3%B6rg%20%22x%22;$uri/` },
    { url: `${site}/a:b*` },
    { url: `${site}/?album=3` },
    { access: 'private', title: 'x\n/ https://evil.example 301' },
  ])
  const nginx = (await text(redirectsNginx(redirectsOf(house, id, target)))).split('\n')
  expect(nginx).toContain(`  "/Jörg \\"x\\";$uri/" "${target}${ids[0]}";`)
  expect(nginx).toContain(`  "/Jörg \\"x\\";$uri" "${target}${ids[0]}";`)
  expect(nginx.filter((line) => line.includes('not_by_path'))).toHaveLength(1)
  const netlify = (await text(redirectsNetlify(redirectsOf(house, id, target)))).split('\n')
  expect(netlify.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    `/J%C3%B6rg%20%22x%22;$uri/ ${target}${ids[0]} 301`,
    `/a%3Ab%2A ${target}${ids[1]} 301`,
  ])
})

test('no run, and no target that is none of the web, is taken', async () => {
  const { id } = await aRun([{}])
  await expect(all(redirectsOf(house, randomUUID(), target))).rejects.toMatchObject({ code: 'not_found' })
  for (const to of ['javascript:1/', 'https://pass.example/g', 'https://a:b@pass.example/', 'x'])
    await expect(all(redirectsOf(house, id, to))).rejects.toMatchObject({ code: 'invalid_address' })
})
