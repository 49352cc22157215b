// The bytes of a picture: whole, in part, in the format that is accepted, or cut off.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readlink, truncate } from 'node:fs/promises'
import { connect } from 'node:net'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as tables from '#db/schema.ts'
import type { House } from '#server/house.ts'
import { findImage, type Image } from '#server/images.ts'
import { type VerbHouse, verbHouse } from '#server/testing.ts'
import { aPicture, storeObject } from '#server/testing-pictures.ts'
import { bytesOf, expectProblem, fronts, picturesServed, serving } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

describe.each(fronts)('%s', (_, front) => {
  const { site, signed, photo } = picturesServed(front, () => house)

  test('an original too large to keep in memory is streamed, whole and in ranges', async () => {
    const { id, original } = await photo({ bytes: 3_000_000 })
    expect(original.equals(await bytesOf(await fetch(signed(id))))).toBe(true)
    const part = await fetch(signed(id), { headers: { Range: 'bytes=2000000-2999999' } })
    expect(part.status).toBe(206)
    expect(original.subarray(2_000_000).equals(await bytesOf(part))).toBe(true)
  })

  test('a rendition made anew with other bytes has another tag, and its new bytes are served', async () => {
    const { id, keys } = await photo({ access: 'public' })
    const address = `${site.origin}/image/${id}/web`
    const before = (await fetch(address)).headers.get('etag')
    const anew = randomBytes(600)
    await house.store.remove([keys.web!])
    await storeObject(house, keys.web!, anew, 'image/webp')
    const [photoRow] = await house.db.select().from(tables.photos).where(eq(tables.photos.publicId, id))
    await house.db
      .update(tables.renditions)
      .set({ bytes: 600, fileSha256: randomBytes(32) })
      .where(eq(tables.renditions.sha256, photoRow!.sha256!))
    for (;;) {
      const response = await fetch(address)
      const body = await bytesOf(response)
      if (response.headers.get('etag') === before) continue
      expect(body).toEqual(anew)
      return
    }
  })

  test('HEAD tells length and type of the whole, whatever range is asked for, and sends no bytes', async () => {
    const { id, sha256 } = await photo()
    for (const headers of [{}, { Range: 'bytes=0-9' }] as Record<string, string>[]) {
      const response = await fetch(signed(id), { method: 'HEAD', headers })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-length')).toBe('1000')
      expect(response.headers.get('etag')).toBe(`"${sha256}"`)
      expect(await response.text()).toBe('')
    }
    const refused = await fetch(`${site.origin}/image/${id}`, { method: 'HEAD' })
    expect(refused.status).toBe(403)
    expect(await refused.text()).toBe('')
  })

  test.each([
    ['the same tag', (tag: string) => tag, 304],
    ['the same tag made weak by a proxy', (tag: string) => `W/${tag}`, 304],
    ['one of several', (tag: string) => `"a", ${tag}`, 304],
    ['anything', () => '*', 304],
    ['another tag', () => '"other"', 200],
  ])('asked with If-None-Match of %s it answers %3$s', async (_, tag, status) => {
    const { id } = await photo()
    const etag = (await fetch(signed(id, 'web'))).headers.get('etag')!
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(signed(id, 'web'), { method, headers: { 'If-None-Match': tag(etag) } })
      expect(response.status).toBe(status)
      expect(response.headers.get('etag')).toBe(etag)
      expect(response.headers.get('cache-control')).toMatch(/^private, max-age=/)
      expect(await bytesOf(response)).toHaveLength(method === 'GET' && status === 200 ? 500 : 0)
    }
  })

  test.each([
    ['bytes=0-0', 206, [0, 1]],
    ['bytes=10-', 206, [10, 500]],
    ['bytes=-10', 206, [490, 500]],
    ['bytes=-9999', 206, [0, 500]],
    ['bytes=490-9999', 206, [490, 500]],
    ['bytes=5-4', 200, [0, 500]],
    ['bytes=0-1,4-5', 200, [0, 500]],
    ['pages=1-2', 200, [0, 500]],
  ] as const)('a range of %s answers %i', async (range, status, [start, end]) => {
    const { id, made } = await photo()
    const response = await fetch(signed(id, 'web'), { headers: { Range: range } })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-range')).toBe(status === 206 ? `bytes ${start}-${end - 1}/500` : null)
    expect(await bytesOf(response)).toEqual(made.web!.subarray(start, end))
  })

  test.each(['bytes=500-', 'bytes=9999-10000', 'bytes=-0'])(
    'a range outside (%s) is not satisfiable',
    async (range) => {
      const { id } = await photo()
      const response = await fetch(signed(id, 'web'), { headers: { Range: range } })
      expect(response.headers.get('content-range')).toBe('bytes */500')
      await expectProblem(response, 416, 'range_not_satisfiable')
    },
  )

  test('a range asked for of other bytes than these gives the whole', async () => {
    const { id, sha256 } = await photo()
    const ask = (tag: string) => fetch(signed(id), { headers: { Range: 'bytes=0-9', 'If-Range': tag } })
    expect((await ask('"other"')).status).toBe(200)
    expect((await ask(`W/"${sha256}"`)).status).toBe(200)
    expect((await ask(`"${sha256}"`)).status).toBe(206)
  })

  test('an object that the store has lost is not found, and found again when it is back', async () => {
    const { id, made, original, keys } = await photo({ bytes: 3_000_000 })
    const { key } = (await findImage(house, id, null)) as Image
    await house.store.remove([keys.web!, key])
    await expectProblem(await fetch(signed(id, 'web')), 404, 'not_found')
    await expectProblem(await fetch(signed(id)), 404, 'not_found')
    await storeObject(house, keys.web!, made.web!, 'image/webp')
    await storeObject(house, key, original, 'image/jpeg')
    expect((await fetch(signed(id, 'web'))).status).toBe(200)
    expect((await fetch(signed(id))).status).toBe(200)
  })

  test('an object that is not as long as the ledger says is not found', async () => {
    for (const bytes of [499, 501]) {
      const { id, keys } = await photo()
      await house.store.remove([keys.web!])
      await storeObject(house, keys.web!, randomBytes(bytes), 'image/webp')
      await expectProblem(await fetch(signed(id, 'web')), 404, 'not_found')
    }
  })

  test('what cannot be said in a header is a fault of ours, and the next one is served', async () => {
    const { id } = await photo({ access: 'public' })
    const { id: odd } = await photo({ access: 'public', contentType: 'image/\nx' })
    await expectProblem(await fetch(`${site.origin}/image/${odd}`), 500, 'internal_error')
    await expectProblem(await fetch(`${site.origin}/image/${odd}`), 500, 'internal_error')
    expect((await fetch(`${site.origin}/image/${id}`)).status).toBe(200)
  })

  test('other methods are refused', async () => {
    const { id } = await photo()
    for (const method of ['DELETE', 'POST', 'OPTIONS']) {
      const response = await fetch(signed(id), { method, body: method === 'POST' ? 'x' : null })
      expect(response.headers.get('allow')).toBe('GET, HEAD')
      await expectProblem(response, 405, 'method_not_allowed')
    }
  })

  const resize = { width: 100, height: 100 }
  const both = { small: { resize }, 'small-avif': { resize, format: 'avif' }, png: { resize, format: 'png' } }

  test.each([
    ['small', 'image/avif,image/webp,*/*;q=0.8', 'image/avif'],
    ['small', 'image/webp,*/*;q=0.8', 'image/webp'],
    ['small', '*/*', 'image/webp'],
    ['small', 'image/avif;q=0.5,image/webp;q=0.4', 'image/avif'],
    ['small', 'image/jpeg', 'image/webp'],
    ['small', 'image/png,image/jxl;q=1.0,image/avif;q=9', 'image/webp'],
    ['small-avif', 'image/webp', 'image/webp'],
    ['small-avif', '*/*', 'image/avif'],
    ['png', 'image/avif,image/webp', 'image/png'],
  ])('of %s made as AVIF and as WebP, a caller who accepts %s gets %s', async (name, accept, type) => {
    const { id, made } = await photo({ wanted: both, access: 'public' })
    const response = await fetch(`${site.origin}/image/${id}/${name}`, { headers: { Accept: accept } })
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('vary')).toBe(name === 'png' ? null : 'Accept')
    const bytes = { 'image/avif': made['small-avif'], 'image/webp': made.small, 'image/png': made.png }[type]
    expect(await bytesOf(response)).toEqual(bytes)
    const again = { Accept: accept, 'If-None-Match': response.headers.get('etag')! }
    const known = await fetch(`${site.origin}/image/${id}/${name}`, { headers: again })
    expect(known.status).toBe(304)
    expect(known.headers.get('vary')).toBe(name === 'png' ? null : 'Accept')
  })

  test.each([
    ['not made yet', { wanted: both, unmade: ['small-avif', 'thumb'] }],
    ['of another size', { wanted: { small: { resize }, other: { resize: { width: 99 }, format: 'avif' } } }],
    ['without the watermark', { wanted: { small: { watermark: { text: '©' } }, bare: { format: 'avif' } } }],
  ] as const)('an AVIF %s is not the same rendition', async (_, options) => {
    const { id } = await photo({ ...options, unmade: [...('unmade' in options ? options.unmade : ['thumb'])] })
    const response = await fetch(signed(id, 'small'), { headers: { Accept: 'image/avif' } })
    expect(response.headers.get('content-type')).toBe('image/webp')
    expect(response.headers.get('vary')).toBeNull()
  })

  test('a caller who leaves in the middle leaves no file open, and others are served', async () => {
    const { id, original, sha256 } = await photo({ bytes: 50_000_000 })
    const { hostname, port } = new URL(site.origin)
    const socket = connect(Number(port), hostname)
    socket.write(`GET ${signed(id).slice(site.origin.length)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await once(socket, 'data')
    expect(await openFiles(sha256)).toBe(1)
    socket.destroy()
    while ((await openFiles(sha256)) > 0);
    expect(original.equals(await bytesOf(await fetch(signed(id))))).toBe(true)
  })
})

async function openFiles(name: string): Promise<number> {
  const open = await readdir('/proc/self/fd')
  const paths = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return paths.filter((path) => path.endsWith(name)).length
}

test('from a store that has no files of this machine, small and large pictures are served alike', async () => {
  const origin = await serving({ ...house, store: { ...house.store, path: () => null } })
  const { id, original, made } = await aPicture(house, { bytes: 3_000_000, access: 'public' })
  expect(await bytesOf(await fetch(`${origin}/image/${id}/web`))).toEqual(made.web)
  expect(original.equals(await bytesOf(await fetch(`${origin}/image/${id}`)))).toBe(true)
  const part = await fetch(`${origin}/image/${id}`, { headers: { Range: 'bytes=-100' } })
  expect(await bytesOf(part)).toEqual(original.subarray(-100))
})

test('a body that breaks off in the store is cut off, not ended', async () => {
  const get: House['store']['get'] = async (key, range) => {
    const found = await house.store.get(key, range)
    found.stream.once('data', () => found.stream.destroy(new Error('the disk is broken')))
    return found
  }
  const origin = await serving({ ...house, store: { ...house.store, path: () => null, get } })
  const { id } = await aPicture(house, { bytes: 3_000_000, access: 'public' })
  await expect(bytesOf(await fetch(`${origin}/image/${id}`))).rejects.toThrow()
})

test('a file that becomes shorter while it is sent is cut off, not ended', async () => {
  const origin = await serving(house)
  const { id } = await aPicture(house, { bytes: 50_000_000, access: 'public' })
  const { key } = (await findImage(house, id, null)) as Image
  const reader = (await fetch(`${origin}/image/${id}`)).body!.getReader()
  await reader.read()
  await truncate(house.store.path(key)!, 100_000)
  const rest = async () => {
    while (!(await reader.read()).done);
  }
  await expect(rest()).rejects.toThrow()
})
