// Who may sign in to the console: people with a role, their passwords and their sessions.
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { betterAuth } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import { hashPassword } from 'better-auth/crypto'
import { twoFactor } from 'better-auth/plugins/two-factor'
import { and, eq, gt, inArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '#db/client.ts'
import { accounts, rateLimits, sessions, twoFactors, users, verifications } from '#db/schema.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { log } from './log.ts'
import { Refusal } from './refusal.ts'

export const roles = ['staff', 'ops', 'admin', 'photographer'] as const
export type Role = (typeof roles)[number]

/** The person behind a request. */
export interface SignedIn {
  sessionId: string
  userId: string
  email: string
  name: string
  role: Role
  /** Of a photographer: whose galleries they may see; null for everybody else. */
  clientId: string | null
  /** A code of their second factor is asked for at every sign-in. */
  secondFactor: boolean
}

export type AccountsHouse = Pick<House, 'db' | 'secretKey' | 'env'>

const wrongPasswords = 10
const wrongPasswordSeconds = 15 * 60
const sessionSeconds = 7 * 24 * 3600

const newUser = z.strictObject({
  email: z.email().max(254).toLowerCase(),
  role: z.enum(roles),
  name: z.string().max(200).optional(),
  clientId: z.uuid().optional(),
})

/** Makes a person who may sign in; the first password is told once, here. Throws Refusal `email_taken`, `invalid_user`. */
export async function createUser(
  house: AccountsHouse,
  wanted: { email: string; role: Role; name?: string; clientId?: string },
  actor: Actor = 'cli',
): Promise<{ id: string; email: string; password: string }> {
  const parsed = newUser.safeParse(wanted)
  if (!parsed.success) throw new Refusal('invalid_user', 400, `${wanted.email} as ${wanted.role} cannot be added.`)
  const { email, role, name = email.split('@')[0]!, clientId } = parsed.data
  const password = randomBytes(12).toString('base64url')
  const hash = await hashPassword(password)
  const id = await house.db.transaction((tx) => enterUser(tx, actor, { email, role, name, clientId, hash }))
  return { id, email, password }
}

/** In the caller's transaction; `hash` is of the password. Throws Refusal `email_taken`. */
export async function enterUser(
  tx: Tx,
  actor: Actor,
  {
    email,
    role,
    name,
    clientId,
    hash,
  }: { email: string; role: Role; name: string; clientId?: string | null; hash: string },
): Promise<string> {
  const id = randomUUID()
  const added = await tx
    .insert(users)
    .values({ id, email, name, role, clientId: clientId ?? null, emailVerified: true })
    .onConflictDoNothing()
    .returning()
  if (added.length === 0) throw new Refusal('email_taken', 409, `There is somebody with the address ${email} already.`)
  await tx
    .insert(accounts)
    .values({ id: randomUUID(), accountId: id, providerId: 'credential', userId: id, password: hash })
  await recordAudit(tx, actor, 'user.add', id, { email, role }, clientId ?? null)
  return id
}

/** With nobody there yet, makes the administrator and returns how to sign in; otherwise null. */
export async function firstAdministrator(house: AccountsHouse): Promise<{ email: string; password: string } | null> {
  const anybody = await house.db.select({ id: users.id }).from(users).limit(1)
  if (anybody.length > 0) return null
  const { email, password } = await createUser(house, {
    email: 'admin@pass.local',
    role: 'admin',
    name: 'Administrator',
  })
  return { email, password }
}

/** null where nobody is signed in, or the session ended. */
export async function signedIn(house: AccountsHouse, headers: Headers): Promise<SignedIn | null> {
  const found = await authOf(house).api.getSession({ headers })
  if (!found) return null
  const { id, email, name, role, clientId, twoFactorEnabled, disabledAt } = found.user
  if (disabledAt) return null
  noteSign(house, found.session.id, found.session.seenAt)
  return {
    sessionId: found.session.id,
    userId: id,
    email,
    name,
    role: role as Role,
    clientId: clientId ?? null,
    secondFactor: twoFactorEnabled === true,
  }
}

/** Which of these sessions are still open. */
export async function livingSessions(house: AccountsHouse, sessionIds: string[]): Promise<Set<string>> {
  const rows = await house.db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(inArray(sessions.id, sessionIds), gt(sessions.expiresAt, new Date())))
  return new Set(rows.map((row) => row.id))
}

/** How exactly the last sign is kept: somebody busy is not a busy row. */
const signMilliseconds = 60_000

/** Nobody waits for it: the answer does not depend on it. */
function noteSign(house: AccountsHouse, sessionId: string, seenAt: Date | null | undefined): void {
  if (seenAt && Date.now() - seenAt.getTime() < signMilliseconds) return
  house.db
    .execute(
      sql`with session as (update sessions set seen_at = now() where id = ${sessionId} returning user_id)
        update users set seen_at = now() from session where users.id = session.user_id`,
    )
    .catch((error: Error) => log.warn({ err: error.message }, 'accounts: last sign'))
}

/** Sign-in, sign-out and their cookies, over HTTP under `/api/auth`. Signing up is nobody's right. */
export function answerAccounts(house: AccountsHouse, request: Request): Promise<Response> {
  return authOf(house).handler(request)
}

const instances = new WeakMap<AccountsHouse, ReturnType<typeof openAuth>>()

function authOf(house: AccountsHouse) {
  const auth = instances.get(house) ?? openAuth(house)
  instances.set(house, auth)
  return auth
}

function openAuth(house: AccountsHouse) {
  return betterAuth({
    appName: 'Pass',
    baseURL: house.env.CONSOLE_URL,
    basePath: '/api/auth',
    secret: createHmac('sha256', house.secretKey).update('console sessions').digest('base64'),
    database: drizzleAdapter(house.db, {
      provider: 'pg',
      usePlural: true,
      transaction: true,
      schema: { users, sessions, accounts, verifications, rateLimits, twoFactors },
    }),
    emailAndPassword: { enabled: true, disableSignUp: true },
    user: {
      additionalFields: {
        role: { type: 'string', required: true, input: false },
        clientId: { type: 'string', required: false, input: false },
        disabledAt: { type: 'date', required: false, input: false },
      },
    },
    session: {
      expiresIn: sessionSeconds,
      additionalFields: { seenAt: { type: 'date', required: false, input: false } },
    },
    databaseHooks: {
      session: {
        create: {
          before: async ({ userId }) => {
            if (await isDisabled(house, userId)) throw new APIError('UNAUTHORIZED', wrongSignIn)
          },
        },
      },
    },
    // Sessions are listed and ended by verbs of ours, which name no token; so is one's password changed.
    disabledPaths: [
      '/change-password',
      '/list-sessions',
      '/update-session',
      '/update-user',
      '/two-factor/send-otp',
      '/two-factor/verify-otp',
    ],
    plugins: [twoFactor({ issuer: 'Pass' })],
    // Ours counts wrong passwords of one address: a caller may make up the IP address that the library counts by.
    rateLimit: { enabled: false },
    hooks: {
      before: createAuthMiddleware(async (context) => {
        if (context.path === '/sign-in/email') await countSignIn(house, context.body?.email)
      }),
      after: createAuthMiddleware(async (context) => {
        if (context.path === '/sign-in/email' && context.context.newSession)
          await forgetSignIns(house, context.body?.email)
      }),
    },
    advanced: {
      cookiePrefix: 'pass',
      useSecureCookies: house.env.CONSOLE_URL.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
    },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })
}

/** In the words of a wrong password: nobody learns who was here. */
const wrongSignIn = { message: 'Invalid email or password', code: 'INVALID_EMAIL_OR_PASSWORD' }

async function isDisabled(house: AccountsHouse, userId: string): Promise<boolean> {
  const [user] = await house.db.select({ disabledAt: users.disabledAt }).from(users).where(eq(users.id, userId))
  return user?.disabledAt != null
}

/** Counts before the password is looked at, in one statement, so that parallel guesses count too. */
async function countSignIn(house: AccountsHouse, email: unknown): Promise<void> {
  const retryAfter = await wrongPasswordAgain(house, email)
  if (retryAfter === null) return
  const message = 'Too many wrong passwords. Try again in a quarter of an hour.'
  throw new APIError('TOO_MANY_REQUESTS', { code: 'too_many_attempts', message }, { 'Retry-After': String(retryAfter) })
}

/** Counts one more try of this address; seconds until the next is looked at where there were too many, else null. */
export async function wrongPasswordAgain(house: Pick<House, 'db'>, email: unknown): Promise<number | null> {
  const now = Date.now()
  const windowStart = now - wrongPasswordSeconds * 1000
  const [row] = await house.db
    .insert(rateLimits)
    .values({ id: randomUUID(), key: signInKey(email), count: 1, lastRequest: now })
    .onConflictDoUpdate({
      target: rateLimits.key,
      set: {
        count: sql`case when ${rateLimits.lastRequest} < ${windowStart} then 1 else ${rateLimits.count} + 1 end`,
        // The window begins at the first guess; further ones do not prolong it.
        lastRequest: sql`case when ${rateLimits.lastRequest} < ${windowStart} then ${now} else ${rateLimits.lastRequest} end`,
      },
    })
    .returning()
  if (!row || row.count <= wrongPasswords) return null
  return Math.max(1, Math.ceil((row.lastRequest - windowStart) / 1000))
}

export async function forgetSignIns(house: Pick<House, 'db'>, email: unknown): Promise<void> {
  await house.db.delete(rateLimits).where(eq(rateLimits.key, signInKey(email)))
}

/** Known and unknown addresses are counted alike, and none is kept readable. */
function signInKey(email: unknown): string {
  const address = String(email).trim().toLowerCase()
  return `sign-in:${createHash('sha256').update(address).digest('base64url')}`
}
