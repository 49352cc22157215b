// How a session begins: the Cookie header of a signed-in browser, the sign-in form, or a session that another worker kept.
import { z } from 'zod'
import { Challenge, type ConnectorContext, SessionExpired, SignInRefused } from '../connector.ts'
import { todo } from './answers.ts'
import { throughForm } from './browser.ts'
import { Calls } from './calls.ts'
import { bootstrap, layersOf } from './wire.ts'

export type Credentials = { cookie: string } | { email: string; password: string }

const keptSession = z.object({ cookie: z.string().min(1), loginName: z.string().nullable() })
type KeptSession = z.output<typeof keptSession>

export interface SignedIn {
  calls: Calls
  kept: KeptSession
}

/** Tries once. Throws SignInRefused or Challenge with the sentence for a person. Asks nothing with `context.kept`. */
export async function begin(credentials: Credentials, context: ConnectorContext): Promise<SignedIn> {
  if (context.kept !== undefined) {
    const kept = keptSession.parse(context.kept)
    return { calls: new Calls(context, kept.cookie, secretsOf(credentials)), kept }
  }
  const cookie = 'cookie' in credentials ? headerOf(credentials.cookie) : await throughForm(credentials, context)
  const calls = new Calls(context, cookie, secretsOf(credentials))
  return { calls, kept: { cookie, loginName: await userName(calls, 'cookie' in credentials) } }
}

const secretsOf = (credentials: Credentials) => ('password' in credentials ? [credentials.password] : [])

/** As people copy it: with the header's name before it, or over several lines. */
function headerOf(given: string): string {
  const header = given
    .replace(/^\s*cookie:/i, '')
    .replace(/[\r\n]+\s*/g, ' ')
    .trim()
  if (!/^[\x20-\x7e]+$/.test(header) || !header.includes('=')) throw new SignInRefused(todo.cookieUnreadable)
  return header
}

/** Proves the session too: only a signed-in one is answered. */
async function userName(calls: Calls, handedOver: boolean): Promise<string | null> {
  try {
    return (await readAccount(calls)).user.username || null
  } catch (error) {
    if (!(error instanceof SessionExpired)) throw error
    throw handedOver
      ? new SignInRefused(todo.cookieOver, { cause: error })
      : new Challenge(todo.notDashboard, { cause: error })
  }
}

export async function readAccount(calls: Calls): Promise<z.output<typeof bootstrap>> {
  const body = await calls.read('account')
  const layer = layersOf(body.json).find(({ user }) => user !== undefined)
  if (!layer) throw body.odd('data.user')
  return body.as(bootstrap, layer, 'data')
}
