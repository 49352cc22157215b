// How a session begins: the form of the dashboard in a browser, a bearer that staff hand over, or a session that another
// worker kept.
import { z } from 'zod'
import { type ConnectorContext, SessionExpired, SignInRefused } from '../connector.ts'
import { isClassicApi, todo } from './answers.ts'
import { Calls } from './calls.ts'
import { bearerFromWelcome } from './welcome.ts'

export type Credentials = { email: string; password: string } | { bearer: string }

const keptSession = z.object({ bearer: z.string().min(1) })
type KeptSession = z.output<typeof keptSession>

export interface SignedIn {
  calls: Calls
  kept: KeptSession
}

/** Tries once. Throws SignInRefused or Challenge with the sentence for a person. Asks nothing with `context.kept`. */
export async function begin(credentials: Credentials, context: ConnectorContext): Promise<SignedIn> {
  const known = 'password' in credentials ? [credentials.password, credentials.email] : []
  if (context.kept !== undefined) {
    const kept = keptSession.parse(context.kept)
    return { calls: new Calls(context, kept.bearer, known), kept }
  }
  if (isClassicApi(context.endpoints.app ?? '')) throw new SignInRefused(todo.classic)
  const bearer = 'bearer' in credentials ? tokenIn(credentials.bearer) : await bearerFromWelcome(credentials, context)
  // It could not even be sent as a header.
  if (/[^\x21-\x7e]/.test(bearer)) throw new SignInRefused(todo.bearerOver)
  const calls = new Calls(context, bearer, known)
  await prove(calls, 'bearer' in credentials)
  return { calls, kept: { bearer } }
}

/** One odd answer is not the end of a bearer: it is asked a second time. */
async function prove(calls: Calls, handedOver: boolean): Promise<void> {
  for (let tries = 2; ; tries--) {
    try {
      return await calls.proveAlive()
    } catch (error) {
      if (!(error instanceof SessionExpired)) throw error
      if (tries > 1) continue
      if (!handedOver) throw calls.unexpected('galleries/content: an answer to the bearer of the sign-in page')
      throw new SignInRefused(todo.bearerOver, { cause: error })
    }
  }
}

/** As it is copied out of a browser: with or without the word before it, perhaps over several lines. */
function tokenIn(given: string): string {
  return given
    .trim()
    .replace(/^(authorization:\s*)?bearer\s+/i, '')
    .replace(/\s+/g, '')
}

interface Claims {
  /** Whose it is. */
  subject: string | null
  endsAt: Date | null
  name: string | null
}

const registered = z.object({ sub: z.string().optional(), exp: z.number().optional(), name: z.string().optional() })

/** What the bearer tells of itself (RFC 7519); it need not be a JWT, and need not tell. */
export function claimsOf(bearer: string): Claims {
  try {
    const payload = Buffer.from(tokenIn(bearer).split('.')[1] ?? '', 'base64url').toString('utf8')
    const { sub, exp, name } = registered.parse(JSON.parse(payload))
    return {
      subject: sub || null,
      endsAt: exp === undefined ? null : new Date(exp * 1000),
      name: name?.trim() && !name.includes('@') ? name.trim() : null,
    }
  } catch {
    return { subject: null, endsAt: null, name: null }
  }
}
