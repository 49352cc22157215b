// Who asks, and whether they may: in every route of the API that is not a picture's address.
import type { Context } from 'hono'
import type { House } from '#server/house.ts'
import { type Caller, callerOf, type Scope } from '#server/keys.ts'
import { limitHeaders, takeRequest } from '#server/rate-limits.ts'
import { answerTo, problem } from './problems.ts'

/** Answers 401, 403 and 429 by itself; every answer to a known caller tells how its limit stands. */
export function withCaller(house: House, scope: Scope, work: (caller: Caller, c: Context) => Promise<Response>) {
  return async (c: Context): Promise<Response> => {
    const caller = await callerOf(house, c.req.header('Authorization'))
    if (!caller)
      return problem(401, 'unauthenticated', 'Send a valid key: “Authorization: Bearer <key>”.', {
        'WWW-Authenticate': 'Bearer',
      })
    const allowance = await takeRequest(house, caller.keyId)
    const answer = !allowance.allowed
      ? problem(429, 'rate_limited', 'This key has sent as many requests as it may in a minute.')
      : !caller.scopes.has(scope)
        ? problem(403, 'forbidden_scope', `This key may not do that: it needs the scope “${scope}”.`)
        : await work(caller, c).catch(answerTo)
    for (const [name, value] of Object.entries(limitHeaders(allowance))) answer.headers.set(name, value)
    return answer
  }
}
