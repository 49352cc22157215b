// What a page does not do by itself: empty what it shows, say what the server has not said, move for whoever wants no motion.
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import type { Db } from '#db/client.ts'
import { addOne, addRuns, announce } from './ledger.ts'
import { signIn } from './places.ts'
import { arrange, renewScenes } from './scenes.ts'
import { test } from './system.ts'
import { holdBack } from './traffic.ts'

const shapes = (page: Page) => page.locator('main .mantine-Skeleton-root')
const tab = (page: Page, name: RegExp) => page.getByRole('group', { name: 'By state' }).getByRole('button', { name })

test('shapes stand in for what comes at the first load only: later what was shown stays until the next is there', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { clientId, ids } = await addRuns(db, 'Calm Studio', ['paused', 'paused', 'done'])
  const runs = page.getByRole('table', { name: 'Runs' }).locator('[data-row]')

  await test.step('the run list: first, of another tab, and looked at again', async () => {
    const first = await holdBack(page, 'search.runs')
    await page.goto(`${system.url}/runs?client=${clientId}`)
    await first.asked()
    await expect(shapes(page).first()).toBeVisible()
    await first.release()
    await expect(runs).toHaveCount(3)

    const ofTab = await holdBack(page, 'search.runs')
    await tab(page, /^done/).click()
    await ofTab.asked()
    await expect(tab(page, /^done/)).toHaveAttribute('aria-pressed', 'true')
    expect([await runs.count(), await shapes(page).count()]).toEqual([3, 0])
    await ofTab.release()
    await expect(runs).toHaveCount(1)

    const again = await holdBack(page, 'search.runs')
    await addOne(db, clientId, 'done')
    await again.asked()
    expect([await runs.count(), await shapes(page).count()]).toEqual([1, 0])
    await again.release()
    await expect(runs).toHaveCount(2)
  })

  await test.step('galleries of a run: first, of another tab, of a search, and looked at again', async () => {
    const run = ids[0]!
    await addGalleries(db, run)
    const table = page.getByRole('table', { name: 'Galleries' })
    const galleries = table.getByRole('link')
    const first = await holdBack(page, 'runs.galleries')
    await page.goto(`${system.url}/runs/${run}`)
    await first.asked()
    await expect(table).toHaveAttribute('aria-busy', 'true')
    expect(await galleries.count()).toBe(0)
    await first.release()
    await expect(galleries).toHaveCount(3)

    const ofTab = await holdBack(page, 'runs.galleries')
    await tab(page, /^finished 2/).click()
    await ofTab.asked()
    await expect(table).toHaveAttribute('aria-busy', 'true')
    expect([await galleries.count(), await shapes(page).count()]).toEqual([3, 0])
    await ofTab.release()
    await expect(galleries).toHaveCount(2)

    const ofSearch = await holdBack(page, 'runs.galleries')
    await page.getByLabel('Search galleries').fill('lake')
    await ofSearch.asked()
    expect([await galleries.count(), await shapes(page).count()]).toEqual([2, 0])
    await ofSearch.release()
    await expect(galleries).toHaveText([/Lake/])

    const again = await holdBack(page, 'runs.galleries')
    await db.execute(
      sql`update galleries set title = 'Lake and hills', published = 9, rendered = 1 where run_id = ${run} and title = 'Lake'`,
    )
    await announce(db, run)
    await again.asked()
    await expect(galleries).toHaveText(['Lake'])
    expect(await shapes(page).count()).toBe(0)
    await again.release()
    await expect(galleries).toHaveText(['Lake and hills'])
  })

  await test.step('who did what: first, and of another time', async () => {
    const acts = page.getByTestId('act')
    const first = await holdBack(page, 'audit.list')
    await page.goto(`${system.url}/audit`)
    await first.asked()
    await expect(shapes(page).first()).toBeVisible()
    await first.release()
    await expect(acts.first()).toBeVisible()
    const before = await acts.count()

    const earlier = await holdBack(page, 'audit.list')
    await page.getByLabel('Until').fill('2020-01-01')
    await earlier.asked()
    expect([await acts.count(), await shapes(page).count()]).toEqual([before, 0])
    await earlier.release()
    await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible()
  })
})

test('a command’s new state is shown when the server has said so, not when it was asked for', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { ids } = await addRuns(db, 'Patient Studio', ['running'])
  const run = ids[0]!
  const state = page.locator('main [data-family]').first()
  await page.goto(`${system.url}/runs/${run}`)

  await test.step('paused: the button waits, and nothing else is another', async () => {
    const held = await holdBack(page, 'runs.pause')
    await page.getByRole('button', { name: 'Pause' }).click()
    await held.asked()
    await expect(page.getByRole('button', { name: 'Pause' })).toHaveAttribute('data-loading', 'true')
    expect(await state.textContent()).not.toBe('paused')
    expect(await page.title()).not.toMatch(/paused/)
    expect(await page.getByText(/^Paused by/).count()).toBe(0)
    await held.release()
    await expect(state).toHaveText('paused')
    await expect(page.getByText(/^Paused by/)).toBeVisible()
  })

  await test.step('cancelled: what is refused was never shown', async () => {
    const held = await holdBack(page, 'runs.cancel')
    await page.getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Cancel this run' }).click()
    const dialog = page.getByRole('dialog', { name: 'Cancel this run?' })
    await dialog.getByRole('button', { name: 'Cancel the run' }).click()
    await held.asked()
    await expect(state).toHaveText('paused')
    await db.execute(sql`
      update runs set state = 'failed', code = 'unexpected_page', finished_at = now(), state_at = now() where id = ${run}`)
    await announce(db, run)
    await expect(state).toHaveText('failed')
    await held.release()
    await expect(dialog.getByRole('alert')).toBeVisible()
    await expect(state).toHaveText('failed')
  })
})

test('for whoever wants no motion nothing moves: neither on the list nor on a run that does', async ({
  browser,
  system,
}) => {
  const { db } = system.database
  const scenes = await arrange(db)
  await renewScenes(db, scenes)
  const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB' })
  const page = await context.newPage()
  await page.addInitScript(noteMotion)
  await signIn(page, system, system.admin)

  await page.goto(`${system.url}/runs`)
  await walkList(page)
  expect(await motion(page)).toEqual([])
  await page.goto(`${system.url}/runs/${scenes.running}`)
  await walkRun(page)
  expect(await motion(page)).toEqual([])

  await test.step('of which there would be some', async () => {
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await page.goto(`${system.url}/runs`)
    await walkList(page)
    expect(await motion(page)).not.toEqual([])
    await page.goto(`${system.url}/runs/${scenes.running}`)
    await walkRun(page)
    expect(await motion(page)).not.toEqual([])
  })
  await context.close()
})

/** What comes and goes on it: a bar, a tooltip, a menu. */
async function walkList(page: Page): Promise<void> {
  const rows = page.getByRole('table', { name: 'Runs' }).locator('[data-row]')
  await rows.nth(1).getByRole('checkbox').check()
  const bar = page.getByRole('region', { name: 'Selected runs' })
  await expect(bar).toContainText('1 run selected')
  await rows.nth(1).locator('[data-moment]').first().hover({ force: true })
  await expect(page.getByRole('tooltip')).toBeVisible()
  await page.getByRole('button', { name: /look and sign out/ }).click()
  await expect(page.getByRole('menuitem', { name: 'Sign out' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('menuitem', { name: 'Sign out' })).toHaveCount(0)
}

/** A menu, and a dialog over it. */
async function walkRun(page: Page): Promise<void> {
  await expect(page.locator('main [data-family="moving"]').first()).toBeVisible()
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Cancel this run' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel this run?' })
  await expect(dialog).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
}

/** In the page, before anything of it: what begins to move is written down. */
function noteMotion(): void {
  const moved: string[] = []
  for (const kind of ['animationstart', 'transitionrun'] as const)
    document.addEventListener(
      kind,
      ({ target, type }) => moved.push(`${type} of ${(target as Element).className}`),
      true,
    )
  Object.assign(window, { moved })
}

/** What has begun to move on this page, and what moves now. */
function motion(page: Page): Promise<string[]> {
  return page.evaluate(() => [
    ...(window as unknown as { moved: string[] }).moved,
    ...document.getAnimations().map((one) => `${one.constructor.name} ${one.playState}`),
  ])
}

/** Two that are finished and one that waits, of a run that no worker takes up. */
async function addGalleries(db: Db, run: string): Promise<void> {
  await db.execute(sql`
    insert into galleries (client_id, run_id, ref, title, position, ordinal, state, waiting_since, ask_again_at, total, published, listed, listed_at, built_at)
    select client_id, id, title, title, n, n, stands::gallery_state, case when waits then now() end, case when waits then now() + interval '1 day' end,
      10, case when waits then 0 else 10 end, case when waits then 10 else 0 end, now(), now()
    from runs, (values (0, 'Lake', 'published', false), (1, 'Town hall', 'published', false), (2, 'Archive', 'waiting', true)) given (n, title, stands, waits)
    where id = ${run}`)
}
