// How a session begins: a refresh token or the code of a redirect (OAuth), an access token that staff hand over, the
// studio's own sign-in form, or a session that another worker kept.
import { z } from 'zod'
import { fieldOf, isHtml, parsed, unexpected } from '../answers.ts'
import {
  Challenge,
  type ConnectorContext,
  type HttpAnswer,
  SessionExpired,
  SignInRefused,
  SourceFault,
  Truncated,
} from '../connector.ts'
import { speaksOfChallenge, todo } from './answers.ts'
import { Calls, endpoint } from './calls.ts'
import { tokenOfForm } from './form.ts'
import { parseExact } from './json.ts'
import * as wire from './wire.ts'

export type Credentials =
  | { clientId: string; refreshToken: string }
  | { clientId: string; code: string; redirectUri: string }
  | { accessToken: string }
  | { email: string; password: string }

const keptSession = z.object({ accessToken: z.string().min(1) })
export type KeptSession = z.output<typeof keptSession>

export interface SignedIn {
  calls: Calls
  kept: KeptSession
}

/** Two weeks, as ShootProof documents. */
export const tokenHours = 336

/** No narrower one is known that lets events and photos be read; the same is asked for at every step. */
const scope = 'studio'

/** Tries once. Throws SignInRefused or Challenge with the sentence for a person. Asks nothing with `context.kept`. */
export async function begin(credentials: Credentials, context: ConnectorContext): Promise<SignedIn> {
  const { clientId: _, email: __, redirectUri: ___, ...secret } = credentials as Record<string, string>
  const secrets = Object.values(secret)
  if (context.kept !== undefined) {
    const kept = keptSession.parse(context.kept)
    return { calls: new Calls(context, kept.accessToken, secrets), kept }
  }
  const accessToken = await tokenFor(credentials, context, secrets)
  const calls = new Calls(context, accessToken, secrets)
  await prove(calls, 'accessToken' in credentials ? todo.tokenOver : todo.noAccess)
  return { calls, kept: { accessToken } }
}

async function tokenFor(credentials: Credentials, context: ConnectorContext, secrets: string[]): Promise<string> {
  if ('accessToken' in credentials) return credentials.accessToken.replace(/^bearer\s+/i, '')
  if ('email' in credentials) return tokenOfForm(credentials, context)
  const { clientId } = credentials
  const grant: Record<string, string> =
    'code' in credentials
      ? { grant_type: 'authorization_code', code: credentials.code, redirect_uri: credentials.redirectUri }
      : { grant_type: 'refresh_token', refresh_token: credentials.refreshToken }
  const answer = await askForTokens({ ...grant, client_id: clientId, scope }, context, secrets)
  // Kept before the access token is used: from now on the old one opens nothing.
  if (answer.refreshToken) await context.rotate({ clientId, refreshToken: answer.refreshToken })
  else if ('code' in credentials) await context.rotate({ accessToken: answer.accessToken })
  return answer.accessToken
}

/** The token's first use, asked again once: a sign-in page may pass by. A second refusal says what a person has to do. */
async function prove(calls: Calls, sentence: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await calls.proveAlive()
    } catch (error) {
      if (!(error instanceof SessionExpired)) throw error
      if (tries === 2) throw new SignInRefused(sentence, { cause: error })
    }
  }
}

interface Tokens {
  accessToken: string
  refreshToken: string | null
}

/**
 * One request, never repeated here: a refresh whose answer was lost has used up its token, so the next try is told so
 * by ShootProof and ends with `todo.refreshOver`. The outcome is read from `stat`; the HTTP status is not documented.
 */
async function askForTokens(
  form: Record<string, string>,
  context: ConnectorContext,
  secrets: readonly string[],
): Promise<Tokens> {
  const answer = await context.http.request(`${endpoint(context, 'auth')}/oauth2/authorization/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
    signal: context.signal,
  })
  const text = await answer.text()
  const told = wire.tokens.safeParse(parsed(text, parseExact))
  const odd = (expected: string) => unexpected(`token: ${expected}`, answer, null, secrets)
  if (!told.success) throw noTokens(answer, text, odd(fieldOf(told.error, 'answer')))
  const { stat, access_token, refresh_token, code, error, msg, error_description } = told.data
  if (stat === 'ok' || (stat == null && access_token)) {
    if (!access_token) throw odd('access_token')
    if (!refresh_token) context.note('tokens without a new refresh token')
    return { accessToken: access_token, refreshToken: refresh_token || null }
  }
  const reason = code ?? error
  if (reason == null && answer.status >= 500) throw new SourceFault(`token answered ${answer.status}`, answer.status)
  if (stat == null && reason == null) throw odd('stat')
  throw refused(reason ?? 'unknown', msg ?? error_description ?? '', form.grant_type === 'authorization_code')
}

function refused(reason: string, said: string, byCode: boolean): Error {
  if (/^(server_error|temporarily_unavailable)$/.test(reason)) return new SourceFault(`token refused: ${reason}`, 503)
  if (speaksOfChallenge(said)) return new Challenge(todo.challenge)
  if (/^(invalid_client|unauthorized_client)$/.test(reason)) return new SignInRefused(todo.clientRefused)
  return new SignInRefused(byCode ? todo.codeOver : todo.refreshOver)
}

/** Neither tokens nor a refusal in ShootProof's own words. */
function noTokens(answer: HttpAnswer, text: string, odd: Error): Error {
  const { status } = answer
  const html = isHtml(answer.header('content-type'), text)
  if (status === 403 && html) return new SignInRefused(todo.edge)
  if (status >= 500) return new SourceFault(`token answered ${status}`, status)
  if (!html && /^\s*([{[]|$)/.test(text)) return new Truncated('the answer with the tokens broke off')
  return odd
}
