// Sends one e-mail. Running twice sends it once: it is settled in the row, a file has the mail's name, and over SMTP the
// message keeps its id, by which receivers know it again.
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Env } from '#server/env.ts'
import { log } from '#server/log.ts'
import { dueMail, type Mail, type MailOutcome, mailFile, recordMailOutcome } from '#server/mails.ts'
import { SealBroken } from '#server/sealing.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

/** Loaded with the first mail: few workers ever send one, and 5 MB of heap would be walked by every collection. */
const mailer = async () => (await import('nodemailer')).default

const timeoutMilliseconds = 30_000

export async function sendMail(job: Job<'send-mail'>, { house }: Pick<Tools, 'house'>): Promise<void> {
  const { mailId } = job.payload
  const mail = await dueMail(house, mailId).catch((error: unknown) => {
    if (error instanceof SealBroken) return 'sealed' as const
    throw error
  })
  if (!mail) return
  if (mail === 'sealed') {
    await job.finish((tx) =>
      recordMailOutcome(tx, house, { id: mailId, attempts: 0 }, { code: 'unreadable', final: true }),
    )
    return
  }
  const outcome = await send(mail, house.env)
  await job.finish((tx) => recordMailOutcome(tx, house, mail, outcome))
}

async function send(mail: Mail, env: Env): Promise<MailOutcome> {
  const { hostname } = new URL(env.CONSOLE_URL)
  const message = {
    messageId: `<${mail.id}@${hostname}>`,
    from: env.MAIL_FROM ?? `Pass Gallery <no-reply@${hostname}>`,
    to: mail.receiver,
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    headers: { 'Auto-Submitted': 'auto-generated' },
  }
  try {
    if (!env.SMTP_URL) {
      await keepAsFile(message, join(env.PASS_DATA_DIR, mailFile(mail.id)))
      return { code: null, to: 'file' }
    }
    const smtp = (await mailer()).createTransport({
      url: env.SMTP_URL,
      connectionTimeout: timeoutMilliseconds,
      socketTimeout: timeoutMilliseconds,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    await smtp.sendMail(message)
    smtp.close()
    return { code: null, to: 'server' }
  } catch (error) {
    const { code, responseCode } = error as { code?: string; responseCode?: number }
    log.warn({ mail: mail.id, code, responseCode }, 'a mail was not taken')
    const refused = responseCode !== undefined && responseCode >= 500
    return { code: refused ? 'refused' : 'not_sent', final: refused }
  }
}

/** Where no SMTP server is named, mails lie in the data directory, as they would be sent. */
async function keepAsFile(message: object, path: string): Promise<void> {
  const composer = (await mailer()).createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  const { message: bytes } = await composer.sendMail(message)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.part`, bytes as Buffer, { mode: 0o600 })
  await rename(`${path}.part`, path)
}
