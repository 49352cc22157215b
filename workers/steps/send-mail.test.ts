import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tx } from '#db/client.ts'
import { clients, mails, runs } from '#db/schema.ts'
import { finishIfSettled } from '#server/finish.ts'
import { clientMails, setMailed, sweepMails } from '#server/mails.ts'
import { blockRun } from '#server/runs.ts'
import { aMovingRun, aSource, forgetJobs, jobsOf, type VerbHouse, verbHouse } from '#server/testing.ts'
import { listening } from '#server/testing-site.ts'
import type { Job } from '../run.ts'
import { sendMail } from './send-mail.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house.dispose())

describe('a client is written to', () => {
  it('when it begins, when something is needed, and when it is done: once each', async () => {
    const run = await written()
    await blockRun(house, run.id, 'challenge', 'Sign in at the provider.')
    await house.db.update(runs).set({ state: 'running' }).where(eq(runs.id, run.id))
    await house.pool.query("update galleries set state = 'published' where run_id = $1", [run.id])
    await house.db.transaction((tx) => finishIfSettled(tx, run.id))
    expect((await mailsOf(run.clientId)).map(({ subject }) => subject)).toEqual([
      'Your galleries are on their way',
      'We need something from you to go on',
      'Your galleries are here',
    ])
  })

  it('not when it is switched off, without an address, or about what no photographer can help with', async () => {
    const quiet = await aSource(house)
    await house.db.update(clients).set({ email: 'anna@pass.test' }).where(eq(clients.id, quiet.clientId))
    await setMailed(house, 'staff@pass.test', quiet.clientId, false)
    await aMovingRun(house, [{}], quiet)
    const { clientId } = await aMovingRun(house)
    const run = await written()
    await blockRun(house, run.id, 'insufficient_storage', 'Make room.')
    expect(await mailsOf(quiet.clientId)).toEqual([])
    expect(await mailsOf(clientId)).toEqual([])
    expect(await mailsOf(run.clientId)).toHaveLength(1)
  })

  it('only if what it tells of is committed', async () => {
    const run = await written()
    const rolledBack = house.db.transaction(async (tx) => {
      await tx.execute("update galleries set state = 'published'")
      await finishIfSettled(tx, run.id)
      throw new Error('no')
    })
    await expect(rolledBack).rejects.toThrow('no')
    expect(await mailsOf(run.clientId)).toHaveLength(1)
  })
})

describe('send-mail', () => {
  it('puts one file into the data directory however often it runs, with plain text and HTML', async () => {
    const { clientId } = await written()
    const [mail] = await mailsOf(clientId)
    await sendMail(jobOf(mail!.id), { house })
    await sendMail(jobOf(mail!.id), { house })
    const folder = join(house.env.PASS_DATA_DIR, 'mail')
    expect((await readdir(folder)).filter((name) => name.startsWith(mail!.id))).toEqual([`${mail!.id}.eml`])
    const file = await readFile(join(folder, `${mail!.id}.eml`), 'utf8')
    expect(file).toMatch(/^To: anna@pass\.test$/m)
    expect(file).toMatch(/text\/plain[\s\S]*text\/html/)
    expect(file).not.toMatch(/\b(run|ledger|queue|worker|rendition)s?\b/)
    expect(await mailsOf(clientId)).toMatchObject([{ state: 'sent', attempts: 1, body: null }])
  })

  it('says of a mail that it was sent only where a server took it, else which file it is', async () => {
    const [kept, taken] = [await written(), await written()]
    await using server = await smtpServer()
    const there = { ...house, env: { ...house.env, SMTP_URL: server.url } }
    const [keptMail] = await mailsOf(kept.clientId)
    const [takenMail] = await mailsOf(taken.clientId)
    const standing = async (clientId: string) => (await clientMails(house, clientId)).mails
    expect(await standing(kept.clientId)).toMatchObject([{ state: 'waiting', file: null }])
    await sendMail(jobOf(keptMail!.id), { house })
    await sendMail(jobOf(takenMail!.id), { house: there })
    expect(await standing(taken.clientId)).toMatchObject([{ state: 'sent', file: null }])
    const file = (await standing(kept.clientId))[0]?.file
    expect(await readFile(join(house.env.PASS_DATA_DIR, file!), 'utf8')).toContain(`Message-ID: <${keptMail!.id}@`)
  })

  it('hands it to the SMTP server under one Message-ID, and tries again when that was away', async () => {
    const { clientId } = await written()
    const [mail] = await mailsOf(clientId)
    await using server = await smtpServer()
    const away = { ...house, env: { ...house.env, SMTP_URL: 'smtp://127.0.0.1:1' } }
    await sendMail(jobOf(mail!.id), { house: away })
    expect(await mailsOf(clientId)).toMatchObject([{ state: 'waiting', attempts: 1, lastCode: 'not_sent' }])
    await house.db.update(mails).set({ nextTryAt: new Date() }).where(eq(mails.id, mail!.id))
    const there = { ...house, env: { ...house.env, SMTP_URL: server.url, MAIL_FROM: 'Studio <studio@pass.test>' } }
    await sendMail(jobOf(mail!.id), { house: there })
    await sendMail(jobOf(mail!.id), { house: there })
    expect(server.taken).toHaveLength(1)
    expect(server.taken[0]).toContain(`Message-ID: <${mail!.id}@localhost>`)
    expect(server.taken[0]).toContain('From: Studio <studio@pass.test>')
    expect(await mailsOf(clientId)).toMatchObject([{ state: 'sent', attempts: 2 }])
  })

  it('gets a new job from the sweep where its own is gone', async () => {
    const { clientId } = await written()
    await forgetJobs(house)
    const [mail] = await mailsOf(clientId)
    await sweepMails(house)
    await sweepMails(house)
    const waiting = (await jobsOf(house, 'send-mail')).map(({ data }) => (data as { mailId: string }).mailId)
    expect(waiting.filter((id) => id === mail!.id)).toHaveLength(1)
  })
})

/** A run that has begun, of a client with an address. */
async function written() {
  const source = await aSource(house)
  await house.db.update(clients).set({ email: 'anna@pass.test' }).where(eq(clients.id, source.clientId))
  return aMovingRun(house, [{}], source)
}

const mailsOf = (clientId: string) =>
  house.db.select().from(mails).where(eq(mails.clientId, clientId)).orderBy(mails.createdAt)

function jobOf(mailId: string): Job<'send-mail'> {
  return {
    queue: 'send-mail',
    id: mailId,
    runId: null,
    payload: { mailId },
    deaths: 0,
    suspect: false,
    signal: new AbortController().signal,
    finish: (work) => house.db.transaction((tx) => work(tx as Tx)),
    checkpoint: (work) => house.db.transaction((tx) => work(tx as Tx)),
  }
}

/** Speaks as much SMTP as one message needs. */
async function smtpServer() {
  const taken: string[] = []
  const server = createServer((socket) => {
    let message: string[] | null = null
    socket.write('220 test\r\n')
    createInterface({ input: socket }).on('line', (line) => {
      if (message && line === '.') {
        taken.push(message.join('\n'))
        message = null
        socket.write('250 taken\r\n')
      } else if (message) message.push(line)
      else if (/^DATA/i.test(line)) {
        message = []
        socket.write('354 go on\r\n')
      } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
      else socket.write('250 ok\r\n')
    })
  })
  return {
    url: `smtp://127.0.0.1:${await listening(server)}`,
    taken,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
