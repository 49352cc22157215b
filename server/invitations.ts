// How somebody becomes a user: an administrator invites an address with a role; a link in the e-mail, once and in time,
// sets name and password.
import { createHash, randomBytes } from 'node:crypto'
import { hashPassword } from 'better-auth/crypto'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { enterUser, type Role, roles } from './accounts.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { storable } from './jsonb.ts'
import { invitationLetter } from './letters.ts'
import { enterMail, type MailStanding, standingOf } from './mails.ts'
import { notFound, Refusal } from './refusal.ts'

const invitationDays = 7
export const shortestPassword = 12

export interface NewInvitation {
  email: string
  role: Role
  /** Of a photographer. */
  clientId?: string | null
}

/**
 * Sends the link; an invitation of the same address that is still open is replaced. The link is told to nobody else.
 * Throws Refusal `invalid_user`, `email_taken`, `client_needed`, `not_found`.
 */
export async function invite(house: House, actor: Actor, input: NewInvitation): Promise<{ id: string }> {
  const email = z.email().max(254).toLowerCase().safeParse(input.email)
  if (!email.success || !roles.includes(input.role))
    throw new Refusal('invalid_user', 400, `${input.email} cannot be invited.`)
  if (input.role === 'photographer' && !input.clientId)
    throw new Refusal('client_needed', 422, 'A photographer is invited to the galleries of a client.')
  const clientId = input.role === 'photographer' ? input.clientId! : null
  const token = randomBytes(32).toString('base64url')
  return house.db.transaction(async (tx) => {
    const taken = await tx.execute(sql`select from users where email = ${email.data}`)
    if (taken.rows.length > 0)
      throw new Refusal('email_taken', 409, `There is somebody with the address ${email.data} already.`)
    if (clientId) {
      const client = await tx.execute(sql`select from clients where id = ${clientId} and deletion_id is null`)
      if (client.rows.length === 0) throw notFound('client')
    }
    await tx.execute(sql`
      update invitations set revoked_at = now() where email = ${email.data} and accepted_at is null and revoked_at is null`)
    const { rows } = await tx.execute<{ id: string }>(sql`
      insert into invitations (email, role, client_id, hash, invited_by, expires_at)
      values (${email.data}, ${input.role}, ${clientId}, ${hashOf(token)}, ${actor}, now() + ${invitationDays} * interval '1 day')
      returning id`)
    const { id } = rows[0]!
    const url = `${house.env.CONSOLE_URL}/invitation/${token}`
    const letter = invitationLetter(actor, url, invitationDays)
    await enterMail(tx, house, { clientId: null, occasion: `invitation ${id}`, receiver: email.data, letter })
    await recordAudit(tx, actor, 'user.invite', id, { email: email.data, role: input.role }, clientId)
    return { id }
  })
}

export interface InvitationRow {
  id: string
  email: string
  role: Role
  client: { id: string; name: string } | null
  invitedBy: string
  createdAt: Date
  expiresAt: Date
  expired: boolean
  /** How far the letter with its link has come. */
  letter: MailStanding
}

/** Those that nobody has accepted yet, newest first. */
export async function listInvitations(house: Pick<House, 'pool'>): Promise<InvitationRow[]> {
  type Row = Omit<InvitationRow, 'letter'> & { mail: Parameters<typeof standingOf>[0] }
  const { rows } = await house.pool.query<Row>(
    `select i.id, i.email, i.role, case when c.id is not null then json_build_object('id', c.id, 'name', c.name) end as client,
       i.invited_by as "invitedBy", i.created_at as "createdAt", i.expires_at as "expiresAt", i.expires_at <= now() as expired,
       json_build_object('id', m.id, 'state', m.state, 'code', m.last_code) as mail
     from invitations i join mails m on m.occasion = 'invitation ' || i.id left join clients c on c.id = i.client_id
     where i.accepted_at is null and i.revoked_at is null order by i.created_at desc limit 500`,
  )
  return rows.map(({ mail, ...row }) => ({ ...row, letter: standingOf(mail) }))
}

/** Its link works no more. Throws Refusal `not_found`. */
export async function revokeInvitation(house: Pick<House, 'db'>, actor: Actor, id: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ email: string }>(sql`
      update invitations set revoked_at = coalesce(revoked_at, now()) where id = ${id} and accepted_at is null returning email`)
    if (!rows[0]) throw notFound('invitation')
    await recordAudit(tx, actor, 'user.invitation_revoke', id, { email: rows[0].email })
  })
}

/** Whom a link invites; null for one that is unknown, used, revoked or too old. */
export async function openInvitation(house: Pick<House, 'pool'>, token: string): Promise<{ email: string } | null> {
  const { rows } = await house.pool.query<{ email: string }>(
    `select email from invitations where hash = $1 and ${isOpen}`,
    [hashOf(token)],
  )
  return rows[0] ?? null
}

/** Makes the user; a second time the link is none. Throws Refusal `invitation_closed`, `invalid_password`, `email_taken`. */
export async function acceptInvitation(
  house: Pick<House, 'db'>,
  token: string,
  chosen: { name: string; password: string },
): Promise<{ email: string }> {
  if (chosen.password.length < shortestPassword || chosen.password.length > 128)
    throw new Refusal('invalid_password', 422, `A password has ${shortestPassword} to 128 characters.`)
  const hash = await hashPassword(chosen.password)
  return house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ email: string; role: Role; clientId: string | null }>(sql`
      update invitations set accepted_at = now() where hash = ${hashOf(token)} and ${sql.raw(isOpen)}
      returning email, role, client_id as "clientId"`)
    if (!rows[0])
      throw new Refusal(
        'invitation_closed',
        403,
        'This invitation was used, withdrawn or has run out. Ask for a new one.',
      )
    const { email } = rows[0]
    await enterUser(tx, email, { ...rows[0], name: storable(chosen.name.trim()) || email, hash })
    return { email }
  })
}

const isOpen = 'accepted_at is null and revoked_at is null and expires_at > now()'

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
