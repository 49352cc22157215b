import { expect } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { announce } from './ledger.ts'
import { arrange } from './scenes.ts'
import { test } from './system.ts'
import { watchTraffic } from './traffic.ts'

test('a run of 1,763 galleries: few rows in the page, every one within reach, filters in the address', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { running } = await arrange(db)
  await page.goto(`${system.url}/runs/${running}`)
  const table = page.getByRole('table', { name: 'Galleries' })
  const links = table.getByRole('link')
  await expect(links.first()).toContainText('Smith & Doyle, Lake Como')
  await expect(table).toHaveAttribute('aria-rowcount', '1764')

  await test.step('the last row comes by scrolling, and the page stays small', async () => {
    const last = table.locator('[aria-rowindex="1764"]')
    await expect
      .poll(async () => {
        await table.evaluate((box) => box.scrollTo(0, box.scrollHeight))
        return last.getByRole('link').count()
      })
      .toBe(1)
    expect(await table.getByRole('row').count()).toBeLessThan(60)
  })

  await test.step('gone into and come back to, it stands where it stood', async () => {
    const row = table.locator('[aria-rowindex="1700"]')
    await table.evaluate((box) => box.scrollTo(0, 1690 * 40))
    await row.scrollIntoViewIfNeeded()
    const top = () => row.evaluate((one) => one.getBoundingClientRect().top)
    const before = await top()
    await row.getByRole('link').click()
    await expect(page).toHaveURL(/\/galleries\//)
    await page.goBack()
    await expect(row.getByRole('link')).toBeFocused()
    await expect.poll(top).toBeCloseTo(before, -1)
  })

  await test.step('a state and a search narrow it, and a pasted address shows the same', async () => {
    await page.getByRole('button', { name: /needs you 2/ }).click()
    await expect(links).toHaveCount(2)
    await expect(table).toContainText('Gallery needs a password')
    await page.getByLabel('Search galleries').fill('aiko')
    await expect(links).toHaveCount(1)
    await expect(page).toHaveURL(/state=attention.*&q=aiko/)
    await page.goto(page.url())
    await expect(links).toHaveCount(1)
    await page.getByLabel('Search galleries').fill('nobody of that name')
    await page.getByRole('button', { name: 'Show all' }).click()
    await expect(table).toHaveAttribute('aria-rowcount', '1764')
  })

  await test.step('a gallery that comes to its end changes in its row, and no row moves', async () => {
    const row = table.locator('[aria-rowindex="5"]')
    await expect(row).toContainText('Counts do not agree')
    const before = await links.allTextContents()
    await db.execute(sql`
      update galleries set state = 'published', code = null, listed = 0, published = 29 where run_id = ${running} and ref = 'g3'`)
    await announce(db, running)
    await expect(row).toContainText('safe')
    expect(await links.allTextContents()).toEqual(before)
  })
})

test('what has lasted so far goes on by the second, and nothing is asked for that', async ({
  signedIn: page,
  system,
}) => {
  const { running } = await arrange(system.database.db)
  const traffic = await watchTraffic(page)
  await page.goto(`${system.url}/runs/${running}`)
  await expect(page.getByRole('table', { name: 'Galleries' }).getByRole('link').first()).toBeVisible()
  await traffic.beat()
  const stages = page.getByRole('list', { name: 'Stages' })
  for (let second = 0; second < 3; second++) {
    const before = (await stages.textContent())!
    expect(before).toMatch(/· \d+ (h|min) \d+ (min|s)/)
    await expect.poll(() => stages.textContent()).not.toBe(before)
  }
  expect(traffic.end()).toEqual([])
})

test('what is skipped is accepted by a person, and the timeline says by whom', async ({ signedIn: page, system }) => {
  const { troubled } = await arrange(system.database.db)
  await page.goto(`${system.url}/runs/${troubled}`)
  await page.getByTestId('cause-gone_at_source').getByRole('button', { name: 'Accept' }).click()
  await expect(page.getByTestId('cause-gone_at_source')).toContainText(`accepted by ${system.admin.email}`)
  await expect(page.getByRole('region', { name: 'What happened' })).toContainText('Accepted as it is: gone_at_source')
})
