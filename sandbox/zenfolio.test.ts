import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox } from './providers.ts'
import {
  call,
  control,
  expected,
  manners,
  named,
  openSandbox,
  post,
  setsIn,
  signIn,
  type WireObject,
} from './testing.ts'

let sandbox: Sandbox
let token: string
let sets: WireObject[]
const set = (title: string) => named(sets, title)

beforeAll(async () => {
  sandbox = await openSandbox()
  token = (await signIn(sandbox)).result
  sets = setsIn((await call(sandbox, 'LoadGroupHierarchy', loginParams(), token)).result)
})
afterAll(() => sandbox.close())

const loginParams = () => JSON.stringify([sandbox.credentials.loginName])

describe('the door', () => {
  const body = '{"method":"GetVersion","params":[],"id":1}'

  it.each([
    ['without an application name', { 'x-zenfolio-user-agent': '' }],
    ['with the agent of a library', { 'user-agent': 'undici' }],
    ['with the agent of a browser', { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' }],
  ])('refuses a call %s at the edge, with HTML', async (_, headers) => {
    const response = await post(sandbox, body, headers)
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('1010')
  })

  it('takes the application name from the cookie zf_ua', async () => {
    const response = await post(sandbox, body, { 'x-zenfolio-user-agent': '', cookie: 'a=b; zf_ua=Test%2F1.0' })
    expect(response.status).toBe(200)
  })

  it('answers HTTP 500 to a body that is not declared as JSON', async () => {
    expect((await post(sandbox, body, { 'content-type': 'text/plain' })).status).toBe(500)
  })

  it('answers HTTP 500 to unknown methods and remembers them', async () => {
    expect((await call(sandbox, 'Login', '[]')).status).toBe(500)
    expect((await call(sandbox, 'constructor', '[]')).status).toBe(500)
    expect((await (await control(sandbox, 'requests')).json()).unknown).toEqual(['Login', 'constructor'])
  })

  it('refuses to write and remembers who tried', async () => {
    expect((await call(sandbox, 'DeletePhoto', '[327977501]', token)).error.code).toBe('E_NOTAUTHORIZED')
    await fetch(set('From 2006').TitlePhoto.OriginalUrl, { method: 'DELETE' })
    expect((await (await control(sandbox, 'requests')).json()).writes).toEqual([
      'DeletePhoto',
      'DELETE /img/v0/p327977502.jpg',
    ])
  })

  it.each(['7', '"seven"', '562597392871954814'])('echoes the id %s with its type', async (id) => {
    const response = await post(sandbox, `{"method":"GetVersion","params":[],"id":${id}}`)
    expect(await response.text()).toBe(`{"id":${id},"result":"1.8.0.0","error":null}`)
  })
})

describe('parameters', () => {
  it.each([
    ['too few', 'LoadPhoto', '[327977501]'],
    ['too many', 'LoadPhoto', '[327977501,"Full",true]'],
    ['named ones', 'LoadPhoto', '{"photoId":327977501,"level":"Full"}'],
    ['a level written otherwise', 'LoadPhoto', '[327977501,"full"]'],
    ['a level as a number', 'LoadPhoto', '[327977501,2]'],
    ['an id with a fraction', 'LoadPhoto', '[327977501.5,"Full"]'],
    ['an id past 64 bits', 'LoadPhoto', '[9999999999999999999,"Full"]'],
    ['a boolean as text', 'LoadPhotoSet', '[492530544,"Full","true"]'],
    ['a proof in base64', 'Authenticate', '["AAAA","AAAA"]'],
  ])('answers %s with an error that has no code', async (_, method, params) => {
    const answer = await call(sandbox, method, params)
    expect(answer.status).toBe(200)
    expect(answer.result).toBeNull()
    expect(answer.error).toEqual({ message: expect.stringContaining('unexpected error'), error: null })
  })

  it('takes an id as digits or as text, and knows no rounded one', async () => {
    const { Id: id } = set('At the root')
    expect((await call(sandbox, 'LoadPhotoSet', `[${id},"Full",false]`)).result.Id).toBe(id)
    expect((await call(sandbox, 'LoadPhotoSet', `["${id}","Full",false]`)).result.Id).toBe(id)
    for (const rounded of [String(Number(id)), String(BigInt(Number(id)))]) {
      expect(rounded).not.toBe(id)
      expect((await call(sandbox, 'LoadPhotoSet', `[${rounded},"Full",false]`)).error.code).toBe('E_NOSUCHOBJECT')
    }
  })

  it('writes ids past 2^53 as bare numbers, old ones as small ones', async () => {
    const { text } = await call(sandbox, 'LoadGroupHierarchy', loginParams())
    expect(text).toMatch(/"\$type":"PhotoSet","Id":56\d{16},/)
    expect(text).toContain('"$type":"PhotoSet","Id":492530544,')
  })

  it('numbers groups, photo sets and photos apart', async () => {
    const { Id: id } = set('Numbered like its group')
    expect((await call(sandbox, 'LoadGroup', `[${id},"Level1",false]`)).result.Title).toBe('Highlights')
    expect((await call(sandbox, 'LoadPhoto', `[${id},"Level1"]`)).result.Id).toBe(id)
  })
})

describe('sign-in', () => {
  it('gives a token for the right proof and E_INVALIDCREDENTIALS for another', async () => {
    expect(token.length).toBeGreaterThan(20)
    expect((await signIn(sandbox, 'wrong')).error.code).toBe('E_INVALIDCREDENTIALS')
  })

  it('takes each challenge once', async () => {
    const { result } = await call(sandbox, 'GetChallenge', loginParams())
    const params = JSON.stringify([result.Challenge, Array(32).fill(0)])
    expect((await call(sandbox, 'Authenticate', params)).error.code).toBe('E_INVALIDCREDENTIALS')
    expect((await call(sandbox, 'Authenticate', params)).error.code).toBe('E_INVALIDCREDENTIALS')
  })

  it('sends signed bytes in every second challenge', async () => {
    const challenges = [
      await call(sandbox, 'GetChallenge', loginParams()),
      await call(sandbox, 'GetChallenge', loginParams()),
    ]
    const smallest = challenges.map(({ result }) => Math.min(...result.Challenge, ...result.PasswordSalt) < 0)
    expect(smallest.sort()).toEqual([false, true])
  })

  it.each(['GetChallenge', 'AuthenticatePlain'])('refuses %s with a token', async (method) => {
    const params = method === 'GetChallenge' ? '["x"]' : '["x","y"]'
    expect((await call(sandbox, method, params, token)).error.code).toBe('E_NOTAUTHENTICATED')
  })

  it('refuses a plain password on an open connection', async () => {
    const { loginName, password } = sandbox.credentials
    const body = JSON.stringify({ method: 'AuthenticatePlain', params: [loginName, password], id: 1 })
    expect((await (await post(sandbox, body)).json()).error.code).toBe('E_CONNECTIONISNOTSECURE')
    const behindTls = await post(sandbox, body, { 'x-forwarded-proto': 'https' })
    expect((await behindTls.json()).result).toEqual(expect.any(String))
  })

  it('takes the token from the cookie zf_token', async () => {
    const body = '{"method":"LoadPrivateProfile","params":[],"id":1}'
    expect((await (await post(sandbox, body, { cookie: `zf_token=${token}` })).json()).error).toBeNull()
    expect((await (await post(sandbox, body)).json()).error.code).toBe('E_NOTAUTHENTICATED')
  })
})

describe('what a visitor sees', () => {
  it('has no private things without a token', async () => {
    const { Id: id } = set('Inherits private')
    expect((await call(sandbox, 'LoadPhotoSet', `[${id},"Full",false]`)).error.code).toBe('E_NOSUCHOBJECT')
    const { text } = await call(sandbox, 'LoadGroupHierarchy', loginParams())
    expect(text).not.toContain('Private group')
    expect(text).toContain('Password group')
  })

  it('has the photos of a password gallery only with its realm unlocked', async () => {
    const { Id: id, AccessDescriptor: access } = set('Password of its own')
    expect((await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', `[${id},0,5]`)).error.code).toBe('E_NOTAUTHORIZED')
    const wrong = await call<string>(sandbox, 'KeyringAddKeyPlain', `["",${access.RealmId},"red"]`)
    expect(wrong.error.code).toBe('E_INVALIDCREDENTIALS')
    const { result: keyring } = await call<string>(sandbox, 'KeyringAddKeyPlain', `["",${access.RealmId},"blue"]`)
    expect((await call(sandbox, 'KeyringGetUnlockedRealms', `["${keyring}"]`)).result).toEqual([access.RealmId])
    const body = `{"method":"LoadPhotoSetPhotos","params":[${id},0,5],"id":1}`
    expect((await (await post(sandbox, body, { 'x-zenfolio-keyring': keyring })).json()).result).toHaveLength(2)
  })

  it('states access with its realm, masks as one string, and hints but no password', async () => {
    const own = set('Password of its own').AccessDescriptor
    expect(own).toMatchObject({ AccessType: 'Password', IsDerived: false, PasswordHint: 'Favourite colour — “bleu”?' })
    const inherited = set('Inherits a password').AccessDescriptor
    expect(inherited).toMatchObject({
      AccessType: 'Password',
      IsDerived: true,
      AccessMask: 'HideDateCreated, ProtectExif, NoRecentList',
      SrcPasswordHint: 'What did Ali Baba say?',
    })
    expect((await call(sandbox, 'LoadAccessRealm', `[${inherited.RealmId}]`)).result.PasswordHint).toBe(
      'What did Ali Baba say?',
    )
    expect((await call(sandbox, 'LoadGroupHierarchy', loginParams(), token)).text).not.toContain('open sesame')
  })
})

describe('listing', () => {
  it('takes the login name for the tree, not the e-mail address', async () => {
    const { PrimaryEmail } = (await call(sandbox, 'LoadPrivateProfile', '[]', token)).result
    expect((await call(sandbox, 'LoadGroupHierarchy', JSON.stringify([PrimaryEmail]), token)).error.code).toBe(
      'E_NOSUCHOBJECT',
    )
  })

  it('gives captions from Level2 and counts of groups in Full only', async () => {
    const { Id: id } = set('Empty gallery')
    const at = async (level: string) => (await call(sandbox, 'LoadPhotoSet', `[${id},"${level}",false]`, token)).result
    expect(await at('Level1')).not.toHaveProperty('Caption')
    expect(await at('Level2')).toMatchObject({ Caption: 'Photos will follow', Photos: null })
    expect(await at('Full')).toMatchObject({ ParentGroups: [expect.any(String)], PhotoBytes: 0 })
  })

  it('gives fewer photos than asked for, and none past the end', async () => {
    const { Id: id } = set('More than a page')
    const page = async (start: number) =>
      (await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', `[${id},${start},500]`, token)).result.length
    expect([await page(0), await page(60), await page(120), await page(130)]).toEqual([60, 60, 10, 0])
    expect((await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', `[${id},-1,5]`, token)).error.code).toBe(
      'E_INVALIDPARAM',
    )
  })

  it('breaks on a page that holds the poison photo, unless it is small', async () => {
    const { Id: id } = set('Breaks unless alone')
    const status = async (start: number, count: number) =>
      (await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', `[${id},${start},${count}]`, token)).status
    expect([await status(0, 7), await status(0, 8), await status(7, 2), await status(7, 1)]).toEqual([
      200, 500, 500, 200,
    ])
  })

  it('leaves keywords out of some lists that only LoadPhoto in Full has', async () => {
    const { Id: id } = set('Keywords only in full')
    const { result } = await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', `[${id},0,5]`, token)
    expect(result[0]).not.toHaveProperty('Keywords')
    expect(result[1]).not.toHaveProperty('FileName')
    expect(result[2]).toMatchObject({ Keywords: ['keyword 2', 'Zürich'], FileName: 'trap-003.jpg' })
    expect((await call(sandbox, 'LoadPhoto', `[${result[0]?.Id},"Level2"]`, token)).result).not.toHaveProperty(
      'Keywords',
    )
    expect((await call(sandbox, 'LoadPhoto', `[${result[0]?.Id},"Full"]`, token)).result.Keywords).toEqual([
      'keyword 0',
      'Zürich',
    ])
  })

  it('links photos of other galleries into a collection, one of another member', async () => {
    const { Id: id, Type } = set('Best of everything')
    const { result } = await call<WireObject[]>(sandbox, 'LoadPhotoSetPhotos', `[${id},0,50]`, token)
    expect(Type).toBe('Collection')
    expect(result.map((photo) => photo.Gallery)).not.toContain(id)
    expect(result.at(-1)?.Owner).toBe('friend')
  })

  it('says what it expects in tree order, with each photo once', async () => {
    const lines = await expected(sandbox)
    const galleries = lines.filter((line) => line.type === 'gallery')
    expect(galleries.map((gallery) => gallery.ref)).toEqual(sets.map((one) => String(one.Id)))
    const photos = lines.filter((line) => line.type === 'photo')
    expect(new Set(photos.map((photo) => `${photo.gallery} ${photo.ref}`)).size).toBe(photos.length)
    const { PhotoCount, RawFileCount } = (await call(sandbox, 'LoadPrivateProfile', '[]', token)).result
    // One more: the photo of another member.
    expect(photos.length).toBe(PhotoCount + RawFileCount + 1)
    expect(lines.at(-1)).toMatchObject({ type: 'favourites', photos: null })
  })
})

it('demands the application name in its own header although the agent is described', async () => {
  const { 'x-zenfolio-user-agent': _, ...rest } = manners
  const response = await fetch(sandbox.endpoints.api ?? '', { method: 'POST', headers: rest, body: '{}' })
  expect(response.status).toBe(403)
})
