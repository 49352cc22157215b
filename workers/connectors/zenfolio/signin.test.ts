// biome-ignore-all lint/correctness/noComponentHookFactories: Zenfolio's methods begin with a capital, and are no components.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  Challenge,
  type HttpAnswer,
  type HttpOptions,
  SignInRefused,
  SourceFault,
  UnexpectedPage,
} from '../connector.ts'
import { zenfolio } from './connector.ts'
import { Raw, refusal, script } from './testing.ts'

const credentials = { loginName: 'me@studio.example', password: 'Schlüssel-№-1' }
const salt = [1, 200, 255, 0]
const challenge = [128, 7, 129]

const proof = (() => {
  const inner = createHash('sha256').update(Buffer.from(salt)).update(credentials.password).digest()
  return [...createHash('sha256').update(Buffer.from(challenge)).update(inner).digest()]
})()

const signed = (bytes: number[]) => bytes.map((byte) => (byte > 127 ? byte - 256 : byte))

test.each([
  ['unsigned', salt, challenge],
  ['signed', signed(salt), signed(challenge)],
])('answers a challenge of %s bytes with its own bytes and the proof', async (_, PasswordSalt, Challenge) => {
  const { signIn, asked } = await script({
    GetChallenge: () => ({ $type: 'AuthChallenge', PasswordSalt, Challenge }),
    Authenticate: () => '"fresh-token"',
  })
  const session = await signIn(credentials, null)
  const sent = asked.find(({ method }) => method === 'Authenticate')?.parameters as [number[], number[]]
  expect(sent[0].map((int) => int & 0xff)).toEqual(challenge)
  expect(sent[1]).toEqual(proof)
  expect(session.keep()).toEqual({ token: 'fresh-token', loginName: 'studio' })
  expect(asked.map(({ headers }) => headers['x-zenfolio-token'])).toEqual([undefined, undefined, 'fresh-token'])
})

test('names the application in both headers of every call', async () => {
  const { signIn, asked } = await script({})
  await signIn({ token: 'the-token' }, null)
  expect(asked[0]?.headers).toMatchObject({
    'user-agent': expect.stringMatching(/^PassGalleryMigration\/\S+ \(/),
    'x-zenfolio-user-agent': expect.stringMatching(/^PassGalleryMigration\/\S+ \(/),
  })
})

test('never sends the password in plain over http, whatever the challenge looks like', async () => {
  const { signIn, asked } = await script({ GetChallenge: () => ({ PasswordSalt: 'base64', Challenge: 'base64' }) })
  await expect(signIn(credentials, null)).rejects.toThrow(UnexpectedPage)
  expect(asked.map(({ method }) => method)).toEqual(['GetChallenge'])
})

test('signs in in plain over https where the challenge cannot be used', async () => {
  const { context } = await script({})
  const results: Record<string, unknown> = {
    GetChallenge: 'no challenge',
    AuthenticatePlain: 'plain-token',
    LoadPrivateProfile: { LoginName: 'studio' },
  }
  const asked: string[] = []
  // No certificate is trusted here, so this one goes past the network.
  const http = {
    async request(url: string, options: HttpOptions = {}): Promise<HttpAnswer> {
      const { method, id } = JSON.parse(String(options.body))
      asked.push(method)
      const text = async () => JSON.stringify({ id, result: results[method], error: null })
      return { url, status: 200, header: () => 'application/json', text } as Partial<HttpAnswer> as HttpAnswer
    },
  }
  const endpoints = { api: 'https://api.zenfolio.com/api/1.8/zfapi.asmx' }
  const session = await zenfolio.signIn(credentials, { ...context, endpoints, http })
  expect(asked).toEqual(['GetChallenge', 'AuthenticatePlain', 'LoadPrivateProfile'])
  expect(session.keep()).toEqual({ token: 'plain-token', loginName: 'studio' })
})

test.each([
  ['E_INVALIDCREDENTIALS', SignInRefused, /login name and password/],
  ['E_NOSUCHOBJECT', SignInRefused, /login name and password/],
  ['E_NOTAUTHORIZED', SignInRefused, /Do not allow accessing my account through Zenfolio API's/],
  ['E_APIDISABLED', SignInRefused, /Do not allow accessing my account through Zenfolio API's/],
  ['E_CONNECTIONISNOTSECURE', SignInRefused, /https/],
  ['E_ACCOUNTLOCKED', Challenge, /unlocked/],
])('%s at sign-in is told to a person', async (code, type, todo) => {
  const { signIn, asked } = await script({ GetChallenge: () => refusal(code, 'The API says no.') })
  const error = await signIn(credentials, null).catch((reason) => reason)
  expect(error).toBeInstanceOf(type)
  expect(error.todo).toMatch(todo)
  expect(asked).toHaveLength(1)
})

test('an unspecified fault at sign-in is no wrong password', async () => {
  const { signIn } = await script({ GetChallenge: () => refusal(undefined, 'Please try again later.') })
  await expect(signIn(credentials, null)).rejects.toThrow(SourceFault)
})

test('a page of the edge is not taken for a wrong password', async () => {
  const { signIn } = await script({ GetChallenge: () => new Raw(403, 'text/html', '<html>error 1010</html>') })
  const error = await signIn(credentials, null).catch((reason) => reason)
  expect(error).toBeInstanceOf(SignInRefused)
  expect(error.todo).toMatch(/edge/)
})

test('a token that is over asks for a new one', async () => {
  const { signIn } = await script({ LoadPrivateProfile: () => refusal('E_NOTAUTHENTICATED') })
  const error = await signIn({ token: 'old' }, null).catch((reason) => reason)
  expect(error).toBeInstanceOf(SignInRefused)
  expect(error.todo).toMatch(/new token/)
})

test('a token that is not authorized may be over, or the API is off: both are said', async () => {
  const { signIn } = await script({ LoadPrivateProfile: () => refusal('E_NOTAUTHORIZED') })
  const error = await signIn({ token: 'old' }, null).catch((reason) => reason)
  expect(error).toBeInstanceOf(SignInRefused)
  expect(error.todo).toMatch(/new token.*Do not allow accessing my account through Zenfolio API's/)
})
