// E-mails: entered in the transaction of what they tell of, sent once by a worker. A text with a link in it that lets
// somebody in lies sealed until then, and is forgotten afterwards.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import { clientLetterOf } from './client-mails.ts'
import type { Actor, House } from './house.ts'
import { htmlOf, type Letter, textOf } from './letters.ts'
import { notFound } from './refusal.ts'
import { open, seal } from './sealing.ts'

type MailHouse = Pick<House, 'queues' | 'secretKey' | 'env'>

/** Enters a letter and its job; a second one of the same occasion is none. */
export async function enterMail(
  tx: Tx,
  house: MailHouse,
  mail: { clientId: string | null; occasion: string; receiver: string; letter: Letter },
): Promise<void> {
  const id = randomUUID()
  const { letter } = mail
  const body = seal(house.secretKey, { text: textOf(letter), html: htmlOf(letter) }, boundTo(id))
  const { rows } = await tx.execute(sql`
    insert into mails (id, client_id, occasion, receiver, subject, body, next_try_at)
    values (${id}, ${mail.clientId}, ${mail.occasion}, ${mail.receiver}, ${letter.subject}, ${body}, now())
    on conflict (occasion) do nothing returning id`)
  if (rows.length > 0) await enqueue(tx, house, id)
}

export interface Mail {
  id: string
  receiver: string
  subject: string
  text: string
  html: string
  /** Tries before this one. */
  attempts: number
}

/** What is to be sent now; null where it is settled, not due yet, or not there. Throws SealBroken. */
export async function dueMail(house: Pick<House, 'pool' | 'secretKey' | 'env'>, id: string): Promise<Mail | null> {
  const { rows } = await house.pool.query<{
    occasion: string
    receiver: string
    subject: string
    body: Buffer | null
    attempts: number
  }>(
    `select occasion, receiver, subject, body, attempts from mails
     where id = $1 and state = 'waiting' and next_try_at <= now() + interval '1 second'`,
    [id],
  )
  if (!rows[0]) return null
  const { occasion, body, ...mail } = rows[0]
  if (body) return { id, ...mail, ...(open(house.secretKey, body, boundTo(id)) as { text: string; html: string }) }
  const letter = await clientLetterOf(house, occasion)
  return letter && { id, ...mail, text: textOf(letter), html: htmlOf(letter) }
}

/** Where a mail lies that no server was there for, in the data directory. */
export const mailFile = (id: string) => `mail/${id}.eml`

/** How far a mail has come. */
export interface MailStanding {
  state: 'waiting' | 'sent' | 'failed'
  /** Within the data directory, where no server was there for it: it went nowhere else. */
  file: string | null
}

/** Of a row of the table. */
export function standingOf({ id, state, code }: { id: string; state: MailStanding['state']; code: string | null }) {
  return { state, file: code === keptAsFile ? mailFile(id) : null } satisfies MailStanding
}

/** `code` null: it is out, with a server or as a file. `final`: no other try would help. */
export type MailOutcome = { code: null; to: 'server' | 'file' } | { code: string; final: boolean }

/** Settles the mail, or enters its next try and the job of it; an outcome of an earlier try changes nothing. */
export async function recordMailOutcome(
  tx: Tx,
  house: Pick<House, 'queues'>,
  mail: Pick<Mail, 'id' | 'attempts'>,
  outcome: MailOutcome,
): Promise<void> {
  const wait = outcome.code === null || outcome.final ? undefined : delays[mail.attempts]
  const code = outcome.code !== null ? outcome.code : outcome.to === 'file' ? keptAsFile : null
  const state = outcome.code === null ? 'sent' : wait === undefined ? 'failed' : 'waiting'
  const { rows } = await tx.execute(sql`
    update mails set state = ${state}, attempts = attempts + 1, last_code = ${code},
      next_try_at = now() + ${wait ?? null}::float8 * interval '1 second', body = case when ${state} = 'waiting' then body end,
      sent_at = case when ${state} = 'sent' then now() end
    where id = ${mail.id} and state = 'waiting' and attempts = ${mail.attempts} returning id`)
  if (rows.length > 0 && wait !== undefined) await enqueue(tx, house, mail.id, wait)
}

/** Every mail whose try is due and whose job is gone gets another. */
export async function sweepMails(house: House): Promise<number> {
  return house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      select id from mails where state = 'waiting' and next_try_at <= now() and id::text not in (
        select data->>'mailId' from pgboss.job where name = 'send-mail' and state < 'completed')
      order by next_try_at limit 1000 for update skip locked`)
    for (const { id } of rows) await enqueue(tx, house, id)
    return rows.length
  })
}

export interface MailRow extends MailStanding {
  id: string
  receiver: string
  subject: string
  createdAt: Date
  sentAt: Date | null
}

/** Whether a client is written to, and what was written last. Throws Refusal `not_found`. */
export async function clientMails(
  house: Pick<House, 'pool'>,
  clientId: string,
): Promise<{ mailed: boolean; mails: MailRow[] }> {
  const client = await house.pool.query<{ mailed: boolean }>('select mailed from clients where id = $1', [clientId])
  if (!client.rows[0]) throw notFound('client')
  const { rows } = await house.pool.query<Omit<MailRow, 'file'> & { code: string | null }>(
    `select id, receiver, subject, state, last_code as code, created_at as "createdAt", sent_at as "sentAt"
     from mails where client_id = $1 order by created_at desc, id limit 50`,
    [clientId],
  )
  const mails = rows.map(({ code, ...mail }) => ({ ...mail, ...standingOf({ ...mail, code }) }))
  return { mailed: client.rows[0].mailed, mails }
}

/** Whether a client is written to when something begins, is needed or is done. Throws Refusal `not_found`. */
export async function setMailed(
  house: Pick<House, 'db'>,
  actor: Actor,
  clientId: string,
  mailed: boolean,
): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute(sql`update clients set mailed = ${mailed} where id = ${clientId} returning id`)
    if (rows.length === 0) throw notFound('client')
    await recordAudit(tx, actor, 'client.mailed', clientId, { mailed }, clientId)
  })
}

/** As a row says it. */
const keptAsFile = 'kept_as_file'
const minutes = 60
const hours = 3600
/** Seconds between the tries: an outage of a day is outlasted. */
const delays = [10, minutes, 10 * minutes, hours, 4 * hours, 8 * hours, 12 * hours]

async function enqueue(tx: Tx, house: Pick<House, 'queues'>, mailId: string, startAfterSeconds?: number) {
  await house.queues.enqueue(tx, 'send-mail', [
    { payload: { mailId }, ...(startAfterSeconds === undefined ? {} : { startAfterSeconds }) },
  ])
}

const boundTo = (id: string) => [id, 'mail']
