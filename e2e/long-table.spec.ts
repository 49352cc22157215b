import { expect } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { announce } from './ledger.ts'
import { arrange } from './scenes.ts'
import { test } from './system.ts'

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

  await test.step('a state and a search narrow it, and a pasted address shows the same', async () => {
    await page.getByRole('button', { name: /needs you 2/ }).click()
    await expect(links).toHaveCount(2)
    await expect(table).toContainText('Gallery needs a password')
    await page.getByLabel('Search galleries').fill('aiko')
    await expect(links).toHaveCount(1)
    await expect(page).toHaveURL(/state=attention&q=aiko/)
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

test('what is skipped is accepted by a person, and the timeline says by whom', async ({ signedIn: page, system }) => {
  const { troubled } = await arrange(system.database.db)
  await page.goto(`${system.url}/runs/${troubled}`)
  await page.getByTestId('cause-gone_at_source').getByRole('button', { name: 'Accept' }).click()
  await expect(page.getByTestId('cause-gone_at_source')).toContainText(`accepted by ${system.admin.email}`)
  await expect(page.getByRole('region', { name: 'What happened' })).toContainText('Accepted as it is: gone_at_source')
})
