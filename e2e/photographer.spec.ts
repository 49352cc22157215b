// From a link that staff make to an answer on the photographer's phone.
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { failOnePhoto, runState } from './ledger.ts'
import { type System, test } from './system.ts'

const phone = { width: 390, height: 844 }

test('a photographer sees by a link that all is safe, says what is missing, and is answered', async ({
  signedIn: staff,
  system,
  browser,
}) => {
  const { clientId, runId } = await migrated(staff, system)
  const filename = await failOnePhoto(system.database.db, runId)
  const url = await makeLink(staff, system, runId)
  const context = await browser.newContext({ viewport: phone, locale: 'en-GB' })
  const page = await context.newPage()

  await test.step('one sentence on top, albums beside the source’s counts, the reason of what differs', async () => {
    await page.goto(url)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(
      '299 of 300 photos are safe with us; 1 needs a look.',
    )
    await expect(page.getByRole('region', { name: 'Albums' })).toContainText('25 here · 25 at Zenfolio')
    const different = page.getByRole('region', { name: 'What is different' })
    await different.getByText('Which photos').click()
    await expect(different).toContainText(filename)
    expect(await page.getByRole('main').textContent()).not.toMatch(
      /\b(run|ledger|step|job|queue|worker|rendition)s?\b/i,
    )
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(phone.width)
  })

  await test.step('pictures of an album, from the media origin', async () => {
    const albums = page.getByRole('region', { name: 'Albums' })
    await albums.getByRole('button').first().click()
    const picture = albums.getByRole('img').first()
    await expect(picture).toHaveAttribute('src', new RegExp(`^${system.mediaUrl}/image/.*sig=`))
    await expect.poll(() => picture.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
  })

  await test.step('a problem goes to staff, and their answer comes back by itself', async () => {
    await page.getByRole('button', { name: 'Something is missing or wrong' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Your name').fill('Clara Holt')
    await dialog.getByLabel('What did you see?').fill('One picture of the ceremony is missing.')
    await dialog.getByRole('button', { name: 'Tell us' }).click()
    await expect(page.getByRole('list', { name: 'What you told us' })).toContainText('we are looking at it')
    await staff.goto(system.url)
    const waiting = staff.getByRole('region', { name: 'Photographers wait for an answer' })
    await expect(waiting).toContainText('One picture of the ceremony is missing.')
    await waiting.getByRole('button', { name: 'Answer' }).click()
    await staff.getByRole('dialog').getByLabel('Answer').fill('We asked for another copy.')
    await staff.getByRole('button', { name: 'Settle it' }).click()
    await expect(page.getByText('We asked for another copy.')).toBeVisible()
    await expect(waiting).toBeHidden()
  })

  await test.step('they say that it is right, with their name', async () => {
    await page.getByRole('button', { name: 'Everything looks right' }).click()
    await page.getByRole('dialog').getByLabel('Your name').fill('Clara Holt')
    await page.getByRole('button', { name: 'Yes, it is right' }).click()
    await expect(page.getByRole('main')).toContainText('Clara Holt said that everything is right')
    await staff.goto(`${system.url}/runs/${runId}`)
    await expect(staff.getByRole('region', { name: 'What happened' })).toContainText(
      'The photographer says that everything is right',
    )
  })

  await test.step('a link that is revoked closes the page', async () => {
    await staff.goto(`${system.url}/clients/${clientId}`)
    await staff.getByRole('button', { name: 'Revoke' }).click()
    await expect(page.getByText('This link does not work any more')).toBeVisible()
  })
  await context.close()
})

async function makeLink(staff: Page, system: System, runId: string): Promise<string> {
  await staff.goto(`${system.url}/runs/${runId}`)
  await staff.getByRole('button', { name: 'Proof' }).click()
  await staff.getByRole('menuitem', { name: 'Link for the photographer' }).click()
  await staff.getByRole('button', { name: 'Make the link' }).click()
  return staff.getByRole('dialog').getByRole('textbox', { name: 'Link' }).inputValue()
}

async function migrated(staff: Page, { url, standIn, database: { db } }: System) {
  const call = async (name: string, json: unknown): Promise<string> => {
    const answer = await staff.request.post(`${url}/api/trpc/${name}`, { data: { json }, headers: { origin: url } })
    return (await answer.json()).result.data.json.id
  }
  const clientId = await call('clients.create', { name: 'Clara Holt', email: 'clara@pass.test' })
  const { endpoints, credentials } = standIn
  const sourceId = await call('sources.add', { clientId, provider: 'zenfolio', credentials, endpoints })
  const runId = await call('runs.create', { sourceId, renditions: ['thumb', 'web'], autoStart: true })
  await expect.poll(async () => (await runState(db, runId)).state, { timeout: 180_000 }).toBe('done')
  const { rows } = await db.execute(sql`select from mails where client_id = ${clientId}`)
  expect(rows).toHaveLength(2)
  return { clientId, runId }
}
