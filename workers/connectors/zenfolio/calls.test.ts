// biome-ignore-all lint/correctness/noComponentHookFactories: Zenfolio's methods begin with a capital, and are no components.
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import {
  Challenge,
  NotAvailable,
  NotFound,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Thawing,
  Truncated,
  UnexpectedPage,
} from '../connector.ts'
import { Raw, refusal, script } from './testing.ts'

const gallery = { ref: '492530544', virtual: false }
const html = (body: string, status = 200) => new Raw(status, 'text/html', `<html><body>${body}</body></html>`)
const json = (body: string, status = 200) => new Raw(status, 'application/json', body)

test.each([
  ['an error without a code', refusal(undefined), SourceFault],
  ['an unspecified error', refusal('E_UNSPECIFIEDERROR'), SourceFault],
  ['a bare message', json('{"message":"An unexpected error has occurred.","error":null}'), SourceFault],
  ['an HTML 502', html('Bad gateway', 502), SourceFault],
  ['no such object', refusal('E_NOSUCHOBJECT'), NotFound],
  ['not authorized', refusal('E_NOTAUTHORIZED'), NotAvailable],
  ['not authenticated', refusal('E_NOTAUTHENTICATED'), SessionExpired],
  ['a sign-in page', html('<form><input type="password"></form>'), SessionExpired],
  ['a locked account', refusal('E_ACCOUNTLOCKED'), Challenge],
  ['a page of the edge', html('error 1010', 403), SignInRefused],
  ['an archive notice as an error', refusal('E_NOSUCHOBJECT', 'The gallery is archived.'), Thawing],
  ['an archive notice as a page', html('We are retrieving this gallery', 500), Thawing],
  ['an error about something else', refusal(undefined, 'An error occurred while retrieving the gallery.'), SourceFault],
  ['a broken answer', json('{"id":1,"result":{"Id":49253'), Truncated],
  ['an empty answer', json(''), Truncated],
  ['some page', html('Welcome'), UnexpectedPage],
  ['an error code nobody knows', refusal('E_SOMETHINGNEW'), UnexpectedPage],
  ["another call's answer", json('{"id":4711,"result":{"Id":492530544},"error":null}'), UnexpectedPage],
])('%s is told as what it is', async (_, answer, type) => {
  const { signIn } = await script({ LoadPhotoSet: () => answer })
  const error = await (await signIn()).detail(gallery).catch((reason) => reason)
  expect(error, inspect(error)).toBeInstanceOf(type)
})

test('nothing is believed gone while the session may be', async () => {
  const { signIn, methods } = await script({ LoadPhotoSet: () => refusal('E_NOSUCHOBJECT') })
  const session = await signIn()
  methods.LoadPrivateProfile = () => refusal('E_NOTAUTHENTICATED')
  await expect(session.detail(gallery)).rejects.toThrow(SessionExpired)
})

test('says how long the archive usually takes', async () => {
  const { signIn } = await script({ LoadPhotoSet: () => refusal(undefined, 'archived') })
  await expect((await signIn()).detail(gallery)).rejects.toMatchObject({ usualHours: 17 })
})

test('names the field that was not understood', async () => {
  const { signIn } = await script({ LoadPhotoSet: () => ({ Id: 492530544, PhotoCount: 'many' }) })
  await expect((await signIn()).detail(gallery)).rejects.toMatchObject({
    expected: expect.stringContaining('LoadPhotoSet: PhotoCount'),
    evidence: { status: 200, contentType: 'application/json' },
  })
})

test('evidence shows the answer without token, e-mail addresses or queries', async () => {
  const { signIn } = await script({
    LoadPhotoSet: () => html('see https://a.example/x?tk=abc for studio@example.com, token the-token. Welcome'),
  })
  const error = await (await signIn()).detail(gallery).catch((reason) => reason)
  expect(error.evidence.excerpt).toContain('Welcome')
  for (const secret of ['the-token', 'studio@example.com', 'tk=abc']) expect(inspect(error)).not.toContain(secret)
})
