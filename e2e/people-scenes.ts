// Who else looks at the console: a photographer with an account, staff without the rights of an administrator, somebody
// who is invited; and what was kept of failures.
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import sharp from 'sharp'
import { createUser } from '#server/accounts.ts'
import { parseEnv } from '#server/env.ts'
import { evidenceOf, recordEvidence } from '#server/evidence.ts'
import { createFilesStore } from '#server/store/files.ts'
import { harOf } from '#workers/trace.ts'
import type { Look, Places } from './every-page.ts'
import { minutesAgo } from './scenes-parts.ts'
import type { System } from './system.ts'

export interface SignInData {
  email: string
  password: string
}

export interface People {
  photographer: SignInData
  /** Of the role that may do least. */
  staff: SignInData
  /** Of the link in the e-mail. */
  invitation: string
}

export async function arrangePeople({ database: { db } }: System, clientId: string): Promise<People> {
  const house = { db, secretKey: Buffer.alloc(32), env: parseEnv({}) }
  const photographer = {
    email: 'mara@sonnenhof.example',
    name: 'Mara Lindholm',
    role: 'photographer',
    clientId,
  } as const
  const staff = { email: 'jonas@pass.local', name: 'Jonas Brandt', role: 'staff' } as const
  const invitation = randomBytes(32).toString('base64url')
  await db.execute(sql`
    insert into invitations (email, role, hash, invited_by, expires_at)
    values ('rosalind.achterberg@pass.local', 'staff', sha256(${invitation}::text::bytea), 'admin@pass.local', now() + interval '7 days')`)
  return {
    photographer: await createUser(house, photographer),
    staff: await createUser(house, staff),
    invitation,
  }
}

/** Of two causes of a run: the requests that led to one, and the page that came instead of the other. Returns the key of the requests. */
export async function arrangeEvidence({ database, dataDir }: System, runId: string): Promise<string> {
  const house = { ...database, store: createFilesStore({ root: join(dataDir, 'objects') }) }
  const { rows } = await database.db.execute<{ id: number }>(
    sql`select id from galleries where run_id = ${runId} order by ordinal limit 1`,
  )
  const step = 'fetch-photos'
  const original = 'https://up.zenfolio.com/anna-and-joerg/p1a2b3c4d5/v0/originals/DSC_4100.jpg?token=[masked]'
  const asked = [3, 2, 1].map((minutes) => ({
    at: minutesAgo(minutes),
    method: 'GET',
    url: original,
    milliseconds: 1840 * minutes,
    status: 200,
    contentType: 'image/jpeg',
    problem: 'the body ended after 2,113,536 of 8,401,022 bytes',
  }))
  const requests = {
    expected: 'DSC_4100.jpg: the body ended after 2,113,536 of 8,401,022 bytes',
    url: original,
    status: 200,
    contentType: 'application/json',
    excerpt: harOf(asked),
  }
  await recordEvidence(house, runId, rows[0]!.id, step, 'truncated', requests, 'captured')
  const page = {
    expected: 'an original',
    url: original,
    status: 502,
    contentType: 'text/html',
    excerpt:
      '<title>502 Bad Gateway</title>\n<h1>Something is being repaired</h1>\n<p>Please come back in a minute.</p>',
    screenshot: await screenshotOf('Something is being repaired'),
  }
  await recordEvidence(house, runId, rows[0]!.id, step, 'source_error', page)
  const kept = await evidenceOf(house, runId, 10)
  return kept.find(({ code }) => code === 'truncated')!.page!.key
}

function screenshotOf(words: string): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="800"><rect width="1280" height="800" fill="#fdfdfd"/><text x="80" y="160" font-family="sans-serif" font-size="48" fill="#333">${words}</text></svg>`
  return sharp(Buffer.from(svg)).png().toBuffer()
}

/** For a photographer with an account. */
export function photographerPages(): Look[] {
  const albums = (page: Page) => page.getByRole('region', { name: 'Albums' })
  return [
    {
      name: 'my',
      path: '/my',
      ready: 'safe with us',
      async act(page) {
        await expect(albums(page).getByRole('button').first()).toBeVisible()
        await picturesThere(page, 'Newest arrivals')
      },
    },
    { name: 'my-account', path: '/account', ready: 'this one' },
  ]
}

export const photographerMenu: Look = {
  name: 'my-menu',
  path: '/my',
  ready: 'safe with us',
  isOver: true,
  act: async (page) => {
    await page.getByRole('button', { name: 'Mara Lindholm' }).click()
    await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeVisible()
  },
}

async function picturesThere(page: Page, where: string): Promise<void> {
  const pictures = page.getByRole('region', { name: where }).getByRole('img')
  const missing = () =>
    pictures.evaluateAll((all) => (all as HTMLImageElement[]).filter((one) => one.naturalWidth === 0).length)
  await expect.poll(missing).toBe(0)
}

/** For staff: what is not for them, and the beginning of a second factor of their own. */
export function lesserPages({ people }: Pick<Places, 'people'>): Look[] {
  return [
    { name: 'forbidden', path: '/people', ready: 'not for your role' },
    { name: 'queues-looks-on', path: '/queues', ready: 'your role looks on' },
    { name: 'second-factor', path: '/account', ready: 'this one' },
    { name: 'second-factor-key', path: '/account', ready: 'this one', act: (page) => begin(page, people.staff) },
  ]
}

/** From then on they have one, in that system. */
export function secondFactorDone({ people }: Pick<Places, 'people'>): Look {
  return {
    name: 'second-factor-done',
    path: '/account',
    ready: 'this one',
    async act(page) {
      await begin(page, people.staff)
      const link = await page.locator('a[href^="otpauth:"]').getAttribute('href')
      await page.getByLabel('The code that the app shows').fill(codeNow(new URL(link!).searchParams.get('secret')!))
      await page.getByRole('button', { name: 'Finish' }).click()
      await expect(page.getByText('set up', { exact: true })).toBeVisible()
    },
  }
}

async function begin(page: Page, { password }: SignInData): Promise<void> {
  const factor = page.getByRole('region', { name: 'Second factor' })
  await factor.getByLabel('Your password').fill(password)
  await factor.getByRole('button', { name: 'Set it up' }).click()
  await expect(factor.getByLabel('The code that the app shows')).toBeVisible()
}

/** What is opened beside the console: files, not pages of it. */
export function evidenceFiles({ troubled, evidence }: Pick<Places, 'troubled' | 'evidence'>): Look[] {
  const path = `/api/runs/${troubled}/evidence?key=${encodeURIComponent(evidence)}`
  return [{ name: 'evidence-requests', path, ready: /DSC_4100/ }]
}

/** As an authenticator app shows it (RFC 6238: SHA-1, half a minute, six digits). `secret`: base32. */
function codeNow(secret: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const hash = createHmac('sha1', key).update(counter).digest()
  const word = hash.readUInt32BE(hash.at(-1)! & 15) & 0x7fffffff
  return String(word % 1_000_000).padStart(6, '0')
}
