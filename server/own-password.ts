// Somebody who is signed in chooses another password: the one they have is asked for, and everywhere else they are signed out.
import { hashPassword, verifyPassword } from 'better-auth/crypto'
import { and, eq, sql } from 'drizzle-orm'
import { accounts } from '#db/schema.ts'
import { forgetSignIns, type SignedIn, wrongPasswordAgain } from './accounts.ts'
import { recordAudit } from './audit.ts'
import type { House } from './house.ts'
import { shortestPassword } from './invitations.ts'
import { Refusal } from './refusal.ts'

/**
 * Wrong tries count as wrong sign-ins do. Returns how many other sessions ended. Throws Refusal `invalid_password`,
 * `wrong_password`, `too_many_attempts`.
 */
export async function changeOwnPassword(
  house: Pick<House, 'db'>,
  { userId, email, sessionId }: Pick<SignedIn, 'userId' | 'email' | 'sessionId'>,
  { current, next }: { current: string; next: string },
): Promise<{ ended: number }> {
  if (next.length < shortestPassword || next.length > 128)
    throw new Refusal('invalid_password', 422, `A password has ${shortestPassword} to 128 characters.`)
  if ((await wrongPasswordAgain(house, email)) !== null)
    throw new Refusal('too_many_attempts', 429, 'Too many wrong passwords. Try again in a quarter of an hour.')
  const own = and(eq(accounts.userId, userId), eq(accounts.providerId, 'credential'))
  const [account] = await house.db.select({ hash: accounts.password }).from(accounts).where(own)
  if (!account?.hash || !(await verifyPassword({ hash: account.hash, password: current })))
    throw new Refusal('wrong_password', 403, 'That is not the password that you have now.')
  const hash = await hashPassword(next)
  const ended = await house.db.transaction(async (tx) => {
    await tx.update(accounts).set({ password: hash, updatedAt: new Date() }).where(own)
    const { rows } = await tx.execute(
      sql`delete from sessions where user_id = ${userId} and id <> ${sessionId} returning id`,
    )
    await recordAudit(tx, email, 'user.change_password', userId, { sessions: rows.length })
    return rows.length
  })
  await forgetSignIns(house, email)
  return { ended }
}
