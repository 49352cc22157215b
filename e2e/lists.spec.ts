// Many runs side by side: found, narrowed, acted on together, and never moving under the hand.
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { createUser } from '#server/accounts.ts'
import { parseEnv } from '#server/env.ts'
import { addOne, addRuns, announce } from './ledger.ts'
import { arrange } from './scenes.ts'
import { type System, test } from './system.ts'

const table = (page: Page) => page.getByRole('table', { name: 'Runs' })
const rows = (page: Page) => table(page).locator('[data-row]')
const tab = (page: Page, name: RegExp) => page.getByRole('group', { name: 'By state' }).getByRole('button', { name })

async function open(page: Page, system: System, path: string): Promise<void> {
  await page.goto(`${system.url}${path}`)
  await expect(page.getByRole('status', { name: 'Connection: live' })).toBeVisible()
}

test('home says what needs somebody, what moves and what has ended, and follows within two seconds', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  await arrange(db)
  const { ids } = await addRuns(db, 'Home Studio', ['running'])
  await open(page, system, '/')
  const of = (name: string) => page.getByRole('region', { name }).locator(`[data-row="${ids[0]}"]`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/runs? waits? for you, .* moving/)
  await expect(of('Moving')).toBeVisible()
  await db.execute(
    sql`update runs set state = 'blocked', todo = 'Sign in again', state_at = now() where id = ${ids[0]}`,
  )
  await announce(db, ids[0]!)
  await expect(of('Needs you')).toContainText('Sign in again', { timeout: 2000 })
  await db.execute(sql`update runs set state = 'done', finished_at = now(), state_at = now() where id = ${ids[0]}`)
  await announce(db, ids[0]!)
  await expect(of('Ended since yesterday')).toContainText('done', { timeout: 2000 })
})

test('a change in the ledger is in the row within two seconds; a lost connection is told, and made up for', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { clientId, ids } = await addRuns(db, 'Live Studio', ['running', 'running'])
  await open(page, system, `/runs?client=${clientId}`)
  await expect(rows(page)).toHaveCount(2)
  const row = table(page).locator(`[data-row="${ids[1]}"]`)
  // Its only gallery is in an archive: as soon as a worker sees that, it waits.
  await expect(row).toContainText(/moving|waits for provider/)
  await db.execute(sql`update runs set state = 'paused' where id = ${ids[1]}`)
  await announce(db, ids[1]!)
  await expect(row).toContainText('paused', { timeout: 2000 })
  await expect(tab(page, /^paused 1/)).toBeVisible()

  system.gate.shut()
  await expect(page.getByRole('status', { name: /Connection: stale since/ })).toBeVisible()
  await expect(row).toBeVisible()
  await db.execute(sql`update runs set state = 'done' where id = ${ids[0]}`)
  system.gate.open()
  await expect(page.getByRole('status', { name: 'Connection: live' })).toBeVisible()
  await expect(table(page).locator(`[data-row="${ids[0]}"]`)).toContainText('done')
  await expect(rows(page)).toHaveCount(2)
})

test('while somebody reads no row comes, goes or moves: what would waits behind a number', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { clientId, ids } = await addRuns(db, 'Still Studio', ['paused', 'paused', 'paused'])
  await open(page, system, `/runs?client=${clientId}&tab=paused`)
  await expect(rows(page)).toHaveCount(3)

  await test.step('nobody reads: a new one comes by itself', async () => {
    await page.mouse.move(5, 5)
    const fresh = await addOne(db, clientId, 'paused')
    await expect(rows(page).first()).toHaveAttribute('data-row', fresh)
    ids.unshift(fresh)
  })

  await test.step('the mouse is in the list: nothing moves', async () => {
    await table(page).locator(`[data-row="${ids[1]}"]`).hover()
    const fresh = [await addOne(db, clientId, 'paused'), await addOne(db, clientId, 'paused')]
    await db.execute(sql`update runs set state = 'cancelled', finished_at = now() where id = ${ids[2]}`)
    await announce(db, ids[2]!)
    const waiting = page.getByRole('button', { name: '2 new, 1 moved on: show the list as it is' })
    await expect(waiting).toBeVisible()
    expect(await rows(page).evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.row))).toEqual(ids)
    await expect(table(page).locator(`[data-row="${ids[2]}"]`)).toContainText('cancelled')
    // The way there is no end of reading.
    await waiting.click()
    await expect(rows(page)).toHaveCount(5)
    await expect(rows(page).nth(0)).toHaveAttribute('data-row', fresh[1]!)
    await expect(table(page).locator(`[data-row="${ids[2]}"]`)).toHaveCount(0)
  })

  await test.step('the keyboard is in the list: nothing moves, on the way to the number either', async () => {
    const selectAll = table(page).getByRole('checkbox', { name: 'Select all rows that are loaded' })
    await selectAll.focus()
    await page.keyboard.press('Tab')
    await page.mouse.move(5, 5)
    const fresh = await addOne(db, clientId, 'paused')
    const waiting = page.getByRole('button', { name: '1 new: show the list as it is' })
    await expect(waiting).toBeVisible()
    while (!(await waiting.evaluate((button) => button === document.activeElement)))
      await page.keyboard.press('Shift+Tab')
    await expect(rows(page)).toHaveCount(5)
    await page.keyboard.press('Enter')
    await expect(rows(page).first()).toHaveAttribute('data-row', fresh)
    const next = await addOne(db, clientId, 'paused')
    await expect(rows(page).first()).toHaveAttribute('data-row', next)
    await expect(rows(page)).toHaveCount(7)
  })

  await test.step('something is selected: nothing moves, wherever the mouse is', async () => {
    await rows(page).nth(1).getByRole('checkbox').check()
    await page.mouse.move(5, 5)
    await addOne(db, clientId, 'paused')
    await expect(page.getByRole('button', { name: /^1 new/ })).toBeVisible()
    await expect(rows(page)).toHaveCount(7)
  })

  await test.step('there is nothing to read: what comes is shown, wherever the mouse is', async () => {
    await open(page, system, `/runs?client=${clientId}&tab=done`)
    await page.getByText('Nothing here').hover()
    const first = await addOne(db, clientId, 'done')
    await expect(rows(page)).toHaveCount(1)
    await expect(rows(page).first()).toHaveAttribute('data-row', first)
  })
})

test('filter, tab and search stand in the address: whoever pastes it sees the same', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { ids } = await addRuns(db, 'Address Studio', ['done', 'done', 'paused'])
  await open(page, system, '/runs')
  await page.getByLabel('Search runs').fill('address studio')
  await expect(rows(page)).toHaveCount(3)
  await tab(page, /^done 2/).click()
  await expect(rows(page)).toHaveCount(2)
  await page.getByRole('button', { name: 'Kind' }).click()
  await page.getByRole('radio', { name: 'Uploads' }).check()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/\/runs\?tab=done&kind=upload&q=address\+studio$/)

  await test.step('pasted', async () => {
    const other = await page.context().newPage()
    await open(other, system, new URL(page.url()).pathname + new URL(page.url()).search)
    await expect(rows(other)).toHaveCount(2)
    await expect(tab(other, /^done 2/)).toHaveAttribute('aria-pressed', 'true')
    await expect(other.getByLabel('Search runs')).toHaveValue('address studio')
    await other.close()
  })

  await test.step('chips are taken away one by one', async () => {
    await page.getByRole('button', { name: 'Remove the filter Kind: uploads' }).click()
    await expect(page).toHaveURL(/\/runs\?tab=done&q=address\+studio$/)
  })

  await test.step('a view is kept under a name, and brings the same again', async () => {
    await page.getByRole('button', { name: 'Views' }).click()
    await page.getByRole('menuitem', { name: 'Save this view…' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Address, done')
    await page.getByRole('button', { name: 'Save the view' }).click()
    await expect(page.getByRole('button', { name: 'Address, done' })).toBeVisible()
    await page.getByRole('button', { name: 'Address, done' }).click()
    await page.getByRole('menuitem', { name: 'Needs attention' }).click()
    await expect(page).toHaveURL(/\/runs\?tab=attention$/)
    await page.getByRole('button', { name: 'Needs attention' }).click()
    await page.getByRole('menuitem', { name: 'Address, done', exact: true }).click()
    await expect(rows(page)).toHaveCount(2)
    await expect(page).toHaveURL(/\/runs\?tab=done&q=address\+studio$/)
  })

  await test.step('the file to take away has the rows of the filter', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as CSV' }).click(),
    ])
    const text = await (await download.createReadStream()).setEncoding('utf8').toArray()
    expect(text.join('').trimEnd().split('\r\n')).toHaveLength(3)
    expect(text.join('')).toContain(ids[0])
  })

  await test.step('a list stands where it stood when one comes back to it', async () => {
    const many = await addRuns(
      db,
      'Scroll Studio',
      Array.from({ length: 260 }, () => 'done'),
    )
    await open(page, system, `/runs?client=${many.clientId}`)
    const target = table(page).locator(`[data-row="${many.ids[180]}"]`)
    await expect
      .poll(
        async () => {
          await page.evaluate(() => window.scrollBy(0, 500))
          return target.count()
        },
        { intervals: [150] },
      )
      .toBe(1)
    await target.scrollIntoViewIfNeeded()
    expect(await rows(page).count()).toBeLessThan(60)
    const before = await target.evaluate((one) => one.getBoundingClientRect().top)
    await target.getByRole('link').click()
    await expect(page).toHaveURL(new RegExp(`/runs/${many.ids[180]}`))
    await page.goBack()
    await expect(target).toBeVisible()
    await expect.poll(() => target.evaluate((one) => one.getBoundingClientRect().top)).toBeCloseTo(before, -1)
    await expect(target.getByRole('link')).toBeFocused()
  })
})

test('all that match are acted on at once, in parts, and what was refused is told with its reason', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const states = Array.from({ length: 230 }, (_, n) => (n % 10 === 0 ? 'done' : 'paused'))
  const { clientId } = await addRuns(db, 'Bulk Studio', states)
  await open(page, system, `/runs?client=${clientId}`)
  await page.getByRole('checkbox', { name: 'Select all rows that are loaded' }).check()
  const bar = page.getByRole('region', { name: 'Selected runs' })
  await bar.getByRole('button', { name: 'Select all 230 matching' }).click()
  await expect(bar).toContainText('230 runs selected')
  await bar.getByRole('button', { name: /^Cancel/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancel 230 runs?' })
  await expect(dialog).toContainText('23 runs do not fit: It has ended.')
  await expect(dialog).toContainText('cannot be undone')
  await dialog.getByLabel('Note').fill('the studio has left')
  await dialog.getByRole('button', { name: 'Cancel 207' }).click()
  const report = page.getByRole('dialog', { name: 'Cancel' })
  await expect(report.getByRole('status')).toHaveText('207 runs cancelled, 23 not.')
  await expect(report).toContainText('23 not: It has ended.')
  await expect(report.getByRole('link', { name: 'Bulk Studio' }).first()).toBeVisible()
  const { rows: told } = await db.execute<{ n: number }>(sql`
    select count(*)::int as n from audit where act = 'run.cancel' and client_id = ${clientId} and data->>'note' = 'the studio has left'`)
  expect(told[0]!.n).toBe(207)
})

test('whose work comes first is said of all that match, and of one run, and is seen in both places', async ({
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const { clientId, ids } = await addRuns(db, 'Hurried Studio', ['running', 'running', 'done'])
  await open(page, system, `/runs?client=${clientId}`)
  const bar = page.getByRole('region', { name: 'Selected runs' })
  await table(page).getByRole('checkbox', { name: 'Select all rows that are loaded' }).check()
  await bar.getByRole('button', { name: /^Prioritise/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Prioritise 3 runs?' })
  await expect(dialog).toContainText('1 run does not fit: It has ended.')
  await dialog.getByRole('radio', { name: /^last/ }).check()
  await dialog.getByRole('button', { name: 'Prioritise 2' }).click()
  await expect(page.getByRole('status').filter({ hasText: '2 runs prioritised, 1 not.' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(table(page).getByText('comes last')).toHaveCount(2)

  await page.goto(`${system.url}/runs/${ids[0]}`)
  await expect(page.getByText('comes last')).toBeVisible()
  await page.getByRole('button', { name: 'More' }).click()
  await expect(page.getByRole('menuitemradio', { name: 'last' })).toHaveAttribute('aria-checked', 'true')
  await page.getByRole('menuitemradio', { name: 'first' }).click()
  await expect(page.getByText('comes first')).toBeVisible({ timeout: 2000 })
  await expect(page.getByRole('region', { name: 'What happened' })).toContainText('Its work is taken: first')

  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Keep evidence of what fails for an hour' }).click()
  await expect(page.getByText('whatever fails is kept with the requests that led there')).toBeVisible()
  const { rows: told } = await db.execute<{ actor: string }>(
    sql`select actor from audit where act = 'run.prioritise' and client_id = ${clientId}`,
  )
  expect(told.map(({ actor }) => actor)).toEqual(Array(3).fill(system.admin.email))
})

test('what does not fit is there, out of use, and says why', async ({ signedIn: page, system }) => {
  const { db } = system.database
  const { clientId, ids } = await addRuns(db, 'Fitting Studio', ['done', 'paused'])
  await open(page, system, `/runs?client=${clientId}`)
  const bar = page.getByRole('region', { name: 'Selected runs' })
  await table(page).locator(`[data-row="${ids[0]}"]`).getByRole('checkbox').check()
  const resume = bar.getByRole('button', { name: /^Resume/ })
  await expect(resume).toHaveAttribute('aria-disabled', 'true')
  await resume.hover()
  await expect(page.getByRole('tooltip', { name: 'It has ended.' })).toBeVisible()
  await table(page).locator(`[data-row="${ids[1]}"]`).getByRole('checkbox').check()
  await expect(resume).not.toHaveAttribute('aria-disabled', 'true')
  await expect(resume).toHaveText('Resume1')
  await bar.getByRole('button', { name: /^Assign/ }).click()
  const dialog = page.getByRole('dialog', { name: 'Assign 2 runs?' })
  await dialog.getByRole('button', { name: 'Assign 2' }).click()
  await expect(page.getByRole('status').filter({ hasText: '2 runs assigned.' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.goto(`${system.url}/runs?client=${clientId}&staff=me`)
  await expect(rows(page)).toHaveCount(2)

  await test.step('the client’s page tells who did it, and shows the last runs as bars', async () => {
    await page.goto(`${system.url}/clients/${clientId}`)
    const acts = page.getByRole('region', { name: 'Who did what' })
    await expect(acts.getByRole('listitem')).toHaveCount(2)
    await expect(acts.getByRole('link', { name: 'gave a run to somebody' }).first()).toBeVisible()
    await expect(acts).toContainText(system.admin.email)
    const bars = page.getByRole('navigation', { name: 'The last 2 runs' }).getByRole('link')
    await expect(bars).toHaveCount(2)
    await expect(bars.last()).toHaveAttribute('href', `/runs/${ids[0]}`)
  })
})

test('the list is a file for whoever may see it, and for nobody else', async ({ system, playwright }) => {
  const { db } = system.database
  const { clientId } = await addRuns(db, 'Guarded Studio', ['done'])
  const house = { db, secretKey: Buffer.alloc(32), env: parseEnv({}) }
  const statusOf = async (person: { email: string; password: string } | null) => {
    const api = await playwright.request.newContext({ extraHTTPHeaders: { origin: system.url } })
    if (person) await api.post(`${system.url}/api/auth/sign-in/email`, { data: person })
    const answers = [
      await api.get(`${system.url}/api/export/runs?query=${JSON.stringify({ clientId })}`),
      await api.get(`${system.url}/api/export/runs?query={"tab":"constructor"}`),
    ].map((answer) => answer.status())
    await api.dispose()
    return answers
  }
  const email = `photographer-${crypto.randomUUID()}@pass.test`
  const photographer = await createUser(house, { email, role: 'photographer', clientId })
  expect(await statusOf(null)).toEqual([401, 401])
  expect(await statusOf(photographer)).toEqual([403, 403])
  expect(await statusOf(system.admin)).toEqual([200, 400])
})

test('a long list is written for whoever asked for it, who is told wherever they are', async ({
  signedIn: page,
  system,
  playwright,
}) => {
  const { db } = system.database
  const many = Array.from({ length: 1050 }, () => 'done')
  const { clientId, ids } = await addRuns(db, '=Formula Studio', many)
  await open(page, system, `/runs?client=${clientId}`)
  await page.getByRole('button', { name: 'Export 1,050 as CSV' }).click()
  await expect(page.getByText('The list is being written.')).toBeVisible()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Clients' }).click()
  const told = page.getByRole('alert').filter({ hasText: 'Your list of 1,050 runs is ready' })
  await expect(told).toBeVisible({ timeout: 15_000 })
  const link = told.getByRole('link', { name: 'download it' })
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
  const text = (await (await download.createReadStream()).setEncoding('utf8').toArray()).join('')
  expect(text.trimEnd().split('\r\n')).toHaveLength(1051)
  expect(text).toContain(ids.at(-1))
  expect(text).toContain("'=Formula Studio")

  await page.goto(`${system.url}/runs`)
  await page.getByRole('button', { name: 'Your files' }).click()
  await expect(page.getByRole('menuitem', { name: /^1,050 runs, .* until/ })).toBeVisible()

  const address = `${system.url}${await page.getByRole('menuitem', { name: /^1,050 runs/ }).getAttribute('href')}`
  const house = { db, secretKey: Buffer.alloc(32), env: parseEnv({}) }
  const other = await createUser(house, { email: `staff-${crypto.randomUUID()}@pass.test`, role: 'staff' })
  const statusOf = async (person: { email: string; password: string } | null) => {
    const api = await playwright.request.newContext({ extraHTTPHeaders: { origin: system.url } })
    if (person) await api.post(`${system.url}/api/auth/sign-in/email`, { data: person })
    const status = (await api.get(address)).status()
    await api.dispose()
    return status
  }
  expect(await statusOf(null)).toBe(401)
  expect(await statusOf(other)).toBe(404)
  expect(await statusOf(system.admin)).toBe(200)
})

test('every empty list says the next step', async ({ signedIn: page, system }) => {
  await addRuns(system.database.db, 'Empty Studio', ['done'])
  await open(page, system, '/runs?q=nobody+of+that+name')
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await expect(rows(page).first()).toBeVisible()
  await expect(page.getByLabel('Search runs')).toHaveValue('')
  await page.goto(`${system.url}/runs?client=${crypto.randomUUID()}`)
  await expect(page.getByRole('heading', { name: 'No run matches' })).toBeVisible()
  await page.goto(`${system.url}/clients?q=nobody+of+that+name`)
  await page.getByRole('button', { name: 'Show all' }).click()
  await expect(page.locator('main [data-row]').first()).toBeVisible()
})
