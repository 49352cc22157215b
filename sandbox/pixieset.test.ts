import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPixieset } from './pixieset/start.ts'
import type { Sandbox, SandboxOptions } from './providers.ts'
import { control, expected, small } from './testing.ts'

let sandbox: Sandbox
let cookie: string
const called = { accept: 'application/json', 'x-requested-with': 'XMLHttpRequest' }

const openPixieset = (options: Partial<SandboxOptions> = {}) => startPixieset({ ...small, ...options })

beforeAll(async () => {
  sandbox = await openPixieset()
  cookie = sandbox.credentials.cookie ?? ''
})
beforeEach(async () => {
  await control(sandbox, 'faults', { reset: true })
  await control(sandbox, 'requests/reset', {})
})
afterAll(() => sandbox.close())

/** As the dashboard's own script asks, redirects not followed. */
function api(path: string, headers: Record<string, string> = { cookie }, method = 'GET'): Promise<Response> {
  const url = `${sandbox.endpoints.galleries}/api/v1${path}`
  return fetch(url, { method, headers: { ...called, ...headers }, redirect: 'manual' })
}
const read = async (path: string) => (await api(path)).json()
const site = (path: string, init: RequestInit = {}) =>
  fetch(`${sandbox.endpoints.site}${path}`, { redirect: 'manual', ...init })
const requests = async () => (await control(sandbox, 'requests')).json()

interface Listed {
  id: number | string
  name: string
  url_key: string
  photo_count: number | string
  folder_id: unknown
  coverPhoto: string | null
}

async function listed(): Promise<Listed[]> {
  const pages = []
  for (let page = 1, last = 1; page <= last; page++) {
    const { data } = await read(`/dashboard_listings?page=${page}`)
    last = data.meta.last_page
    pages.push(...data.data.collections)
  }
  return pages
}

async function named(name: string): Promise<Listed> {
  return (await listed()).find((one) => one.name === name) ?? expect.unreachable(`no collection ${name}`)
}

const setsOf = async (name: string) => (await read(`/collections/${(await named(name)).id}/galleries`)).data
const openedSet = async (id: unknown) => (await read(`/galleries/${id}?expand=photos.starred%2Cvideos`)).data

describe('the door', () => {
  it('answers 401 to a call without the session, with half of it, and with one that has ended', async () => {
    const half = cookie.split('; ').filter((pair) => !pair.startsWith('gd_ca'))
    for (const given of ['', half.join('; '), 'wsid=unknown; gd_ca=x'])
      expect((await api('/data/bootstrap', { cookie: given })).status).toBe(401)
    await control(sandbox, 'faults', { expireTokenEvery: 1 })
    const { cookie: short } = await (await control(sandbox, 'hand-over', {})).json()
    expect((await api('/data/bootstrap', { cookie: short })).status).toBe(200)
    expect((await api('/data/bootstrap', { cookie: short })).status).toBe(401)
    expect((await api('/data/bootstrap', { cookie: short })).status).toBe(401)
  })

  it('leads what does not look like a call to the sign-in, and the call too where the end is silent', async () => {
    const page = await api('/data/bootstrap', { accept: 'text/html', 'x-requested-with': '' })
    expect([page.status, page.headers.get('location')]).toEqual([302, `${sandbox.endpoints.accounts}/login`])
    await control(sandbox, 'faults', { silentExpiry: true })
    expect((await api('/data/bootstrap', {})).status).toBe(302)
  })

  it('stops programs at the sign-in form with a challenge', async () => {
    const answer = await fetch(`${sandbox.endpoints.accounts}/login`)
    expect([answer.status, answer.headers.get('cf-mitigated')]).toEqual([403, 'challenge'])
  })

  it('lets a browser in by the form over several redirects', async () => {
    const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' }
    const form = await (await fetch(`${sandbox.endpoints.accounts}/login`, { headers: browser })).text()
    const csrf = /name="YII_CSRF_TOKEN" value="(\w+)"/.exec(form)?.[1] ?? ''
    const submit = (password: string) =>
      fetch(`${sandbox.endpoints.accounts}/login`, {
        method: 'POST',
        headers: browser,
        redirect: 'manual',
        body: new URLSearchParams({
          YII_CSRF_TOKEN: csrf,
          'UserLogin[username]': 'studio-licht-1@example.com',
          'UserLogin[password]': password,
        }),
      })
    const wrong = await submit('wrong')
    expect([wrong.status, await wrong.text()]).toEqual([200, expect.stringContaining('Incorrect')])
    const jar = new Map<string, string>()
    let answer = await submit('Schlüssel-№-1')
    let hops = 0
    for (let at = `${sandbox.endpoints.accounts}/login`; answer.status === 302 && hops < 10; hops++) {
      const [name = '', value = ''] = (answer.headers.get('set-cookie') ?? '').split(';')[0]?.split('=') ?? []
      jar.set(name, value)
      at = new URL(answer.headers.get('location') ?? '', at).href
      const held = [...jar].map(([key, of]) => `${key}=${of}`).join('; ')
      answer = await fetch(at, { headers: { ...browser, cookie: held }, redirect: 'manual' })
    }
    expect([answer.status, new URL(answer.url).pathname, hops]).toEqual([200, '/collections', 4])
    expect(
      (await api('/data/bootstrap', { cookie: `wsid=${jar.get('wsid')}; gd_ca=${jar.get('gd_ca')}` })).status,
    ).toBe(200)
    expect((await requests()).signIns).toBe(2)
  })

  it('refuses to write, 419 without the token, and remembers who tried', async () => {
    const path = `/collections/${(await listed())[0]?.id}/update_download_settings`
    expect((await api(path, { cookie }, 'PATCH')).status).toBe(419)
    expect((await api(path, { cookie, 'x-xsrf-token': 't' }, 'PATCH')).status).toBe(403)
    expect((await requests()).writes).toEqual([`PATCH /api/v1${path}`, `PATCH /api/v1${path}`])
  })

  it('remembers reads that it does not know, and the session where it does not belong', async () => {
    expect((await api('/collections')).status).toBe(404)
    await site('/', { headers: { cookie } })
    expect((await requests()).unknown).toEqual([
      'GET /api/v1/collections',
      'the session of the dashboard at the portal',
    ])
  })
})

describe('the API', () => {
  it('lists 24 collections a page in doubled data, and one folder on the second page only', async () => {
    const { data } = await read('/dashboard_listings?page=1')
    expect(data.data.collections).toHaveLength(24)
    const all = await listed()
    expect(all).toHaveLength(data.meta.total)
    expect(new Set(all.map(({ id }) => String(id))).size).toBe(all.length)
    expect((await read('/dashboard_listings?page=2')).data.data.folders).toHaveLength(1)
  })

  it('writes numbers as text here and there', async () => {
    const all = await listed()
    for (const field of ['id', 'photo_count'] as const)
      expect(new Set(all.map((one) => typeof one[field]))).toEqual(new Set(['number', 'string']))
  })

  it('states counts of collections that are too high and too low, and of sets that are right', async () => {
    for (const [name, stated, real] of [
      ['States too many', 80, 3],
      ['States too few', 9, 13],
    ] as const) {
      expect(Number((await named(name)).photo_count)).toBe(stated)
      const sets = await setsOf(name)
      let found = 0
      for (const { id, photo_count } of sets) {
        const { photos } = await openedSet(id)
        expect(photos).toHaveLength(Number(photo_count))
        found += photos.length
      }
      expect(found).toBe(real)
    }
  })

  it('gives a set of 5,000 photos in one answer, out of the order of their ranks', async () => {
    const [{ id }] = await setsOf('Five thousand at once')
    const { photos } = await openedSet(id)
    expect(photos).toHaveLength(5000)
    const ranks = photos.map(({ rank }: { rank: unknown }) => Number(rank))
    expect(ranks).not.toEqual(ranks.toSorted((a: number, b: number) => a - b))
    expect(new Set(ranks).size).toBe(5000)
  })

  it('gives neither photos nor videos where they are not asked for', async () => {
    const [{ id }] = await setsOf('Videos only')
    expect((await read(`/galleries/${id}`)).data).not.toHaveProperty('photos')
  })

  it('has one photo in two sets as two records with the same bytes at different addresses', async () => {
    const sets = await setsOf('One photo in two sets')
    const twins = []
    for (const { id } of sets)
      twins.push(...(await openedSet(id)).photos.filter(({ name }: { name: string }) => name === 'twin.jpg'))
    expect(twins).toHaveLength(2)
    expect(String(twins[0].id)).not.toBe(String(twins[1].id))
    expect(twins[0].path_large).not.toBe(twins[1].path_large)
    expect(Number(twins[0].size)).toBe(Number(twins[1].size))
  })
})

describe('bytes', () => {
  const location = async (id: unknown) => (await api(`/photos/${id}/download`)).headers.get('location') ?? ''

  it('of an original come from a signed address that needs no session, whole or from the middle', async () => {
    const [{ id }] = await setsOf('At the top')
    const [photo] = (await openedSet(id)).photos
    const address = await location(photo.id)
    expect(new URL(address).origin).not.toBe(sandbox.origin)
    const whole = Buffer.from(await (await fetch(address)).arrayBuffer())
    expect(whole.length).toBe(Number(photo.size))
    const rest = await fetch(address, { headers: { range: 'bytes=100-' } })
    expect([rest.status, rest.headers.get('content-range')]).toEqual([
      206,
      `bytes 100-${whole.length - 1}/${whole.length}`,
    ])
    expect(Buffer.from(await rest.arrayBuffer()).equals(whole.subarray(100))).toBe(true)
  })

  it('are refused with XML where the address is changed, over, or not signed at all', async () => {
    const [{ id }] = await setsOf('Addresses that are over')
    const photos = (await openedSet(id)).photos.toSorted(
      (a: { rank: number }, b: { rank: number }) => Number(a.rank) - Number(b.rank),
    )
    const [first, second] = [await location(photos[0].id), await location(photos[1].id)]
    for (const address of [first, second.replace('Signature=', 'Signature=x'), second.replace(/\?.*/, '')]) {
      const answer = await fetch(address)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'application/xml'])
    }
    expect((await fetch(await location(photos[0].id))).status).toBe(200)
  })

  it('of the pictures that everybody sees are smaller and others, and the original is not among them', async () => {
    const [{ id }] = await setsOf('At the top')
    const [photo] = (await openedSet(id)).photos
    expect(photo.path_xxlarge).toMatch(/^\/\/127\.0\.0\.1:\d+\/\d{9}\/[\da-f]{32}-xxlarge\.\w+$/)
    const address = `http:${photo.path_xxlarge}`
    expect((await (await fetch(address)).arrayBuffer()).byteLength).not.toBe(Number(photo.size))
    expect((await fetch(address.replace('-xxlarge', '-orig'))).status).toBe(403)
    expect((await fetch(address.replace('-xxlarge', ''))).status).toBe(403)
  })

  it('of a video come by its token, the widest rendition not listed first', async () => {
    const [{ id }] = await setsOf('Videos only')
    const [video] = (await openedSet(id)).videos
    const { files } = JSON.parse(video.metadata).static_renditions
    expect(files[0].width).toBeLessThan(Math.max(...files.map(({ width }: { width: number }) => width)))
    const file = (name: string) => video.video_source.replace('.m3u8', `/${name}`)
    const bytes = await (await fetch(file('high.mp4'))).arrayBuffer()
    expect(bytes.byteLength).toBe(Number(files.find(({ name }: { name: string }) => name === 'high.mp4').filesize))
    expect((await fetch(file('high.mp4').replace('token=', 'token=x'))).status).toBe(403)
  })

  it('of what was deleted meanwhile are not there', async () => {
    const [{ id }] = await setsOf('Deleted meanwhile')
    const statuses = []
    for (const photo of (await openedSet(id)).photos) statuses.push((await api(`/photos/${photo.id}/download`)).status)
    expect(statuses.filter((status) => status === 404 || status === 410)).toHaveLength(1)
  })
})

describe('what visitors see', () => {
  it('is the portal without hidden and expired collections, with locks where there is a password', async () => {
    const page = await (await site('/')).text()
    expect(page).not.toContain('Hidden from the homepage')
    expect(page).not.toContain('Expired<')
    expect(page).toMatch(/<span class="lock"><\/span>Password with zeros/)
    expect(page.match(/<span class="lock">/g)).toHaveLength(1)
  })

  it('is a cover without data, which `?json=1` has with its escapes', async () => {
    const { url_key, id } = await named('For exclusive clients')
    expect(await (await site(`/${url_key}/`)).text()).not.toContain('PixiesetClient')
    const data = await (await site(`/${url_key}/?json=1`)).text()
    expect(data).toContain(`PixiesetClient.init({collectionId: ${id}, `)
    expect(data).toContain("'slug':'highlights'")
    expect(data).toContain(`'trap\\x2D`)
  })

  it('loads photos as JSON in a string in JSON, without private ones, and favourites by their key', async () => {
    const load = async (name: string, query: string, headers = called) => {
      const { url_key, id } = await named(name)
      return site(`/client/loadphotos/?cuk=${url_key}&cid=${id}&page=1&${query}`, { headers })
    }
    const loaded = await (await load('Private sets and photos', 'gs=highlights&fk=')).json()
    expect(loaded).toMatchObject({ status: 'success', isLastPage: true })
    expect(JSON.parse(loaded.content)).toHaveLength(2)
    expect(await (await load('Private sets and photos', 'gs=only-for-us&fk=')).json()).toMatchObject({
      status: 'error',
    })
    expect(JSON.parse((await (await load('Picked from', 'fk=881')).json()).content)).toHaveLength(3)
    expect((await (await load('Empty', 'gs=highlights&fk=')).json()).content).toBe('')
  })

  it('is behind a gate that wants a captcha after three wrong passwords', async () => {
    const { url_key } = await named('Password with zeros')
    const closed = await site(`/${url_key}/`)
    expect([closed.status, closed.headers.get('location')]).toEqual([
      302,
      expect.stringContaining(`/guestlogin/${url_key}/`),
    ])
    const enter = (password: string, visitor: string) =>
      site(`/guestlogin/${url_key}/`, {
        method: 'POST',
        headers: { cookie: `PHPSESSID=${visitor}` },
        body: new URLSearchParams({ 'GuestLoginForm[password]': password }),
      })
    expect((await enter('00420', 'right')).status).toBe(302)
    expect((await site(`/${url_key}/?json=1`, { headers: { cookie: 'PHPSESSID=right' } })).status).toBe(200)
    for (let tries = 0; tries < 3; tries++) expect(await (await enter('420', 'wrong')).text()).toContain('incorrect')
    expect(await (await enter('00420', 'wrong')).text()).toContain('captcha')
  })
})

describe('the truth', () => {
  it('has every collection once, those in unknown folders last, and each photo once', async () => {
    const lines = await expected(sandbox)
    const galleries = lines.filter(({ type }) => type === 'gallery')
    expect(galleries.map(({ ref }) => ref).toSorted()).toEqual((await listed()).map(({ id }) => String(id)).toSorted())
    expect(galleries.at(-1)?.title).toBe('In a folder that is not listed')
    const photos = lines.filter(({ type }) => type === 'photo')
    expect(new Set(photos.map(({ gallery, ref, kind }) => `${gallery} ${ref} ${kind}`)).size).toBe(photos.length)
  })

  it('is the same for the same seed', async () => {
    const again = await openPixieset()
    try {
      expect(await expected(again)).toEqual(await expected(sandbox))
    } finally {
      await again.close()
    }
  })
})

it('hands out the password where that is the way', async () => {
  const other = await openPixieset({ scenario: 'plain', signIn: 'password' })
  try {
    expect(other.credentials).toEqual({ email: 'studio-licht-1@example.com', password: 'Schlüssel-№-1' })
  } finally {
    await other.close()
  }
})
