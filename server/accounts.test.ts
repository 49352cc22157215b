import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit, sessions, users } from '#db/schema.ts'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { answerAccounts, createUser, firstAdministrator, livingSessions, signedIn } from './accounts.ts'
import { parseEnv } from './env.ts'

let database: TestDatabase
let house: Parameters<typeof signedIn>[0]

beforeAll(async () => {
  database = await testDatabase()
  house = { db: database.db, secretKey: randomBytes(32), env: parseEnv({ CONSOLE_URL: 'http://console.test' }) }
})
afterAll(() => database.drop())

describe('accounts', () => {
  it('makes one administrator where nobody is there yet, and tells the password once', async () => {
    const first = await firstAdministrator(house)
    expect(first?.email).toBe('admin@pass.local')
    expect((await signIn(first!.email, first!.password)).status).toBe(200)
    expect(await firstAdministrator(house)).toBeNull()
  })

  it('knows who is signed in and in which role, until they sign out', async () => {
    const { email, password } = await createUser(house, { email: 'Staff@Pass.test', role: 'staff' })
    const { cookie } = await signIn(email, password)
    const person = await signedIn(house, new Headers({ cookie }))
    expect(person).toMatchObject({ email: 'staff@pass.test', role: 'staff' })
    expect([...(await livingSessions(house, [person!.sessionId]))]).toEqual([person!.sessionId])
    await post('sign-out', {}, cookie)
    expect(await signedIn(house, new Headers({ cookie }))).toBeNull()
    expect((await livingSessions(house, [person!.sessionId])).size).toBe(0)
  })

  it('takes no session past its time', async () => {
    const { email, password } = await createUser(house, { email: 'late@pass.test', role: 'staff' })
    const { cookie } = await signIn(email, password)
    const person = await signedIn(house, new Headers({ cookie }))
    await database.db
      .update(sessions)
      .set({ expiresAt: new Date(Date.now() - 1000) })
      .where(eq(sessions.id, person!.sessionId))
    expect((await livingSessions(house, [person!.sessionId])).size).toBe(0)
    expect(await signedIn(house, new Headers({ cookie }))).toBeNull()
  })

  it('answers a wrong password and an unknown address alike, and the 11th of either with 429', async () => {
    await createUser(house, { email: 'guessed@pass.test', role: 'staff' })
    const answers = { known: [] as string[], unknown: [] as string[] }
    for (let guess = 1; guess <= 11; guess++) {
      answers.known.push(await refusal('guessed@pass.test', `wrong password ${guess}`))
      answers.unknown.push(await refusal('nobody@pass.test', `wrong password ${guess}`))
    }
    expect(answers.known).toEqual(answers.unknown)
    expect(answers.known.map((answer) => answer.slice(0, 3))).toEqual([...Array(10).fill('401'), '429'])
  })

  it('forgets wrong passwords after the right one', async () => {
    const { email, password } = await createUser(house, { email: 'clumsy@pass.test', role: 'staff' })
    for (let round = 0; round < 2; round++) {
      for (let guess = 1; guess <= 9; guess++) expect((await signIn(email, 'wrong password')).status).toBe(401)
      expect((await signIn(email, password)).status).toBe(200)
    }
  })

  it('lets nobody sign up, and nobody choose a role', async () => {
    const answer = await post('sign-up/email', {
      email: 'me@pass.test',
      password: 'long enough',
      name: 'Me',
      role: 'admin',
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(await database.db.select().from(users).where(eq(users.email, 'me@pass.test'))).toEqual([])
    const { email, password } = await createUser(house, { email: 'modest@pass.test', role: 'staff' })
    const { cookie } = await signIn(email, password)
    await post('update-user', { role: 'admin' }, cookie)
    expect((await signedIn(house, new Headers({ cookie })))?.role).toBe('staff')
  })

  it('sets cookies that scripts cannot read and other sites do not send', async () => {
    const { email, password } = await createUser(house, { email: 'cookie@pass.test', role: 'staff' })
    const { lines } = await signIn(email, password)
    for (const line of lines) expect(line).toMatch(/HttpOnly.*SameSite=Lax/i)
    const secure = { ...house, env: parseEnv({ CONSOLE_URL: 'https://console.test' }) }
    const answer = await answerAccounts(
      secure,
      request('sign-in/email', { email, password }, '', 'https://console.test'),
    )
    for (const line of answer.headers.getSetCookie()) expect(line).toMatch(/Secure/)
  })

  it('refuses an address that is taken or none, and writes every person into the audit', async () => {
    const { id } = await createUser(house, { email: 'twice@pass.test', role: 'ops' }, 'admin@pass.local')
    await expect(createUser(house, { email: 'twice@pass.test', role: 'ops' })).rejects.toMatchObject({
      code: 'email_taken',
    })
    await expect(createUser(house, { email: 'no address', role: 'ops' })).rejects.toMatchObject({
      code: 'invalid_user',
    })
    const rows = await database.db.select().from(audit).where(eq(audit.subject, id))
    expect(rows).toMatchObject([
      { actor: 'admin@pass.local', act: 'user.add', data: { email: 'twice@pass.test', role: 'ops' } },
    ])
  })
})

async function signIn(email: string, password: string) {
  const answer = await post('sign-in/email', { email, password })
  const lines = answer.headers.getSetCookie()
  return { status: answer.status, lines, cookie: lines.map((line) => line.split(';')[0]).join('; ') }
}

async function refusal(email: string, password: string): Promise<string> {
  const answer = await post('sign-in/email', { email, password })
  return `${answer.status} ${await answer.text()}`
}

const post = (path: string, body: object, cookie = '') =>
  answerAccounts(house, request(path, body, cookie, 'http://console.test'))

function request(path: string, body: object, cookie: string, origin: string): Request {
  const headers = { 'content-type': 'application/json', origin, ...(cookie ? { cookie } : {}) }
  return new Request(`${origin}/api/auth/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}
