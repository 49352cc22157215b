// What every procedure stands on: who asks, what they may, and how a refusal reaches the browser.
import { initTRPC, type TRPC_ERROR_CODE_KEY, TRPCError } from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { z } from 'zod'
import type { Role, SignedIn } from '#server/accounts.ts'
import type { Actor, House } from '#server/house.ts'
import { openInvitation } from '#server/invitations.ts'
import { log } from '#server/log.ts'
import { measureProcedure } from '#server/measures.ts'
import { Refusal } from '#server/refusal.ts'
import { secondFactorRequired } from '#server/settings.ts'
import { openShareLink } from '#server/share-links.ts'
import { transformer } from './transformer.ts'
import type { Keeper } from './watch.ts'

export interface Context {
  house: House
  person: SignedIn | null
}

/** Whoever looks at a client's own page. */
export interface Visitor {
  clientId: string
  /** null behind a link, which anybody may hold. */
  name: string | null
  actor: Actor
  /** What has to stay open for them to go on looking. */
  keeper: Keeper
}

/** Who may ask: a role, somebody with a link to their own page, or somebody with an invitation in hand. */
export type Audience = Role | 'link' | 'invited'

const t = initTRPC
  .context<Context>()
  .meta<{ audience: readonly Audience[] }>()
  .create({
    transformer,
    sse: {
      maxDurationMs: 10 * 60_000, // a proxy's patience is no longer; the browser comes back by itself
      ping: { enabled: true, intervalMs: 5_000 },
      client: { reconnectAfterInactivityMs: 12_000 },
    },
    errorFormatter({ shape, error }) {
      const refusal = refusalBehind(error)
      if (!refusal) {
        log.error({ err: error.cause ?? error, path: shape.data.path }, 'console')
        const message = 'Something went wrong on our side. It has been noted; trying again may help.'
        return { ...shape, message, data: { code: 'internal', httpStatus: 500, path: shape.data.path } }
      }
      const { code, status, message } = refusal
      return {
        ...shape,
        code: TRPC_ERROR_CODES_BY_KEY[keyOf[status] ?? 'BAD_REQUEST'],
        message,
        data: { code, httpStatus: status, path: shape.data.path },
      }
    },
  })

const keyOf: Record<number, TRPC_ERROR_CODE_KEY> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
}

function refusalBehind(error: TRPCError): Refusal | null {
  if (error.cause instanceof Refusal) return error.cause
  if (error.code === 'BAD_REQUEST') return new Refusal('invalid_input', 400, 'This was not understood.')
  if (error.code === 'NOT_FOUND') return new Refusal('not_found', 404, 'There is nothing here.')
  if (error.code === 'METHOD_NOT_SUPPORTED') return new Refusal('method_not_allowed', 405, 'Not by this method.')
  return null
}

export const router = t.router

/** A live view lasts as long as somebody looks, which says nothing of us. */
const timed = t.procedure.use(async ({ path, type, next }) => {
  const began = performance.now()
  const result = await next()
  if (type !== 'subscription') measureProcedure(path, result.ok, performance.now() - began)
  return result
})

const procedureFor = (...may: Role[]) =>
  timed.meta({ audience: may }).use(async ({ ctx, next }) => {
    const person = allowed(ctx.person, may)
    await insistOnSecondFactor(ctx.house, person)
    return next({ ctx: { ...ctx, person, actor: person.email } })
  })

/** All but photographers: clients, runs, galleries. */
export const staffProcedure = procedureFor('staff', 'ops', 'admin')

/** What keeps the machinery going. */
export const opsProcedure = procedureFor('ops', 'admin')

/** Who may sign in, and as what. */
export const adminProcedure = procedureFor('admin')

/** One's own account, whoever one is; also while a second factor is still to be set up. */
export const ownProcedure = timed.meta({ audience: ['staff', 'ops', 'admin', 'photographer'] }).use(({ ctx, next }) => {
  const person = allowed(ctx.person, ['staff', 'ops', 'admin', 'photographer'])
  return next({ ctx: { ...ctx, person, actor: person.email } })
})

/** A client's own page: by a link, or signed in as its photographer. Nothing of another client is within reach. */
export const visitorProcedure = timed
  .meta({ audience: ['link', 'photographer'] })
  .use(async ({ ctx, next, getRawInput }) => {
    const given = z.object({ token: z.string().max(200) }).safeParse(await getRawInput())
    const visitor = given.success ? await visitorOf(ctx.house, given.data.token) : signedInVisitor(ctx.person)
    return next({ ctx: { house: ctx.house, visitor } })
  })

/** The invitation itself is the right: the verb looks at it. */
export const invitedProcedure = timed.meta({ audience: ['invited'] }).use(async ({ ctx, next, getRawInput }) => {
  const given = z.object({ token: z.string().max(200) }).safeParse(await getRawInput())
  if (!given.success || !(await openInvitation(ctx.house, given.data.token)))
    throw refuse('invitation_closed', 403, 'This invitation was used, withdrawn or has run out. Ask for a new one.')
  return next({ ctx: { house: ctx.house } })
})

function signedInVisitor(person: SignedIn | null): Visitor {
  const { clientId, name, email, sessionId } = allowed(person, ['photographer'])
  if (!clientId) throw refuse('no_client', 403, 'Your account is not connected with any galleries yet.')
  return { clientId, name, actor: email, keeper: { sessionId } }
}

async function visitorOf(house: House, token: string): Promise<Visitor> {
  const link = await openShareLink(house, token)
  if (!link) throw refuse('link_closed', 403, 'This link does not work any more. Ask for a new one.')
  return { clientId: link.clientId, name: null, actor: `link ${link.id.slice(0, 8)}`, keeper: { linkId: link.id } }
}

async function insistOnSecondFactor(house: House, person: SignedIn): Promise<void> {
  if (person.secondFactor || !(await secondFactorRequired(house))) return
  throw refuse('second_factor_needed', 403, 'Set up a second factor first: your account page shows how.')
}

function allowed(person: SignedIn | null, may: Role[]): SignedIn {
  if (!person) throw refuse('signed_out', 401, 'You are not signed in.')
  if (!may.includes(person.role)) throw refuse('forbidden', 403, 'Your role does not include this.')
  return person
}

/** In a middleware tRPC wants its own error around ours. */
function refuse(code: string, status: number, message: string): TRPCError {
  return new TRPCError({ code: keyOf[status] ?? 'BAD_REQUEST', cause: new Refusal(code, status, message) })
}
