// Everything by keys: the command menu, the rows of a list, and the switch that turns single keys off.
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { arrange } from './scenes.ts'
import { test } from './system.ts'

const menu = (page: Page) => page.getByRole('dialog', { name: 'Search and commands' })
const inBerlin = /^\d{1,2} \w+ \d{4}(,| at) \d\d:\d\d:\d\d (CES?T|GMT\+[12])$/
const inUtc = /^\d{1,2} \w+ \d{4}(,| at) \d\d:\d\d:\d\d UTC$/
test.use({ timezoneId: 'Europe/Berlin' })

const options = (page: Page) => menu(page).getByRole('option')

test('Ctrl-K goes to what is named, creates, and acts on what is open', async ({ signedIn: page, system }) => {
  const { db } = system.database
  const scenes = await arrange(db)
  await page.goto(system.url)
  await expect(page.getByRole('heading', { level: 1 })).toContainText('for you')

  await test.step('to a client by a part of its name', async () => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('lumen')
    await expect(options(page).first()).toContainText('Lumen Photography')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(new RegExp(`/clients/${scenes.client}$`))
  })

  await test.step('to a run by its id, at once', async () => {
    await page.keyboard.press('Control+k')
    await page.keyboard.insertText(scenes.paused)
    await expect(options(page).first()).toContainText('Atelier Río')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(new RegExp(`/runs/${scenes.paused}$`))
  })

  await test.step('what is open can be acted on; what does not fit says why', async () => {
    await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('this run')
    await expect(options(page).filter({ hasText: 'Pause this run' })).toContainText('It is paused already.')
    await expect(options(page).filter({ hasText: 'Pause this run' })).toHaveAttribute('data-combobox-disabled', 'true')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('cancel this run')
    await expect(options(page)).toHaveCount(1)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Cancel this run?' })
    await expect(dialog).toContainText('cannot be undone')
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
  })

  await test.step('to something new, and to a page', async () => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('create client')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog', { name: 'Add a client' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog', { name: 'Add a client' })).toBeHidden()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('my runs')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/runs\?staff=me$/)
  })
})

test('a gallery and a file are found by name, from whatever page', async ({ signedIn: page, system }) => {
  const { db } = system.database
  const { troubled } = await arrange(db)
  const { rows } = await db.execute<{ publicId: string; filename: string }>(sql`
    select g.public_id as "publicId", p.filename from photos p join galleries g on g.id = p.gallery_id where p.run_id = ${troubled} order by p.id limit 1`)
  await page.goto(`${system.url}/clients`)
  await expect(page.locator('main [data-row]').first()).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.keyboard.type(rows[0]!.filename.toLowerCase())
  await expect(options(page).first()).toContainText(rows[0]!.filename)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/galleries\/[0-9a-f-]{36}$/)
})

test('rows are walked, selected, opened and left by single keys', async ({ signedIn: page, system }) => {
  await arrange(system.database.db)
  await page.goto(`${system.url}/runs`)
  const rows = page.getByRole('table', { name: 'Runs' }).locator('[data-row]')
  await expect(rows.nth(3)).toBeVisible()
  const link = (n: number) => rows.nth(n).getByRole('link')
  await page.keyboard.press('j')
  await expect(link(0)).toBeFocused()
  await expect(page.getByRole('tooltip')).toHaveText(inBerlin)
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  await expect(link(1)).toBeFocused()
  const id = (await rows.nth(1).getAttribute('data-row'))!
  await expect(page).toHaveURL(new RegExp(`row=${id}`))

  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  const bar = page.getByRole('region', { name: 'Selected runs' })
  await expect(bar).toContainText('2 runs selected')
  await page.keyboard.press('Escape')
  await expect(bar).toBeHidden()
  await page.keyboard.press('k')
  await expect(link(1)).toBeFocused()

  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`/runs/${id}`))
  await expect(page.getByRole('navigation', { name: 'Where this is' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(new RegExp(`/runs\\?row=${id}`))
  await expect(page.locator(`[data-row="${id}"]`).getByRole('link')).toBeFocused()

  await test.step('a pasted link has its row in hand', async () => {
    const other = await page.context().newPage()
    await other.goto(page.url())
    await expect(other.locator(`[data-row="${id}"]`).getByRole('link')).toBeFocused()
    await other.close()
  })

  await test.step('in a field they are letters', async () => {
    await page.keyboard.press('/')
    const field = page.getByLabel('Search runs')
    await expect(field).toBeFocused()
    await page.keyboard.type('jxk?')
    await expect(field).toHaveValue('jxk?')
    await expect(bar).toBeHidden()
    await page.keyboard.press('Escape')
    await expect(field).not.toBeFocused()
  })

  await test.step('a question mark tells them all', async () => {
    await page.keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keys' })
    await expect(help).toContainText('Next row')
    await page.keyboard.press('Escape')
    await expect(help).toBeHidden()
  })
})

test('whoever switches single keys off is left alone by them; Ctrl-K stays', async ({ signedIn: page, system }) => {
  await arrange(system.database.db)
  await page.goto(`${system.url}/account`)
  const toggle = page.getByRole('switch', { name: 'Single keys do something' })
  await toggle.uncheck({ force: true })
  await page.goto(`${system.url}/runs`)
  const first = page.getByRole('table', { name: 'Runs' }).locator('[data-row]').first()
  await expect(first).toBeVisible()
  await page.keyboard.press('j')
  await page.keyboard.press('?')
  await expect(first.getByRole('link')).not.toBeFocused()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.keyboard.press('Control+k')
  await expect(menu(page)).toBeVisible()
})

test('a time tells its exact one, with its zone, to whoever has it by keyboard or by mouse', async ({
  signedIn: page,
  system,
}) => {
  const scenes = await arrange(system.database.db)
  const tooltip = page.getByRole('tooltip')
  const told = page.locator('[data-moment]:focus, :focus [data-moment]')

  for (const [path, ready] of [
    ['/', 'Lumen Photography'],
    ['/clients', 'Lumen Photography'],
    [`/runs/${scenes.paused}`, 'until the studio has bought more space'],
    ['/people', 'admin@pass.local'],
    ['/account', 'this one'],
    ['/workers', /memory/],
  ] as const)
    await test.step(`by the Tab key on ${path.replace(scenes.paused, '…')}`, async () => {
      await page.goto(`${system.url}${path}`)
      await expect(page.getByText(ready).filter({ visible: true }).first()).toBeVisible()
      await expect(async () => {
        await page.keyboard.press('Tab')
        expect(await told.count()).toBe(1)
      }).toPass({ intervals: [20] })
      await expect(tooltip).toHaveText(inBerlin)
      await expect(page.locator(':focus')).toHaveAccessibleDescription(inBerlin)
      await page.keyboard.press('Escape')
      await expect(tooltip).toHaveCount(0)
    })

  await test.step('by the mouse, though the link of the row lies over it', async () => {
    await page.goto(`${system.url}/runs`)
    await page.getByRole('table', { name: 'Runs' }).locator('[data-moment]').first().hover({ force: true })
    await expect(tooltip).toHaveText(inBerlin)
    await page.mouse.move(5, 5)
    await expect(tooltip).toHaveCount(0)
  })

  await test.step('in UTC, for whoever has chosen it', async () => {
    await page.getByRole('button', { name: /look and sign out/ }).click()
    await page.getByRole('menuitemradio', { name: 'Times in UTC' }).click()
    await page.getByRole('table', { name: 'Runs' }).locator('[data-moment]').first().hover({ force: true })
    await expect(tooltip).toHaveText(inUtc)
  })

  await test.step('dark, from the beginning of the next page, for whoever has chosen that', async () => {
    await page.getByRole('button', { name: /look and sign out/ }).click()
    await page.getByRole('menuitemradio', { name: 'Dark' }).click()
    await page.reload({ waitUntil: 'domcontentloaded' })
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark')
    await page.getByRole('button', { name: /look and sign out/ }).click()
    await expect(page.getByRole('menuitemradio', { name: 'Dark' })).toBeChecked()
  })
})
