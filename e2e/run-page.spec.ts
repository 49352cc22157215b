// What a run's page owes whoever watches it: one state, why it waits, what is not repeated, what stays, and what is spoken.
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { announce, failOnePhoto, runState } from './ledger.ts'
import { arrange, renewScenes, type Scenes } from './scenes.ts'
import { type System, test } from './system.ts'

const open = (page: Page, { url }: System, run: string) => page.goto(`${url}/runs/${run}`)
const stateOf = (page: Page) => page.locator('main [data-family]').first()

/** Icon and word; the colour comes on top. */
const shown = {
  surveying: ['looking', 'moving'],
  planned: ['ready to start', 'waiting'],
  running: ['moving', 'moving'],
  retrying: ['retrying', 'recovers'],
  limited: ['waits for provider', 'recovers'],
  archived: ['waits for provider', 'recovers'],
  paused: ['paused', 'waiting'],
  blocked: ['needs you', 'needs-you'],
  stalled: ['stalled', 'needs-you'],
  done: ['done', 'safe'],
  troubled: ['done with problems', 'needs-you'],
  failed: ['failed', 'needs-you'],
  cancelled: ['cancelled', 'waiting'],
} satisfies Partial<Record<keyof Scenes, [string, string]>>

test('every state has its own icon beside its word, in the page, the title and the icon of the tab', async ({
  signedIn: page,
  system,
}) => {
  const scenes = await arrange(system.database.db)
  await renewScenes(system.database.db, scenes)
  const icons = new Map<string, string>()
  for (const [scene, [word, family]] of Object.entries(shown)) {
    await open(page, system, scenes[scene as keyof Scenes])
    const state = stateOf(page)
    await expect(state).toHaveText(word)
    await expect(state).toHaveAttribute('data-family', family)
    const icon = await state.locator('svg path').getAttribute('d')
    // Read in grey: one icon never stands for good news and for bad.
    expect(icons.get(icon!) ?? family, `${word} has the icon of another family`).toBe(family)
    icons.set(icon!, family)
    await expect(page).toHaveTitle(word === 'moving' ? /^\d+ % · / : new RegExp(`^${word}[,· ]`))
    await expect(page.locator('link[rel~="icon"]')).toHaveAttribute('href', /^data:image\/svg/)
  }
})

test('what waits says for what: the attempt and its time, the provider’s limit with its countdown, the archive, the list', async ({
  signedIn: page,
  system,
}) => {
  const scenes = await arrange(system.database.db)
  await renewScenes(system.database.db, scenes)
  const notices = page.getByRole('list', { name: 'What to know' })

  await open(page, system, scenes.retrying)
  await expect(notices).toContainText(/23 photos .* tried again in \d min \d+ s: attempt 3 to 4 of 8/)

  await open(page, system, scenes.limited)
  const limit = notices.getByText('Pixieset asked us to wait (galleries.pixieset.com: too many requests)')
  await expect(limit).toContainText(/in \d min \d+ s/)
  const before = await limit.textContent()
  await expect.poll(() => limit.textContent()).not.toBe(before)

  await open(page, system, scenes.archived)
  await expect(notices).toContainText(/12 galleries wait for Pic-Time to bring them back: asked .*, usually 4 h/)

  await open(page, system, scenes.huge)
  await expect(page.getByText('Still listing: 6,214 so far')).toBeVisible()
  await expect(page.getByRole('progressbar', { name: 'Photos of this run' })).not.toHaveAttribute('aria-valuenow')

  await open(page, system, scenes.stalled)
  await expect(notices).toContainText('Nobody has worked on it since')
  await expect(page.getByRole('img', { name: /no photo since/ })).toBeVisible()
})

test('a run whose workers die is stalled within a minute and says which work nobody takes; it goes on with them', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const run = await beginMigration(page, system, 'Agnes Holm', { latencyMs: 400 })
  await open(page, system, run)
  await expect(stateOf(page)).toHaveText('moving')
  const { rows } = await db.execute<{ pid: number }>(sql`select pid from workers`)
  for (const { pid } of rows) process.kill(pid, 'SIGSTOP')
  try {
    await expect(stateOf(page)).toHaveText('stalled', { timeout: 60_000 })
    await expect(page.getByText('no worker that lives takes')).toBeVisible()
    await expect(page).toHaveTitle(/^stalled/)
    await page.goto(system.url)
    const row = page.locator(`[data-row="${run}"]`)
    await expect(page.getByRole('region', { name: 'Needs you' }).filter({ has: row })).toContainText('stalled')
    await expect(row).toHaveCount(1)
    await open(page, system, run)
  } finally {
    for (const { pid } of rows) process.kill(pid, 'SIGCONT')
    await system.standIn.faults({ reset: true })
  }
  await expect(stateOf(page)).toHaveText('done', { timeout: 120_000 })

  await test.step('what failed is tried again alone, and the timeline says what was left as it was', async () => {
    await failOnePhoto(db, run)
    await page.goto(`${system.url}/queues`)
    await page
      .getByTestId('queue-fetch-photos')
      .getByRole('link', { name: /photos?$/ })
      .click()
    await expect(
      page.getByRole('button', { name: /^Remove the filter Failed: photos could not be copied/ }),
    ).toBeVisible()
    await page.locator(`[data-row="${run}"] a`).first().click()
    await page.getByRole('button', { name: 'Retry 1 failed' }).click()
    const dialog = page.getByRole('dialog', { name: 'Try 1 photo again?' })
    await expect(dialog).toContainText('The 299 photos that are safe are not touched')
    await dialog.getByLabel('Copying').check()
    await dialog.getByLabel('Keep evidence of what fails').check()
    await dialog.getByRole('button', { name: 'Try it again' }).click()
    await expect(page.getByText('1 photo is tried again; 299 that are safe were left alone.')).toBeVisible()
    await expect(stateOf(page)).toHaveText('done')
    const happened = page.getByRole('region', { name: 'What happened' })
    await expect(happened).toContainText('Tried again: 1 photo, 299 finished ones left alone')
  })

  await test.step('the certificate says it in no words of ours, but for the commands that check it', async () => {
    await page.goto(`${system.url}/runs/${run}/certificate`)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Certificate of completeness')
    await expect(page.getByText('Everything is here: 300 of 300 photos')).toBeVisible()
    const said = await page.locator('main').evaluate((sheet) => {
      const copy = sheet.cloneNode(true) as HTMLElement
      for (const exact of copy.querySelectorAll('pre, dl:last-of-type, dd')) exact.remove()
      return copy.textContent
    })
    expect(said).not.toMatch(/\b(run|ledger|step|job|queue|worker|rendition)s?\b/i)
  })
})

test('a cause is set aside, stays out of the way, and comes back by itself with the next photo', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { troubled } = await arrange(db)
  await open(page, system, troubled)
  await expect(page.getByText(/^More was found: .* told of 7,530, 42 more came to light/)).toBeVisible()
  await expect(page.getByTestId('cause-source_error')).toContainText('came back, resolved by lena@pass.local')
  await page.getByRole('button', { name: 'More about Cut off on the way' }).click()
  await page.getByRole('menuitem', { name: 'It is resolved' }).click()
  const aside = page.getByRole('region', { name: 'Set aside' })
  await expect(aside).toContainText('Cut off on the way')
  await expect(page.getByText('3 photos failed after every attempt.')).toBeVisible()
  await db.execute(sql`
    insert into attempts (photo_id, attempt, step, code)
    select id, 8, 'fetch-photos', 'truncated' from photos where run_id = ${troubled} and code = 'truncated' limit 1`)
  await page.reload()
  await expect(page.getByRole('region', { name: 'Failed, by cause' })).toContainText('came back, resolved by')
  await expect(page.getByText('34 photos failed after every attempt.')).toBeVisible()
})

test('cancelling asks once, says what stays, and is done within ten seconds with who and why', async ({
  signedIn: page,
  system,
}) => {
  const run = await beginMigration(page, system, 'Bruno Keller', { latencyMs: 400 })
  await open(page, system, run)
  await expect(stateOf(page)).toHaveText('moving')
  await expect.poll(async () => (await runState(system.database.db, run)).found).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Cancel this run' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel this run?' })
  await expect(dialog).toContainText(/stay in the library|not copied any more/)
  await expect(dialog).toContainText('cannot be undone')
  await dialog.getByLabel('Note').fill('moves next year')
  await dialog.getByRole('button', { name: 'Cancel the run' }).click()
  await expect(stateOf(page)).toHaveText('cancelled', { timeout: 10_000 })
  await expect(page.getByText(`Cancelled by ${system.admin.email}`)).toContainText('“moves next year”')
  await system.standIn.faults({ reset: true })
})

test('one polite live region speaks of progress, every tenth and at most twice a minute, with the counts', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { archived: run } = await arrange(db)
  await open(page, system, run)
  const bar = page.getByRole('progressbar', { name: 'Photos of this run' })
  await expect(bar).toHaveAttribute('aria-valuetext', '4,224 of 5,280 photos verified, 4,224 copied')
  const spoken = page.locator('main [aria-live]')
  await expect(spoken).toHaveCount(1)
  await expect(spoken).toHaveText('4,224 of 5,280 photos safe')
  await arrive(1)
  await expect(bar).toHaveAttribute('aria-valuetext', /^4,312 of/)
  await expect(spoken).toHaveText('4,224 of 5,280 photos safe')
  await arrive(6)
  await expect(spoken).toHaveText('4,840 of 5,280 photos safe')

  /** Galleries of 88 photos that were waiting. */
  async function arrive(galleries: number) {
    await db.execute(sql`
      update galleries set state = 'published', listed = 0, published = total, verified_at = now()
      where id in (select id from galleries where run_id = ${run} and state = 'waiting' limit ${galleries})`)
    await announce(db, run)
  }
})

/** Of the stand-in's 300 photos, as slow as `faults` make it. Returns the run. */
async function beginMigration(page: Page, { url, standIn }: System, client: string, faults: Record<string, unknown>) {
  const call = async (name: string, json: unknown): Promise<string> => {
    const answer = await page.request.post(`${url}/api/trpc/${name}`, { data: { json }, headers: { origin: url } })
    return (await answer.json()).result.data.json.id
  }
  const { endpoints, credentials } = standIn
  const clientId = await call('clients.create', { name: `${client} ${crypto.randomUUID().slice(0, 8)}` })
  const sourceId = await call('sources.add', { clientId, provider: 'zenfolio', credentials, endpoints })
  await standIn.faults(faults)
  return call('runs.create', { sourceId, renditions: ['thumb'], autoStart: true })
}
