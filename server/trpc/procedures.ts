// What every procedure stands on: who asks, what they may, and how a refusal reaches the browser.
import { initTRPC, type TRPC_ERROR_CODE_KEY, TRPCError } from '@trpc/server'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import superjson from 'superjson'
import type { Role, SignedIn } from '#server/accounts.ts'
import type { House } from '#server/house.ts'
import { log } from '#server/log.ts'
import { Refusal } from '#server/refusal.ts'

export interface Context {
  house: House
  person: SignedIn | null
}

const t = initTRPC.context<Context>().create({
  transformer: superjson,
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

/** Staff, ops and administrators; photographers have no place here yet. */
export const staffProcedure = t.procedure.use(({ ctx, next }) => {
  const person = allowed(ctx.person, ['staff', 'ops', 'admin'])
  return next({ ctx: { ...ctx, person, actor: person.email } })
})

function allowed(person: SignedIn | null, may: Role[]): SignedIn {
  if (!person) throw refuse('signed_out', 401, 'You are not signed in.')
  if (!may.includes(person.role)) throw refuse('forbidden', 403, 'Your role does not include this.')
  return person
}

/** In a middleware tRPC wants its own error around ours. */
function refuse(code: string, status: number, message: string): TRPCError {
  return new TRPCError({ code: keyOf[status] ?? 'BAD_REQUEST', cause: new Refusal(code, status, message) })
}
