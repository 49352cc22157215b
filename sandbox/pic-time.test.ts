import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPicTime } from './pic-time/start.ts'
import type { Sandbox, SandboxOptions } from './providers.ts'
import { small } from './testing.ts'

const options: SandboxOptions = { ...small, photos: 7 }

let sandbox: Sandbox
let cookie: string
let projects: unknown[][]

beforeAll(async () => {
  sandbox = await startPicTime(options)
  cookie = clean(sandbox.credentials.cookie)
  projects = (await told('dashboard', {})).d.projects_s
})
afterAll(() => sandbox.close())
beforeEach(async () => {
  await control('faults', { reset: true })
  await control('requests/reset', {})
})

const clean = (header = '') => header.replace(/;? ?sst-main=[^;]*/, '')
const base = () => sandbox.endpoints.base ?? ''
const manners = () => ({ 'content-type': 'application/json; charset=UTF-8', cookie })

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(base() + path, { method: 'POST', headers: { ...manners(), ...headers }, body: text })
}
async function told(method: string, body: unknown, path = '/!servicesp.asmx') {
  return (await post(`${path}/${method}`, body)).json()
}
async function control(path: string, body?: unknown) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  return (await fetch(`${sandbox.origin}/_sandbox/${path}`, init)).json()
}
function get(path: string, headers: Record<string, string> = { cookie }): Promise<Response> {
  return fetch(new URL(path, base()), { headers, redirect: 'manual' })
}

async function project(name: string) {
  const row = projects.find((columns) => columns[7] === name) ?? []
  const projectId = Number(row[9])
  const { virtualPath, downloadPolicy } = (await told('loadProject', { projectId })).d
  const { photos_s, scenes_s } = (await told('projectPhotos2', { projectId, photoIds: null })).d
  const photoIds: number[] = photos_s.map((columns: unknown[]) => columns[1])
  return { projectId, virtualPath, downloadPolicy, photos_s, scenes_s, photoIds }
}
const single = (virtualPath: string, photoId: unknown) =>
  `/-${virtualPath}/download?mode=hiresphoto&photoId=${photoId}&systemName=pictime&gui=yes&accessToken=`

const pref = { boundHeight: -1, boundWidth: -1, jpgQuality: -1, noMobilities: true }
const exportOf = (projectId: number, photoIds: number[], more: object = {}, batch: object = {}) => ({
  saveBatch: {
    projectCreate: { newProjectIds: [], newSceneIds: [], newSelectionIds: [] },
    ...{ projectProps: [], artPricing: [], projectSelectionProps: [], projectScenesProps: [], projectSelections: [] },
    ...{ campaignsUpdate: [], projectComments: [], setupPricing: [], setupBrand: [], setupAccount: [] },
    projectExport: [
      {
        ...{ projectId, target: '', message: '', width: -1, height: -1, quality: -1, photoIds, ticketFields: [] },
        ...{ type: 'download', ...more },
      },
    ],
    actions: { publish: [], sceneReorder: [], photosReorder: [] },
    ...{ dtoRevision: 1, ignoreDtoRevision: false, ...batch },
  },
  pcpClientId: '',
})
const asOwner = () => ({ origin: base(), referer: `${base()}/professional` })

describe('the door', () => {
  it('answers 403 to methods without a session, with an unknown one, and with one that has ended', async () => {
    for (const value of ['', 'pt_session=unknown'])
      expect((await post('/!servicesp.asmx/dashboard', {}, { cookie: value })).status).toBe(403)
    await control('faults', { expireTokenEvery: 1 })
    const { cookie: short } = await control('hand-over', {})
    const seen = []
    for (let uses = 0; uses < 2; uses++)
      seen.push((await post('/!servicesp.asmx/dashboard', {}, { cookie: clean(short) })).status)
    expect(seen).toEqual([200, 403])
  })

  it('refuses methods that carry the cookie of the recorder, and remembers them', async () => {
    const answer = await post('/!servicesp.asmx/dashboard', {}, { cookie: sandbox.credentials.cookie ?? '' })
    expect(answer.status).toBe(400)
    expect((await control('requests')).unknown).toEqual(['a method with the cookie sst-main'])
  })

  it.each([
    ['another content type', {}, { 'content-type': 'application/json' }],
    ['a body that is no JSON', 'projectId=1', {}],
    ['keys that it does not know', { page: 1 }, {}],
  ])('breaks on %s', async (_, body, headers) => {
    expect((await post('/!servicesp.asmx/dashboard', body, headers)).status).toBe(500)
  })

  it('leads the anonymous to the sign-in, by redirect or by the page itself', async () => {
    const answers = []
    for (const name of ['Offline', 'Really empty', 'Equal bytes', 'Moving pictures']) {
      const { virtualPath, photoIds } = await project(name)
      const answer = await get(single(virtualPath, photoIds[0] ?? 1), {})
      answers.push(answer.status === 302 ? new URL(answer.headers.get('location') ?? '').pathname : answer.status)
    }
    expect(new Set(answers)).toEqual(new Set(['/login', 200]))
  })

  it('can be signed in to in two steps, and leads to the account', async () => {
    const byForm = await startPicTime({ ...options, scenario: 'plain', signIn: 'password' })
    try {
      const { email = '', password = '' } = byForm.credentials
      expect(byForm.endpoints).not.toHaveProperty('base')
      const login = new URL('/login/password', byForm.endpoints.login)
      const send = (fields: Record<string, string>) =>
        fetch(login, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
      expect(await (await send({ email, password: 'wrong' })).text()).toContain('Incorrect')
      const landing = new URL((await send({ email, password })).headers.get('location') ?? '')
      expect(landing.origin).toBe(byForm.origin)
      const entered = await fetch(landing, { redirect: 'manual' })
      expect(entered.headers.get('set-cookie')).toMatch(/^pt_session=/)
      expect((await fetch(landing, { redirect: 'manual' })).headers.get('set-cookie')).toBeNull()
    } finally {
      await byForm.close()
    }
  })
})

describe('writes', () => {
  it.each([
    ['publishWithLink', { projectId: 1, useremail: 'me@example.com' }],
    ['savePackage', { saveBatch: {}, pcpClientId: '' }],
    ['savePackage', exportOf(1, [], {}, { projectProps: [{ projectId: 1, downloadPolicy: {} }] })],
    ['savePackage', exportOf(1, [], {}, { actions: { publish: [1], sceneReorder: [], photosReorder: [] } })],
    ['savePackage', exportOf(1, [], { target: 'client@example.com' })],
    ['savePackage', exportOf(1, [], { width: 2048 })],
    ['savePackage', exportOf(1, [], { type: 'send' })],
  ])('%s is refused and remembered: %j', async (method, body) => {
    await post(`/!servicesp.asmx/${method}`, body, asOwner())
    expect((await control('requests')).writes).toEqual([method])
  })

  it('methods that nobody has named, other verbs, and cookies at the CDN are remembered', async () => {
    await post('/!servicesg.asmx/getGUserProjects', {})
    await fetch(base(), { method: 'DELETE' })
    const { virtualPath, photoIds } = await project('Equal bytes')
    const location = (await get(single(virtualPath, photoIds[0]))).headers.get('location') ?? ''
    await fetch(location, { headers: { cookie } })
    const { writes, unknown } = await control('requests')
    expect({ writes, unknown }).toEqual({ writes: ['DELETE /'], unknown: ['getGUserProjects', 'a cookie at the CDN'] })
  })
})

describe('listing', () => {
  it('gives the whole account and a whole project in one answer each', async () => {
    const big = await startPicTime({ ...options, scenario: 'plain', galleries: 2000, photos: 10_000 })
    try {
      const headers = { ...manners(), cookie: clean(big.credentials.cookie) }
      const ask = async (method: string, body: object) => {
        const init = { method: 'POST', headers, body: JSON.stringify(body) }
        return (await (await fetch(`${big.origin}/!servicesp.asmx/${method}`, init)).json()).d
      }
      const { projects_s } = await ask('dashboard', {})
      expect(projects_s).toHaveLength(2000)
      const { photos_s } = await ask('projectPhotos2', { projectId: projects_s[1999][9], photoIds: null })
      expect(photos_s).toHaveLength(10_000)
    } finally {
      await big.close()
    }
  })

  it('is the same for the same seed, and another for another', async () => {
    const names = async (seed: number) => {
      const one = await startPicTime({ ...options, scenario: 'plain', seed })
      const text = await (await fetch(`${one.origin}/_sandbox/expected`)).text()
      await one.close()
      return text
    }
    expect(await names(3)).toBe(await names(3))
    expect(await names(3)).not.toBe(await names(4))
  })

  it('numbers each photo once, whatever its file is called', async () => {
    const ids = new Set<unknown>()
    let rows = 0
    for (const row of projects) {
      const { photos_s } = (await told('projectPhotos2', { projectId: row[9], photoIds: null })).d
      expect(photos_s).toHaveLength(Number(row[8]))
      for (const columns of photos_s) ids.add(columns[1])
      rows += photos_s.length
    }
    expect(ids.size).toBe(rows)
  })

  it('blocks softly: nothing in d, no rows, or an error page with a button', async () => {
    const { projectId, virtualPath, photoIds } = await project('Equal bytes')
    await control('faults', { emptyLists: true })
    const seen = [await told('dashboard', {}), await told('dashboard', {})].map(({ d }) => d)
    expect(seen).toContainEqual({})
    expect(seen).toContainEqual({ projects_s: [] })
    expect((await told('projectPhotos2', { projectId, photoIds: null })).d.photos_s).toEqual([])
    expect(await (await get(single(virtualPath, photoIds[0]))).text()).toContain('ptErrorPage')
  })

  it('has a manifest of both strides at an address that is not padded', async () => {
    const strides = new Set<number>()
    for (const name of [
      'Some photos hidden from visitors',
      'Equal bytes',
      'Moving pictures',
      'Equal bytes elsewhere',
    ]) {
      const { projectId, virtualPath, photoIds } = await project(name)
      const html = await (await get(`/-${virtualPath}/gallery`, {})).text()
      const parameters = JSON.parse(/initParams = (.+?);<\/script>/.exec(html)?.[1] ?? '{}')
      const [{ cdnDomain }] = JSON.parse(/_pictimeStorageMapping = (.+?);<\/script>/.exec(html)?.[1] ?? '[{}]')
      const folder = [
        Math.floor(projectId / 1e6),
        Math.floor(projectId / 1000) % 1000,
        projectId,
        ...(parameters.projectPathToken ? [parameters.projectPathToken] : []),
      ].join('/')
      const host = cdnDomain.includes('://') ? cdnDomain : `http://${cdnDomain}`
      const list = await (await fetch(`${host}/pictures/${folder}/gallery.json.txt?ts=1`)).json()
      const flat: number[] = list.scenes.flatMap((scene: { photos: number[] }) => scene.photos)
      const stride = flat.length / photoIds.length
      strides.add(stride)
      expect(flat.filter((_, at) => at % stride === 0).map((offset) => offset + list.minId)).toEqual(photoIds)
    }
    expect(strides).toEqual(new Set([4, 5]))
  })
})

describe('originals', () => {
  it('come by a redirect to an address that nobody can make up', async () => {
    const { virtualPath, photoIds } = await project('Equal bytes')
    const answer = await get(single(virtualPath, photoIds[0]))
    const address = new URL(answer.headers.get('location') ?? '')
    expect(address.origin).not.toBe(base())
    expect((await fetch(address)).headers.get('content-type')).toBe('image/jpeg')
    expect((await fetch(address, { headers: { range: 'bytes=10-19' } })).status).toBe(206)
    address.searchParams.set('se', String(Date.now() + 1e6))
    expect((await fetch(address)).status).toBe(403)
  })

  it('need the exact address, and a photo of that very gallery', async () => {
    const { virtualPath, photoIds } = await project('Equal bytes')
    const other = await project('Moving pictures')
    expect((await get(single(virtualPath, other.photoIds[0]))).status).toBe(404)
    expect((await get(`/-${virtualPath}/download?mode=hiresphoto&photoId=${photoIds[0]}`)).status).toBe(500)
  })

  it('of an archived project answer in three ways, and come only when asked for by a job and the clock has passed', async () => {
    await control('faults', { thawSeconds: 1_000_000 })
    for (const name of ['Archived, says a page', 'Archived, says JSON', 'Archived, says the storage']) {
      const { projectId, virtualPath, photoIds } = await project(name)
      const isImage = async () => {
        const answer = await fetch(new URL(single(virtualPath, photoIds[0]), base()), { headers: { cookie } })
        return answer.headers.get('content-type') === 'image/jpeg'
      }
      const path = `/-${virtualPath}/services.asmx`
      const { userJobId } = (await told('sendPhotos', { pref }, path)).d
      const status = async () => (await told('getDownloadInfo2', { mode: 1, projectId, userJobId }, path)).d.status
      await control('faults', { thawSeconds: 0 })
      expect([await isImage(), await status()]).toEqual([false, expect.not.toBeOneOf([20])])
      await control('faults', { thawSeconds: 1_000_000 })
      await told('getDownloadInfo2', { mode: 2, projectId, userJobId }, path)
      expect([await isImage(), await status()]).toEqual([false, expect.not.toBeOneOf([20])])
      await control('faults', { thawSeconds: 0 })
      expect([await isImage(), await status()]).toEqual([true, 20])
    }
  })

  it.each([
    ['another size', { pref: { ...pref, boundWidth: 2048 } }],
    ['no preferences', {}],
  ])('are not asked back with %s', async (_, body) => {
    const { virtualPath } = await project('Archived, says a page')
    expect((await post(`/-${virtualPath}/services.asmx/sendPhotos`, body)).status).toBe(500)
  })

  it('of a bounded gallery are cut down one by one and whole in an export, which is packed after a while', async () => {
    const { projectId, virtualPath, photoIds, downloadPolicy } = await project('Downloads held to a size')
    expect(downloadPolicy.boundWidth).toBeGreaterThan(0)
    const [photoId = 0] = photoIds
    const cut = await (await fetch(new URL(single(virtualPath, photoId), base()), { headers: { cookie } })).bytes()
    const [job] = (await (await post('/!servicesp.asmx/savePackage', exportOf(projectId, [photoId]), asOwner())).json())
      .d.newExports
    const look = async () =>
      (await told('getDownloadInfo', { userJobId: job.userJobId, startIndex: 0, maxFiles: 0 })).d.downloadUrl
    expect([await look(), await look()]).toEqual(['', expect.stringMatching(/^\/-.+\?/)])
    const zip = Buffer.from(await (await get(`${await look()}&batchsize=1200&startIndex=0`)).bytes())
    const line = (await (await fetch(`${sandbox.origin}/_sandbox/expected`)).text())
      .split('\n')
      .find((text) => text.includes(`"ref":"${photoId}"`) && text.includes('"type":"photo"'))
    expect(zip.toString('latin1', 0, 4)).toBe('PK\x03\x04')
    expect(zip.length).toBeGreaterThan(JSON.parse(line ?? '{}').bytes)
    expect(JSON.parse(line ?? '{}').bytes).not.toBe(cut.length)
  })

  it('of an export come in batches from an index on', async () => {
    const { projectId } = await project('More than a page')
    const [job] = (await (await post('/!servicesp.asmx/savePackage', exportOf(projectId, []), asOwner())).json()).d
      .newExports
    const look = async () =>
      (await told('getDownloadInfo', { userJobId: job.userJobId, startIndex: 0, maxFiles: 0 })).d.downloadUrl
    await look()
    const url = await look()
    const files = async (start: number) => {
      const bytes = Buffer.from(await (await get(`${url}&batchsize=100&startIndex=${start}`)).bytes())
      return bytes.readUInt16LE(bytes.lastIndexOf('PK\x05\x06') + 10)
    }
    expect([await files(0), await files(100), await files(200), await files(300)]).toEqual([100, 100, 30, 0])
  })

  it('an export without the origin of the dashboard breaks', async () => {
    const { projectId, photoIds } = await project('Equal bytes')
    expect((await post('/!servicesp.asmx/savePackage', exportOf(projectId, photoIds))).status).toBe(500)
  })
})
