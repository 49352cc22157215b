import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Addresses } from './shootproof/addresses.ts'
import { type Answer, type Client, openClient } from './shootproof/testing.ts'

let client: Client

beforeAll(async () => {
  client = await openClient()
})
afterAll(() => client.sandbox.close())

describe('the Studio API', () => {
  it.each([
    ['no authorization', {}],
    ['a dead token', { authorization: 'Bearer nonsense' }],
    ['the header that one table names', { Authentication: 'Bearer x' }],
  ])('answers %s with 401, a realm and a problem', async (_, headers) => {
    const answer = await fetch(`${client.sandbox.endpoints.api}/studio/me`, { headers: { ...headers } as HeadersInit })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="ShootProof Studio Panel API"')
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect((await answer.json()).type).toContain('#error-unauthorized')
  })

  it('gives fewer rows than asked for and says so', async () => {
    const { meta, items, links } = await client.studio(`/brand/${client.brands[0]?.id}/event?page=1&rows=100`)
    expect(meta).toEqual({
      currentPage: 1,
      rows: 12,
      totalItems: expect.any(Number),
      totalPages: Math.ceil(meta.totalItems / 12),
    })
    expect(items).toHaveLength(12)
    expect(meta.totalPages).toBeGreaterThan(2)
    expect(links.brand).toMatchObject({ templated: true })
    expect(await client.studio(`/brand/${client.brands[0]?.id}/event?page=99`)).toMatchObject({ items: [] })
  })

  it('answers wrong parameters with the properties they concern', async () => {
    const { status, info } = await client.studio('/brand?page=0&limit=5')
    expect(status).toBe(400)
    expect(Object.keys(info.errors).sort()).toEqual(['limit', 'page'])
  })

  it('answers 404 to an event of the other brand', async () => {
    const { id } = await client.eventCalled('Empty')
    expect(await client.studio(`/brand/${client.brands[1]?.id}/event/${id}`)).toMatchObject({ status: 404 })
  })

  it('refuses to write and remembers who tried', async () => {
    const { path } = await client.eventCalled('Empty')
    expect((await client.api(`/studio${path}`, { method: 'PATCH', body: '{}' })).status).toBe(403)
    expect((await client.api(`/studio${path}/photo`, { method: 'DELETE' })).status).toBe(403)
    expect((await client.v2({ method: 'sp.event.delete' })).stat).toBe('fail')
    expect((await client.requests()).writes).toEqual([
      `PATCH /studio${path}`,
      `DELETE /studio${path}/photo`,
      'GET /v2 sp.event.delete',
    ])
  })

  it('answers OPTIONS with 204 and what is allowed', async () => {
    const answer = await client.api('/studio/me', { method: 'OPTIONS' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
  })

  it('has categories as objects in one brand and as bare ids in the other', async () => {
    const kinds = async (brand: number) => {
      const { items } = await client.studio(`/brand/${client.brands[brand]?.id}/event?rows=12`)
      return items.map(({ eventCategory }) => typeof eventCategory)
    }
    expect(await kinds(0)).toContain('object')
    expect(await kinds(1)).toContain('number')
  })

  it('lists children before their parents, and photos of three albums and of none', async () => {
    const deep = await client.eventCalled('Three deep')
    const albums = (await client.studio(`${deep.path}/album`)).items as unknown as {
      id: number
      parentAlbumId: number | null
    }[]
    expect(albums.findIndex(({ id }) => id === albums[0]?.parentAlbumId)).toBeGreaterThan(0)
    const three = await client.eventCalled('In three albums and in none')
    const { items } = await client.studio(`${three.path}/photo`)
    expect(items.map(({ belongsToAlbumIds }) => belongsToAlbumIds.length)).toEqual([3, 0, 3, 0, 2])
  })
})

describe('originals', () => {
  const locationOf = async (path: string) => {
    const { items } = await client.studio(`${path}/photo`)
    const answer = await client.api(`/studio${path}/photo/${items[0]?.id}/original`)
    return { status: answer.status, location: answer.headers.get('location') ?? '' }
  }

  it('leads to a second host that takes no authorization, and remembers who sent some', async () => {
    const { status, location } = await locationOf((await client.eventCalled('Without album')).path)
    expect(status).toBe(302)
    expect(new URL(location).origin).not.toBe(client.sandbox.origin)
    expect((await fetch(location)).headers.get('content-type')).toBe('image/jpeg')
    expect((await fetch(location, { headers: { authorization: `Bearer ${client.token}` } })).status).toBe(400)
    expect((await client.requests()).unknown).toContain('authorization at the second host')
  })

  it('serves ranges', async () => {
    const { location } = await locationOf((await client.eventCalled('Without album')).path)
    const whole = Buffer.from(await (await fetch(location)).arrayBuffer())
    const part = await fetch(location, { headers: { range: 'bytes=100-' } })
    expect(part.status).toBe(206)
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(100))).toBe(true)
  })

  it('gives an address first that is over already, where the trap says so', async () => {
    const { path } = await client.eventCalled('Addresses that are over')
    expect((await fetch((await locationOf(path)).location)).status).toBe(403)
    expect((await fetch((await locationOf(path)).location)).status).toBe(200)
  })

  it('refuses an address that was altered or whose time is over', () => {
    const addresses = new Addresses(1, 30)
    const at = (text: string) => addresses.photoOf(new URL(text, 'http://files'))
    const good = addresses.original('7')
    expect(at(good)).toBe('7')
    expect(at(good.replace('/7?', '/8?'))).toBeNull()
    expect(at(good.replace(/until=\d+/, 'until=9999999999999'))).toBeNull()
    expect(at(new Addresses(1, -1).original('7'))).toBeNull()
  })

  it.each([
    ['Originals that only v2 gives', 403],
    ['Originals that are not found', 404],
  ])('refuses %s, and v2 has them', async (name, status) => {
    const { path, id } = await client.eventCalled(name)
    expect((await locationOf(path)).status).toBe(status)
    const { photos, total_pages } = await client.v2({ method: 'sp.event.get_photos', event_id: id })
    expect(total_pages).toEqual(expect.any(String))
    expect((await fetch(photos[0]?.url.original ?? '')).status).toBe(200)
  })
})

describe('v2', () => {
  it('knows open events only, with ids as text', async () => {
    const { events } = await client.v2({ method: 'sp.event.get_list' })
    expect(events.map(({ name }) => name)).toContain('Without album')
    expect(events.map(({ name }) => name)).not.toContain('Inactive')
    expect(events.every(({ id }) => typeof id === 'string')).toBe(true)
    const { id } = await client.eventCalled('Inactive')
    expect(await client.v2({ method: 'sp.event.get_photos', event_id: id })).toMatchObject({ stat: 'fail' })
  })

  it('takes its parameters as a form too, and no bearer', async () => {
    const body = new FormData()
    for (const [name, value] of Object.entries({ method: 'sp.studio.info', access_token: client.token }))
      body.set(name, value)
    const answer = await fetch(`${client.sandbox.endpoints.api}/v2`, { method: 'POST', body })
    expect(await answer.json()).toMatchObject({ stat: 'ok' })
    expect(await (await client.api('/v2?method=sp.studio.info')).json()).toMatchObject({ stat: 'fail' })
  })
})

describe('zip bundles', () => {
  it('are not ready at first, then a page with several links whose entries are named like the photos', async () => {
    const { path } = await client.eventCalled('More than a page')
    const ids: unknown[] = []
    for (let page = 1; page <= 6; page++)
      ids.push(...(await client.studio(`${path}/photo?page=${page}`)).items.map(({ id }) => id))
    const ask = async (): Promise<Answer> =>
      (
        await client.api(`/studio${path}/zip-bundle`, {
          method: 'POST',
          body: JSON.stringify({ type: 'zip-bundle', photoIds: ids }),
        })
      ).json()
    await client.faults({ thawSeconds: 1000 })
    expect((await ask()).zipBundleStatus).toBe('processing')
    await client.faults({})
    const { zipBundleStatus, downloadPageUrl } = await askOthers(ask)
    expect(zipBundleStatus).toBe('downloadable')
    const page = await (await fetch(downloadPageUrl)).text()
    const links = [...page.matchAll(/class="bullet".*?href="([^"]+)"/g)].map(
      ([, href]) => href?.replaceAll('&amp;', '&') ?? '',
    )
    expect(links.length).toBeGreaterThan(1)
    const zip = Buffer.from(await (await fetch(links[0] ?? '')).arrayBuffer())
    expect(zip.subarray(0, 2).toString()).toBe('PK')
    expect(zip.includes('trap-001.jpg')).toBe(true)

    /** One photo fewer is another bundle, whose clock starts now. */
    function askOthers(again: typeof ask): Promise<Answer> {
      ids.pop()
      return again()
    }
  })
})
