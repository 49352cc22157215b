import { expect } from '@playwright/test'
import { eq } from 'drizzle-orm'
import { runGalleries, runs } from '#db/schema.ts'
import { arrange } from './scenes.ts'
import { test } from './system.ts'

test('of 1,763 galleries those that a search finds are left out with one click, and the plan counts anew', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { planned } = await arrange(db)
  await page.goto(`${system.url}/runs/${planned}`)
  const choose = page.getByRole('region', { name: 'Choose galleries' })
  const table = choose.getByRole('table')
  await expect(choose).toContainText('1,763 of 1,763 chosen')
  expect(await table.getByRole('row').count()).toBeLessThan(60)

  await test.step('a search, and all that it finds', async () => {
    await choose.getByLabel('Search galleries').fill('weddings smith')
    await expect(choose.getByRole('button', { name: 'Leave out these 37' })).toBeVisible()
    await choose.getByRole('button', { name: 'Leave out these 37' }).click()
    await expect(choose).toContainText('1,726 of 1,763 chosen')
    await choose.getByLabel('Search galleries').fill('')
  })

  await test.step('a folder, and one gallery of it again', async () => {
    const folder = table.getByRole('checkbox', { name: 'All in Weddings' })
    await expect(folder).toBeChecked({ indeterminate: true })
    await folder.check()
    await expect(choose).toContainText('1,763 of 1,763 chosen')
    await folder.uncheck()
    await table.getByRole('checkbox', { name: 'Smith & Doyle, Lake Como' }).first().check()
    await expect(choose).toContainText('1,470 of 1,763 chosen')
  })

  await test.step('the server knows, counts anew, and the page shows it after a reload', async () => {
    await expect(page.getByRole('region', { name: 'Plan' })).toContainText('1,470')
    const [run] = await db.select({ only: runs.only }).from(runs).where(eq(runs.id, planned))
    expect(run!.only!.length).toBe(1470)
    await page.reload()
    await expect(choose).toContainText('1,470 of 1,763 chosen')
  })

  await test.step('nothing chosen cannot be started', async () => {
    await choose.getByRole('button', { name: 'Leave out all' }).click()
    await expect(page.getByRole('button', { name: 'Start the migration' })).toBeDisabled()
    await choose.getByRole('button', { name: 'Choose all' }).click()
    await expect(page.getByRole('button', { name: 'Start the migration' })).toBeEnabled()
  })
})

test('a repeated migration shows what is different first, and why', async ({ signedIn: page, system }) => {
  const { repeated } = await arrange(system.database.db)
  await page.goto(`${system.url}/runs/${repeated}`)
  await expect(page.getByRole('region', { name: 'Plan' })).toContainText('11 galleries of Tom Ellery differ')
  const different = page.getByRole('region', { name: 'What is different' })
  await expect(different.getByRole('button', { name: 'different 11' })).toHaveAttribute('aria-pressed', 'true')
  await expect(different).toContainText('moved from “Weddings / 2013” to the top')
  await different.getByRole('button', { name: 'gone there 2' }).click()
  await expect(different.getByRole('row').filter({ hasText: 'kept here, and marked' })).toHaveCount(2)
  await different.getByRole('button', { name: 'the same 229' }).click()
  await expect(different).toContainText('238 of 238 chosen')
  const rows = await system.database.db.$count(runGalleries, eq(runGalleries.runId, repeated))
  expect(rows).toBe(240)
})
