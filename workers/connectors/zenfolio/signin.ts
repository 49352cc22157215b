// How a session begins: the challenge sign-in, a token that staff hand over, or a session that another worker kept.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import {
  Challenge,
  type ConnectorContext,
  SessionExpired,
  SignInRefused,
  SourceFault,
  UnexpectedPage,
} from '../connector.ts'
import { todo } from './answers.ts'
import { Calls, Refusal } from './calls.ts'

export type Credentials = { loginName: string; password: string } | { token: string }

const keptSession = z.object({ token: z.string().min(1), loginName: z.string().min(1) })
type KeptSession = z.output<typeof keptSession>

export interface SignedIn {
  calls: Calls
  kept: KeptSession
}

/** Tries once. Throws SignInRefused or Challenge with the sentence for a person. Asks nothing with `context.kept`. */
export async function begin(credentials: Credentials, context: ConnectorContext): Promise<SignedIn> {
  const password = 'password' in credentials ? [credentials.password] : []
  if (context.kept !== undefined) {
    const kept = keptSession.parse(context.kept)
    return { calls: new Calls(context, kept.token, password), kept }
  }
  const token =
    'token' in credentials
      ? credentials.token
      : await authenticate(new Calls(context, null, password), credentials.loginName, credentials.password)
  const calls = new Calls(context, token, password)
  return { calls, kept: { token, loginName: await loginNameOf(calls, 'token' in credentials) } }
}

/** The login name as Zenfolio knows it (staff may have typed the e-mail address), which also proves the token. */
async function loginNameOf(calls: Calls, handedOver: boolean): Promise<string> {
  try {
    return (await calls.ask('LoadPrivateProfile')).LoginName
  } catch (error) {
    const dead =
      error instanceof Refusal &&
      error.code !== null &&
      /^E_(NOTAUTHENTICATED|NOSUCHOBJECT|INVALIDCREDENTIALS)$/.test(error.code)
    if (dead || error instanceof SessionExpired)
      throw new SignInRefused(handedOver ? todo.tokenOver : todo.apiOff, { cause: error })
    if (handedOver && error instanceof Refusal && error.code === 'E_NOTAUTHORIZED')
      throw new SignInRefused(todo.tokenRefused, { cause: error })
    throw meaningAtSignIn(error)
  }
}

async function authenticate(calls: Calls, loginName: string, password: string): Promise<string> {
  try {
    const challenge = await challengeOf(calls, loginName)
    if (!challenge) return await calls.ask('AuthenticatePlain', loginName, password)
    return await calls.ask('Authenticate', challenge.challenge, proofOf(challenge, password))
  } catch (error) {
    throw meaningAtSignIn(error)
  }
}

/** null where it cannot be used and the password may go in plain: only over https, only from an answer of the API. */
async function challengeOf(calls: Calls, loginName: string): Promise<{ salt: number[]; challenge: number[] } | null> {
  try {
    const { PasswordSalt, Challenge } = await calls.ask('GetChallenge', loginName)
    return { salt: PasswordSalt, challenge: Challenge }
  } catch (error) {
    const json = error instanceof UnexpectedPage && /json/i.test(error.evidence.contentType ?? '')
    const unusable = json || (error instanceof Refusal && error.code === 'E_INVALIDPARAM')
    if (!unusable || calls.endpoint.protocol !== 'https:') throw error
    calls.context.note('challenge not usable, signing in with AuthenticatePlain')
    return null
  }
}

/** SHA256(challenge ‖ SHA256(salt ‖ utf8(password))) as Zenfolio documents it; bytes may arrive signed. */
function proofOf({ salt, challenge }: { salt: number[]; challenge: number[] }, password: string): number[] {
  const inner = createHash('sha256').update(octets(salt)).update(password, 'utf8').digest()
  return [...createHash('sha256').update(octets(challenge)).update(inner).digest()]
}

const octets = (ints: number[]) => Uint8Array.from(ints, (int) => int & 0xff)

/** What an error means while nothing but the account itself is asked for. */
function meaningAtSignIn(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error
  const options = { cause: error }
  switch (error.code) {
    case 'E_INVALIDCREDENTIALS':
    case 'E_NOSUCHOBJECT':
    case 'E_NOTAUTHENTICATED':
      return new SignInRefused(todo.wrongPassword, options)
    case 'E_ACCOUNTLOCKED':
      return new Challenge(todo.locked, options)
    case 'E_CONNECTIONISNOTSECURE':
      return new SignInRefused(todo.notSecure, options)
    case 'E_NOTAUTHORIZED':
      return new SignInRefused(todo.apiOff, options)
    default:
      // Which code tells that the owner switched the API off is not known, but it must say what it is about.
      if (/\bAPI\b/i.test(error.said)) return new SignInRefused(todo.apiOff, options)
      if (error.code === null || error.code === 'E_UNSPECIFIEDERROR')
        return new SourceFault(error.message, error.status, options)
      return error.page
  }
}
