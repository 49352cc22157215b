import { createHmac, randomUUID } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invitations, mails } from '#db/schema.ts'
import { answerAccounts, createUser, livingSessions, type Role, signedIn } from './accounts.ts'
import { acceptInvitation, invite, listInvitations, openInvitation, revokeInvitation } from './invitations.ts'
import { dueMail, recordMailOutcome } from './mails.ts'
import { changeUser, dropSecondFactor, endSessions, listUsers, sessionsOf } from './people.ts'
import { requireSecondFactor, secondFactorRequired } from './settings.ts'
import { aSource, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house.dispose())

describe('an invitation', () => {
  it('comes by e-mail, sets name and password, and works once', async () => {
    const email = address()
    const { id } = await invite(house, 'admin@pass.test', { email, role: 'ops' })
    const token = await mailedToken(id)
    expect(await openInvitation(house, token)).toEqual({ email })
    await acceptInvitation(house, token, { name: 'Olga', password: 'a long enough one' })
    expect(await signIn(email, 'a long enough one')).toMatchObject({ status: 200 })
    expect((await listUsers(house)).find((user) => user.email === email)).toMatchObject({ name: 'Olga', role: 'ops' })
    const again = acceptInvitation(house, token, { name: 'Mallory', password: 'a long enough one' })
    await expect(again).rejects.toMatchObject({ code: 'invitation_closed' })
  })

  it('says how far the letter with its link has come', async () => {
    const { id } = await invite(house, 'admin@pass.test', { email: address(), role: 'staff' })
    const letter = async () => (await listInvitations(house)).find((one) => one.id === id)?.letter
    expect(await letter()).toEqual({ state: 'waiting', file: null })
    const [mail] = await house.db
      .select()
      .from(mails)
      .where(eq(mails.occasion, `invitation ${id}`))
    await house.db.transaction((tx) => recordMailOutcome(tx, house, mail!, { code: null, to: 'file' }))
    expect(await letter()).toEqual({ state: 'sent', file: `mail/${mail!.id}.eml` })
  })

  it('is taken by one of two that come at once', async () => {
    const { id } = await invite(house, 'admin@pass.test', { email: address(), role: 'staff' })
    const token = await mailedToken(id)
    const tried = await Promise.allSettled(
      ['A', 'B'].map((name) => acceptInvitation(house, token, { name, password: 'a long enough one' })),
    )
    expect(tried.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('is kept as a hash, its link sealed until it is sent', async () => {
    const { id } = await invite(house, 'admin@pass.test', { email: address(), role: 'staff' })
    const token = await mailedToken(id)
    const [row] = await house.db.select().from(invitations).where(eq(invitations.id, id))
    const [mail] = await house.db
      .select()
      .from(mails)
      .where(eq(mails.occasion, `invitation ${id}`))
    expect(JSON.stringify(row) + mail!.body!.toString('latin1')).not.toContain(token)
  })

  it('works no more when withdrawn, replaced by a newer one, or too old', async () => {
    const email = address()
    const first = await invite(house, 'admin@pass.test', { email, role: 'staff' })
    const second = await invite(house, 'admin@pass.test', { email, role: 'admin' })
    expect(await openInvitation(house, await mailedToken(first.id))).toBeNull()
    const token = await mailedToken(second.id)
    await house.db
      .update(invitations)
      .set({ expiresAt: new Date(0) })
      .where(eq(invitations.id, second.id))
    expect(await openInvitation(house, token)).toBeNull()
    const third = await invite(house, 'admin@pass.test', { email, role: 'staff' })
    await revokeInvitation(house, 'admin@pass.test', third.id)
    expect(await openInvitation(house, await mailedToken(third.id))).toBeNull()
  })

  it('leads a photographer to one client, and to none without', async () => {
    const { clientId } = await aSource(house)
    const email = address()
    const none = invite(house, 'admin@pass.test', { email, role: 'photographer' })
    await expect(none).rejects.toMatchObject({ code: 'client_needed' })
    const { id } = await invite(house, 'admin@pass.test', { email, role: 'photographer', clientId })
    await acceptInvitation(house, await mailedToken(id), { name: 'Anna', password: 'a long enough one' })
    const { cookie } = await signIn(email, 'a long enough one')
    expect(await signedIn(house, new Headers({ cookie }))).toMatchObject({ role: 'photographer', clientId })
  })

  it('takes no short password', async () => {
    const { id } = await invite(house, 'admin@pass.test', { email: address(), role: 'staff' })
    const short = acceptInvitation(house, await mailedToken(id), { name: 'A', password: 'short' })
    await expect(short).rejects.toMatchObject({ code: 'invalid_password' })
  })
})

describe('a user', () => {
  it('who is disabled is signed out everywhere, and told nothing but a wrong password', async () => {
    const { id, email, password } = await user('staff')
    const { cookie } = await signIn(email, password)
    await changeUser(house, 'admin@pass.test', id, { disabled: true })
    expect(await signedIn(house, new Headers({ cookie }))).toBeNull()
    const [refused, wrong] = [await signIn(email, password), await signIn(email, 'wrong password')]
    expect([refused.status, refused.body]).toEqual([wrong.status, wrong.body])
    await changeUser(house, 'admin@pass.test', id, { disabled: false })
    expect((await signIn(email, password)).status).toBe(200)
  })

  it('who gets another role signs in anew', async () => {
    const { id, email, password } = await user('staff')
    const { cookie } = await signIn(email, password)
    await changeUser(house, 'admin@pass.test', id, { role: 'ops' })
    expect(await signedIn(house, new Headers({ cookie }))).toBeNull()
  })

  it('who is the last administrator stays one', async () => {
    const admins = [await user('admin'), await user('admin')]
    const both = await Promise.allSettled(
      admins.map(({ id }) => changeUser(house, 'x@pass.test', id, { disabled: true })),
    )
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('sees their sessions, ends one or all others, and is seen', async () => {
    const { id, email, password } = await user('staff')
    const cookies = [await signIn(email, password), await signIn(email, password), await signIn(email, password)]
    const own = (await signedIn(house, new Headers({ cookie: cookies[0]!.cookie })))!
    const [other] = (await sessionsOf(house, id)).filter((session) => session.id !== own.sessionId)
    await endSessions(house, email, id, { id: other!.id })
    expect((await livingSessions(house, [other!.id])).size).toBe(0)
    expect(await endSessions(house, email, id, { except: own.sessionId })).toEqual({ ended: 1 })
    expect((await sessionsOf(house, id)).map((session) => session.id)).toEqual([own.sessionId])
    const stranger = endSessions(house, email, (await user('staff')).id, { id: own.sessionId })
    await expect(stranger).rejects.toMatchObject({ code: 'not_found' })
    await expect.poll(async () => (await listUsers(house)).find((one) => one.id === id)?.seenAt).toBeInstanceOf(Date)
  })
})

describe('a second factor', () => {
  it('is asked for once a code has proven it; a code, or a recovery code once, lets in', async () => {
    const { id, email, password } = await user('staff')
    const { cookie } = await signIn(email, password)
    const begun = await post('two-factor/enable', { password }, cookie)
    const { totpURI, backupCodes } = JSON.parse(begun.body) as { totpURI: string; backupCodes: string[] }
    expect((await signIn(email, password)).body).not.toContain('twoFactorRedirect')
    const secret = new URL(totpURI).searchParams.get('secret')!
    expect((await post('two-factor/verify-totp', { code: '000000' }, cookie)).status).toBe(401)
    expect((await post('two-factor/verify-totp', { code: totp(secret) }, cookie)).status).toBe(200)

    const half = await signIn(email, password)
    expect(half.body).toContain('twoFactorRedirect')
    expect(await signedIn(house, new Headers({ cookie: half.cookie }))).toBeNull()
    expect((await post('two-factor/verify-totp', { code: '000000' }, half.cookie)).status).toBe(401)
    const whole = await post('two-factor/verify-totp', { code: totp(secret) }, half.cookie)
    expect(await signedIn(house, new Headers({ cookie: whole.cookie }))).toMatchObject({ secondFactor: true })

    for (const status of [200, 401]) {
      const again = await signIn(email, password)
      expect((await post('two-factor/verify-backup-code', { code: backupCodes[0] }, again.cookie)).status).toBe(status)
    }
    await dropSecondFactor(house, 'admin@pass.test', id)
    expect((await signIn(email, password)).body).not.toContain('twoFactorRedirect')
  })

  it('can be required of everybody, by a setting that the audit knows', async () => {
    expect(await secondFactorRequired(house)).toBe(false)
    await requireSecondFactor(house, 'admin@pass.test', true)
    expect(await secondFactorRequired(house)).toBe(true)
    await requireSecondFactor(house, 'admin@pass.test', false)
    expect(await secondFactorRequired(house)).toBe(false)
  })
})

const address = () => `${randomUUID()}@pass.test`

const user = (role: Role) => createUser(house, { email: address(), role })

async function mailedToken(invitationId: string): Promise<string> {
  const [mail] = await house.db
    .select()
    .from(mails)
    .where(eq(mails.occasion, `invitation ${invitationId}`))
  const { text } = (await dueMail(house, mail!.id))!
  return /\/invitation\/([\w-]{43})/.exec(text)![1]!
}

async function signIn(email: string, password: string) {
  return post('sign-in/email', { email, password })
}

async function post(path: string, body: object, cookie = '') {
  const origin = house.env.CONSOLE_URL
  const headers = { 'content-type': 'application/json', origin, ...(cookie ? { cookie } : {}) }
  const request = new Request(`${origin}/api/auth/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const answer = await answerAccounts(house, request)
  const set = answer.headers.getSetCookie().map((line) => line.split(';')[0])
  return { status: answer.status, body: await answer.text(), cookie: set.join('; ') }
}

/** RFC 6238 with its defaults: SHA-1, six digits, 30 seconds. */
function totp(base32: string, at = Date.now()): string {
  const bits = [...base32.replace(/=+$/, '')]
    .map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const digest = createHmac('sha1', key).update(counter).digest()
  const offset = digest.at(-1)! & 15
  return `${(digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000}`.padStart(6, '0')
}
