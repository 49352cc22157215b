import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { createUser } from '#server/accounts.ts'
import { parseEnv } from '#server/env.ts'
import { runState } from './ledger.ts'
import { arrange, freshSamples, oddTiles, type Scenes } from './scenes.ts'
import { type System, test } from './system.ts'

const folder = join(import.meta.dirname, '../.data/screenshots')

test('every page and state', async ({ page, system }, { project }) => {
  test.setTimeout(600_000)
  await mkdir(folder, { recursive: true })
  const shot = async (name: string, whole = true) => {
    if (whole) await page.evaluate(() => window.scrollTo(0, 0))
    await page.screenshot({
      path: join(folder, `${name}-${project.name}.png`),
      fullPage: whole,
      animations: 'disabled',
    })
  }
  const scenes = await arranged(system, page, shot)
  const show = async (path: string, ready: string) => {
    await page.goto(`${system.url}${path}`)
    await expect(page.getByText(ready).filter({ visible: true }).first()).toBeVisible()
    await page.waitForLoadState('load')
  }

  await show('/', 'Lumen Photography')
  await shot('home')
  await show('/clients', 'Lumen Photography')
  await shot('clients')
  await page.getByRole('button', { name: 'Add a client' }).first().click()
  await page.getByRole('button', { name: 'Add the client' }).click()
  await shot('clients-add', false)
  await show(`/clients/${scenes.client}`, 'asks for a person')
  await expect(page.getByText('needs you').first()).toBeVisible()
  await shot('client')
  await page.getByRole('button', { name: 'Add a source' }).click()
  await page.getByRole('button', { name: 'Advanced' }).click()
  await expect(page.getByLabel('Endpoint: api')).toBeVisible()
  await shot('client-add-source', false)
  await show(`/runs/new?client=${scenes.client}`, 'Lumen Photography')
  await page.getByRole('radio').first().click()
  await expect(page.getByRole('button', { name: 'Look at what is there' })).toBeVisible()
  await shot('new-run')

  await show(`/runs/${scenes.surveying}`, 'Looking at the account')
  await shot('run-surveying')
  await show(`/runs/${scenes.planned}`, 'Start the migration')
  await expect(page.getByRole('checkbox').first()).toBeVisible()
  await shot('run-planned')
  await show(`/runs/${scenes.repeated}`, 'Take the changes over')
  await expect(page.getByRole('checkbox').first()).toBeVisible()
  await shot('run-repeated')
  await freshSamples(system.database.db, scenes.running)
  await show(`/runs/${scenes.running}`, 'photos safe')
  await expect(page.getByRole('table', { name: 'Galleries' }).getByRole('link').first()).toBeVisible()
  await expect(page.getByText('Cut off on the way')).toBeVisible()
  await shot('run-running')
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Cancel this run' }).click()
  await expect(page.getByRole('dialog')).toContainText('cannot be undone')
  await shot('run-cancel', false)
  await show(`/runs/${scenes.running}?state=attention`, 'Counts do not agree')
  await shot('run-attention')
  await show(`/runs/${scenes.blocked}`, 'Sign in again')
  await shot('run-blocked')
  await show(`/runs/${scenes.paused}`, 'until the studio has bought more space')
  await shot('run-paused')
  await show(`/runs/${scenes.troubled}`, 'Cut off on the way')
  await page.getByRole('button', { name: /Cut off on the way/ }).click()
  await expect(page.getByRole('checkbox').first()).toBeVisible()
  await page.getByRole('checkbox').first().check()
  await shot('run-troubled')
  await page.getByRole('button', { name: 'Retry 34 failed' }).click()
  await expect(page.getByRole('dialog')).toContainText('not touched')
  await shot('run-retry', false)

  const { gallery, odd } = await real(system)
  await show(`/galleries/${gallery}`, 'all safe')
  await picturesThere(page)
  await shot('gallery')
  await page.getByRole('list', { name: 'Pictures' }).getByRole('button').nth(1).click()
  await expect
    .poll(() =>
      page
        .getByRole('dialog')
        .getByRole('img')
        .first()
        .evaluate((one) => (one as HTMLImageElement).naturalWidth),
    )
    .toBeGreaterThan(0)
  await shot('gallery-large', false)
  await show(`/galleries/${odd}`, 'first-dance.mp4')
  await picturesThere(page)
  await shot('gallery-odd')
  await show(`/runs/${crypto.randomUUID()}`, 'There is no such run')
  await shot('not-there')

  await show(`/runs/${scenes.paused}`, 'until the studio has bought more space')
  await expect(page.getByRole('table', { name: 'Galleries' }).getByRole('link').first()).toBeVisible()
  system.gate.shut()
  await expect(page.getByText('stale since')).toBeVisible()
  await shot('run-stale')
  system.gate.open()

  await show('/people', 'admin@pass.local')
  await shot('people')
  await show('/account', 'this one')
  await shot('account')
  await page.context().clearCookies()
  await show('/sign-in', 'Sign in to the console')
  await page.getByLabel('E-mail').fill('nobody@pass.test')
  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('do not go together')).toBeVisible()
  await shot('sign-in-wrong', false)
  await signIn(page, system, await photographer(system, scenes.client))
  await show('/my', 'safe with us')
  await shot('photographer')
})

let empty = true

/** The first project sees the console empty, then everything is arranged once. */
async function arranged(system: System, page: Page, shot: (name: string) => Promise<void>): Promise<Scenes> {
  await page.goto(system.url)
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await shot('sign-in')
  await signIn(page, system, system.admin)
  if (empty) {
    for (const [path, name] of [
      ['/', 'home-empty'],
      ['/clients', 'clients-empty'],
    ] as const) {
      await page.goto(`${system.url}${path}`)
      await expect(page.getByText(/No (runs|clients) yet/)).toBeVisible()
      await shot(name)
    }
    empty = false
  }
  return arrange(system.database.db)
}

async function signIn(page: Page, system: System, data: { email: string; password: string }) {
  const answer = await page.request.post(`${system.url}/api/auth/sign-in/email`, {
    data,
    headers: { origin: system.url },
  })
  expect(answer.status()).toBe(200)
}

async function photographer(system: System, clientId: string) {
  const house = { db: system.database.db, secretKey: Buffer.alloc(32), env: parseEnv({}) }
  return createUser(house, { email: `photographer-${crypto.randomUUID()}@pass.test`, role: 'photographer', clientId })
}

let migrated: { gallery: string; odd: string } | undefined

/** A migration that really took place: its pictures are real. */
async function real({ url, admin, standIn, database: { db } }: System) {
  if (migrated) return migrated
  const { request } = await import('@playwright/test')
  const api = await request.newContext({ extraHTTPHeaders: { origin: url } })
  await api.post(`${url}/api/auth/sign-in/email`, { data: admin })
  const call = async (name: string, json: unknown): Promise<string> => {
    const answer = await api.post(`${url}/api/trpc/${name}`, { data: { json } })
    return (await answer.json()).result.data.json.id
  }
  const clientId = await call('clients.create', { name: 'Gut Sonnenhof Studio' })
  const { endpoints, credentials } = standIn
  const sourceId = await call('sources.add', { clientId, provider: 'zenfolio', credentials, endpoints })
  const runId = await call('runs.create', { sourceId, renditions: ['thumb', 'web'], autoStart: true })
  await api.dispose()
  await expect.poll(async () => (await runState(db, runId)).state, { timeout: 180_000 }).toBe('done')
  const { rows } = await db.execute<{ publicId: string }>(
    sql`select public_id as "publicId" from galleries where run_id = ${runId} order by ordinal limit 1`,
  )
  migrated = { gallery: rows[0]!.publicId, odd: await oddTiles(db, runId) }
  return migrated
}

async function picturesThere(page: Page) {
  const pictures = page.getByRole('list', { name: 'Pictures' }).getByRole('img')
  await expect(pictures.first()).toBeVisible()
  await expect
    .poll(() => pictures.evaluateAll((all) => (all as HTMLImageElement[]).filter((one) => one.naturalWidth > 0).length))
    .toBeGreaterThan(3)
}
