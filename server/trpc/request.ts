// What the console's route handlers ask of a request before anything is done for it.
import { headers } from 'next/headers'
import { answerAccounts, type SignedIn, signedIn } from '#server/accounts.ts'
import { env } from '#server/env.ts'
import { openInvitation } from '#server/invitations.ts'
import { secondFactorRequired } from '#server/settings.ts'
import { consoleHouse } from './house.ts'

/** Another site's page, or one without an origin, changes nothing here: 403, else null. */
export function refuseForeignOrigin(request: Request): Response | null {
  if (request.method === 'GET' || request.method === 'HEAD') return null
  if (request.headers.get('origin') === new URL(env().CONSOLE_URL).origin) return null
  return Response.json({ code: 'foreign_origin', message: 'This request came from another site.' }, { status: 403 })
}

/** For pages: who looks at them. */
export async function pageVisitor(): Promise<SignedIn | null> {
  return signedIn(await consoleHouse(), await headers())
}

/** Whether they have to set up a second factor before they see anything else. */
export async function lacksSecondFactor(person: SignedIn): Promise<boolean> {
  if (person.secondFactor || person.role === 'photographer') return false
  return secondFactorRequired(await consoleHouse())
}

/** Whom the link of an invitation is for; null where it does not work any more. */
export async function invitedAddress(token: string): Promise<string | null> {
  return (await openInvitation(await consoleHouse(), token))?.email ?? null
}

export async function answerSignIn(request: Request): Promise<Response> {
  return refuseForeignOrigin(request) ?? answerAccounts(await consoleHouse(), request)
}
