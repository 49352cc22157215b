import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startNextzen } from './nextzen/start.ts'
import type { Sandbox, SandboxOptions } from './providers.ts'
import { control, expected, type Line, small } from './testing.ts'

function open(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return startNextzen({ ...small, galleries: 5, photos: 8, ...options })
}

interface Content {
  count: number
  galleriesContent: { id: string; name: string; photoCount: number; topMedia: { id: string }[] }[]
}
interface Photos {
  photos: { id: string; fileName: string; size: number | null }[]
  collections: { collectionId: string | null; name: string | null; mediaSortIndices: { id: string }[] }[]
}
type SetLine = Line & { sets: { ref: string | null; title: string | null; photos: string[] }[] }

let sandbox: Sandbox
let truth: Line[]

beforeAll(async () => {
  sandbox = await open()
  truth = await expected(sandbox)
})
beforeEach(async () => {
  await control(sandbox, 'requests/reset', {})
  await control(sandbox, 'faults', { reset: true })
})
afterAll(() => sandbox.close())

const bearer = () => sandbox.credentials.bearer ?? ''
const get = (path: string, token: string | null = bearer(), init: RequestInit = {}) =>
  fetch(`${sandbox.endpoints.app}${path}`, {
    redirect: 'manual',
    ...init,
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
  })
const mint = (body: unknown) =>
  get('/api/folders/v1/photos/download', bearer(), { method: 'PUT', body: JSON.stringify(body) })
const contentPage = async (query: string): Promise<Content> =>
  (await get(`/api/folders/v1/galleries/content?${query}`)).json()
const album = (title: string) => {
  const found = truth.find((line) => line.type === 'gallery' && line.title === title)
  if (!found) throw new RangeError(`no album is called ${title}`)
  return found as SetLine
}
const photosIn = async (title: string): Promise<Photos> =>
  (await get(`/api/folders/v1/folders/${album(title).ref}/photos`)).json()
const seen = async () => (await control(sandbox, 'requests')).json()

describe('the door', () => {
  it.each([
    ['no bearer', null],
    ['a bearer of nobody', 'x.y.z'],
  ])('answers 401 to %s', async (_, token) => {
    expect((await get('/api/folders/v1/folders/tree', token)).status).toBe(401)
  })

  it('lets a bearer die after so many uses, for good, and hands over another', async () => {
    const { bearer: fresh } = await (await control(sandbox, 'hand-over', {})).json()
    await control(sandbox, 'faults', { expireTokenEvery: 2 })
    const statuses: number[] = []
    for (let i = 0; i < 4; i++) statuses.push((await get('/api/folders/v1/folders/tree', fresh)).status)
    await control(sandbox, 'faults', { reset: true })
    statuses.push((await get('/api/folders/v1/folders/tree', fresh)).status)
    expect(statuses).toEqual([200, 200, 401, 401, 401])
    const { bearer: next } = await (await control(sandbox, 'hand-over', {})).json()
    expect((await get('/api/folders/v1/folders/tree', next)).status).toBe(200)
  })

  it('shows whoever comes with a dead bearer the way in, where that counts as none', async () => {
    await control(sandbox, 'faults', { silentExpiry: true })
    const answer = await get('/api/folders/v1/folders/tree', 'dead')
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/welcome'])
  })

  it('signs in by e-mail address and password, counts it, and says no to anything else', async () => {
    const other = await open({ galleries: 1, photos: 1, scenario: 'plain', signIn: 'browser' })
    try {
      const { email, password } = other.credentials
      const post = (body: object) =>
        fetch(`${other.origin}/api/account/v1/sign-in`, { method: 'POST', body: JSON.stringify(body) })
      expect((await post({ email, password: 'wrong' })).status).toBe(401)
      const { bearer: token } = await (await post({ email, password })).json()
      expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
      expect(await (await control(other, 'requests')).json()).toMatchObject({ signIns: 2, writes: [] })
    } finally {
      await other.close()
    }
  })

  it('knows its ways to sign in', async () => {
    await expect(open({ signIn: 'by magic' })).rejects.toThrow(RangeError)
  })

  it('keeps bearers over a restart where a state file is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nextzen-state-'))
    try {
      const options = { state: join(folder, 'state.json'), galleries: 1, photos: 1, scenario: 'plain' } as const
      const first = await open(options)
      await first.close()
      const second = await open(options)
      const answer = await fetch(`${second.origin}/api/folders/v1/folders/tree`, {
        headers: { authorization: `Bearer ${first.credentials.bearer}` },
      })
      await second.close()
      expect(answer.status).toBe(200)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('writes', () => {
  it('are refused and remembered, on both hosts', async () => {
    expect((await get('/api/folders/v1/folders/x', bearer(), { method: 'DELETE' })).status).toBe(405)
    expect((await get('/api/folders/v1/photos', bearer(), { method: 'POST', body: '{}' })).status).toBe(405)
    await fetch(`${sandbox.endpoints.cdn}/a.jpg`, { method: 'PUT', body: 'x' })
    expect((await seen()).writes).toEqual([
      'DELETE /api/folders/v1/folders/x',
      'POST /api/folders/v1/photos',
      'PUT /a.jpg',
    ])
  })

  it('do not include the one PUT, which needs an album and a photo of it and nothing else', async () => {
    const { photos } = await photosIn('At the top')
    const [albumId, photoId] = [album('At the top').ref, photos[0]?.id]
    expect((await mint({ albumId, photoId })).status).toBe(200)
    expect((await mint({ albumId })).status).toBe(400)
    expect((await mint({ albumId, photoId, size: 'L' })).status).toBe(400)
    expect((await mint({ albumId: album('Highlights').ref, photoId })).status).toBe(404)
    expect((await seen()).writes).toEqual([])
  })

  it('remembers calls that the dashboard does not make', async () => {
    expect((await get('/api/folders/v2/everything')).status).toBe(404)
    expect((await seen()).unknown).toEqual(['GET /api/folders/v2/everything'])
  })
})

describe('the listing', () => {
  it('has folders and albums under short keys, with their counts', async () => {
    const { folderTree, foldersCount, albumsCount } = await (await get('/api/folders/v1/folders/tree')).json()
    const galleries = truth.filter((line) => line.type === 'gallery')
    expect(albumsCount).toBe(galleries.length)
    expect(foldersCount).toBeGreaterThan(8)
    expect(folderTree[0]).toEqual({ x: galleries[0]?.ref, a: 'At the top', d: false, e: true, f: [], g: 3 })
  })

  it('gives fewer galleries than asked for, inactive ones only when asked, in another order than the tree', async () => {
    const both = await contentPage('active=true&inactive=true&skip=0&take=100')
    const active = await contentPage('active=true&inactive=false&skip=0&take=100')
    expect(both.galleriesContent).toHaveLength(17)
    expect(both.count).toBe(truth.filter((line) => line.type === 'gallery').length)
    expect(active.count).toBeLessThan(both.count)
    const all = new Map<string, Content['galleriesContent'][0]>()
    for (let skip = 0; skip < both.count; skip += 17)
      for (const one of (await contentPage(`active=true&inactive=true&skip=${skip}&take=100`)).galleriesContent)
        all.set(one.id, one)
    const tree = truth.filter((line) => line.type === 'gallery').map(({ ref }) => ref)
    expect([...all.keys()].toSorted()).toEqual(tree.toSorted())
    expect([...all.keys()]).not.toEqual(tree)
  })

  it('remembers who asks past the end', async () => {
    await contentPage('active=true&inactive=true&skip=500&take=100')
    expect((await seen()).unknown).toEqual([expect.stringContaining('content past its end')])
  })

  it('lists photos in another order than their sets, which share some', async () => {
    const { photos, collections } = await photosIn('A photo in three sets')
    const told = album('A photo in three sets').sets
    expect(collections.map(({ mediaSortIndices }) => mediaSortIndices.map(({ id }) => id))).toEqual(
      told.map((set) => set.photos),
    )
    expect(photos.map(({ id }) => id)).not.toEqual(told[0]?.photos)
    expect(told.flatMap((set) => set.photos)).toHaveLength(8)
    expect(photos).toHaveLength(6)
  })

  it('has an empty default set that is none in the truth, and photos of no set that are in its default one', async () => {
    const { collections } = await photosIn('Nothing in the default set')
    expect(collections[0]).toEqual({ collectionId: null, name: 'Photos', mediaSortIndices: [] })
    expect(album('Nothing in the default set').sets.map(({ title }) => title)).toEqual(['All of them'])
    expect(album('Photos in no set').sets[0]?.photos).toHaveLength(3)
  })

  it('keeps its counts where lists are empty', async () => {
    await control(sandbox, 'faults', { emptyLists: true })
    const { galleriesContent, count } = await contentPage('active=true&inactive=true&skip=0&take=100')
    expect([galleriesContent.length, count > 0]).toEqual([0, true])
    expect((await photosIn('At the top')).photos).toEqual([])
  })
})

describe('originals', () => {
  const address = async (title: string, index = 0): Promise<string> => {
    const { photos } = await photosIn(title)
    const { downloadUrl } = await (await mint({ albumId: album(title).ref, photoId: photos[index]?.id })).json()
    return new URL(downloadUrl, sandbox.endpoints.cdn).href
  }

  it.each(['At the top', 'Kinds of pictures', 'File names', 'Equal bytes'])(
    'of %s are the bytes of the truth, on another host, without a sign-in',
    async (title) => {
      const { photos } = await photosIn(title)
      for (const [index, { id }] of photos.entries()) {
        const url = await address(title, index)
        expect(new URL(url).origin).toBe(sandbox.endpoints.cdn)
        const answer = await fetch(url)
        const bytes = Buffer.from(await answer.arrayBuffer())
        const line = truth.find((one) => one.type === 'photo' && one.ref === id)
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(line?.sha256)
        expect(answer.headers.get('content-type')).toBe(line?.contentType)
      }
    },
  )

  it('are refused with a sign-in, and that is remembered', async () => {
    const answer = await fetch(await address('At the top'), { headers: { authorization: `Bearer ${bearer()}` } })
    expect(answer.status).toBe(400)
    expect((await seen()).unknown).toEqual(['a sign-in sent to the host of the originals'])
  })

  it('are refused where the signature is another or the time is over', async () => {
    const good = new URL(await address('At the top'))
    const [, until] = /exp=(\d+)/.exec(good.search) ?? []
    for (const search of ['', `?fjkss=exp=${until}~hmac=${'0'.repeat(64)}`, good.search.replace(until ?? '', '1')]) {
      const answer = await fetch(`${good.origin}${good.pathname}${search}`)
      expect(answer.status).toBe(403)
    }
    expect(Number(until) * 1000 - Date.now()).toBeLessThan(15_000)
  })

  it('go on from a byte', async () => {
    const url = await address('At the top')
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer())
    const rest = await fetch(url, { headers: { range: 'bytes=100-' } })
    expect(rest.status).toBe(206)
    expect(Buffer.from(await rest.arrayBuffer()).equals(whole.subarray(100))).toBe(true)
  })
})
