import { expect, type Page } from '@playwright/test'
import { failOnePhoto, runState } from './ledger.ts'
import { test } from './system.ts'

test('a client moves: from sign-in to the last retried photo', async ({ page, system }) => {
  const { standIn, database, gate, admin, url } = system
  const broken: string[] = []
  page.on('pageerror', (error) => broken.push(error.message))

  await test.step('signs in', async () => {
    await page.goto(url)
    await expect(page).toHaveURL(/\/sign-in/)
    await page.getByLabel('E-mail').fill(admin.email)
    await page.getByLabel('Password', { exact: true }).fill(admin.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('link', { name: 'Clients' })).toBeVisible()
  })

  await test.step('adds a client', async () => {
    await page.getByRole('link', { name: 'Clients' }).click()
    await page.getByRole('button', { name: 'Add a client' }).first().click()
    await page.getByLabel('Name').fill('Nora Lindt')
    await page.getByLabel('E-mail').fill('nora@lindt.test')
    await page.getByRole('button', { name: 'Add the client' }).click()
    await expect(page.getByRole('heading', { name: 'Nora Lindt' })).toBeVisible()
  })

  await test.step('adds a source, and sees that it answers', async () => {
    await page.getByRole('button', { name: 'Add a source' }).click()
    await page.getByRole('textbox', { name: 'Login name' }).fill(standIn.credentials.loginName!)
    await page.getByLabel('Password', { exact: true }).fill(standIn.credentials.password!)
    await page.getByRole('button', { name: 'Advanced' }).click()
    await page.getByLabel('Endpoint: api').fill(standIn.endpoints.api!)
    await page.getByRole('button', { name: 'Add and test' }).click()
    await expect(page.getByTestId('source')).toContainText('connected')
  })

  await test.step('reads the plan', async () => {
    await page.getByTestId('source').getByRole('link', { name: 'Migrate' }).click()
    await page.getByRole('button', { name: 'Look at what is there' }).click()
    const plan = page.getByRole('region', { name: 'Plan' })
    await expect(plan).toContainText('300 photos')
    await expect(plan).toContainText('Expected to take')
    await expect(page.getByRole('region', { name: 'What comes along' })).toContainText('Gallery passwords')
  })

  // So slow that there is something to watch.
  await standIn.faults({ latencyMs: 400 })
  const runId = page.url().split('/').at(-1)!

  await test.step('starts, and sees the numbers move without a reload', async () => {
    await page.evaluate(() => Object.assign(window, { neverReloaded: true }))
    await page.getByRole('button', { name: 'Start the migration' }).click()
    await expect.poll(() => copied(page)).toBeGreaterThan(0)
    const before = await copied(page)
    await expect.poll(() => copied(page)).toBeGreaterThan(before)
    await expect(page.getByRole('progressbar', { name: 'Photos of this run' })).toHaveAttribute(
      'aria-valuetext',
      /copied/,
    )
    await expect(page).toHaveTitle(/\d+ % · Nora Lindt/)
  })

  await test.step('loses the connection, says so, and catches up', async () => {
    gate.shut()
    await expect(page.getByRole('status', { name: /Connection: reconnecting/ })).toBeVisible()
    await expect(page.getByRole('status', { name: /Connection: stale since/ })).toBeVisible()
    await standIn.faults({ reset: true })
    await expect.poll(async () => (await runState(database.db, runId)).state, { timeout: 120_000 }).toBe('done')
    gate.open()
    await expect(page.getByRole('status', { name: 'Connection: live' })).toBeVisible()
    await expect(page.getByRole('region', { name: 'Progress' })).toContainText('300 of 300 photos safe')
    await expect(page).toHaveTitle(/done · Nora Lindt/)
    expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true)
  })

  await test.step('opens a gallery and sees its pictures in order', async () => {
    await page.getByRole('table', { name: 'Galleries' }).getByRole('link').first().click()
    const pictures = page.getByRole('list', { name: 'Pictures' }).getByRole('img')
    await expect(pictures.first()).toBeVisible()
    await expect
      .poll(() =>
        pictures.evaluateAll(
          (all) => all.length > 0 && (all as HTMLImageElement[]).every((one) => one.naturalWidth > 0),
        ),
      )
      .toBe(true)
    const names = await pictures.evaluateAll((all) => all.map((one) => one.parentElement?.getAttribute('aria-label')))
    expect(names).toEqual([...names].sort())
    await pictures.first().click()
    const large = page.getByRole('dialog')
    await expect(large).toContainText('1 of 25')
    await page.keyboard.press('ArrowRight')
    await expect(large).toContainText('2 of 25')
    await page.keyboard.press('Escape')
    await expect(large).toBeHidden()
  })

  await test.step('tries a failed photo again', async () => {
    await page.goto(`${url}/runs/${runId}`)
    await expect(page.getByRole('status', { name: 'Connection: live' })).toBeVisible()
    const filename = await failOnePhoto(database.db, runId)
    const cause = page.getByTestId('cause-truncated')
    await cause.getByRole('button', { name: /^Cut off on the way/ }).click()
    await expect(cause).toContainText(filename)
    await cause.getByLabel(`Choose ${filename}`).check()
    await cause.getByRole('button', { name: 'Retry 1 chosen photo' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog).toContainText('The 299 photos that are safe are not touched')
    await dialog.getByRole('button', { name: 'Try it again' }).click()
    await expect(page.getByRole('region', { name: 'Progress' })).toContainText('300 of 300 photos safe')
    await expect(cause).toBeHidden()
  })

  await test.step('checks for changes, and finds none', async () => {
    await expect(page).toHaveTitle(/^done · Nora Lindt/)
    await page.getByRole('button', { name: 'Check for changes' }).click()
    await expect(page).not.toHaveURL(new RegExp(runId))
    await expect(page.getByRole('region', { name: 'Plan' })).toContainText('Nothing has changed')
    await expect(page.getByRole('region', { name: 'What is different' })).toContainText('12 of 12 chosen')
    await page.getByRole('button', { name: 'Close this check' }).click()
    await expect(page.getByRole('region', { name: 'Progress' })).toContainText('300 of 300 photos safe')
    await expect(page).toHaveTitle(/done · Nora Lindt/)
  })

  expect(broken).toEqual([])
})

const copied = async (page: Page) => Number(await page.getByTestId('count-copied').getAttribute('data-value'))
