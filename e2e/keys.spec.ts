import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import sharp from 'sharp'
import { aReceiver } from './receiver.ts'
import { test } from './system.ts'

/** A client of its own; the page shows its overview then. */
async function aClient(page: Page, url: string, name: string) {
  await page.goto(`${url}/clients`)
  await page.getByRole('button', { name: 'Add a client' }).first().click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Add the client' }).click()
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
}

const place = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Of this client' }).getByRole('link', { name }).click()

test('a key is made, shown once and revoked', async ({ signedIn: page, system }) => {
  await aClient(page, system.url, 'Keys Studio')
  await place(page, 'Keys')
  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByLabel('Name').fill('The shop')
  await page.getByLabel('Process').check()
  await page.getByRole('button', { name: 'Make the key' }).click()
  const dialog = page.getByRole('dialog', { name: 'Keep these now' })
  await expect(dialog.locator('code')).toHaveCount(2)
  const [key, secret] = await dialog.locator('code').allTextContents()
  expect(key).toMatch(/^pass_[\w-]{43}$/)
  expect(secret).toMatch(/^whsec_/)
  await page.keyboard.press('Escape')
  await dialog.getByRole('button', { name: 'I have kept them' }).click()

  const row = page.getByTestId('key')
  await expect(row).toContainText(`The shop${key!.slice(0, 13)}…`)
  await expect(row).toContainText('upload, read, process')
  await expect(row).toContainText('never used')
  await page.reload()
  await expect(row).toContainText('works')
  expect(await page.content()).not.toContain(key!.slice(13))

  await row.getByRole('button', { name: 'Revoke The shop' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke the key' }).click()
  await expect(row).toContainText('revoked')
  await expect(row.getByRole('button')).toHaveCount(0)
})

test('a message that its receiver refused is shown with what it said, and sent anew', async ({
  signedIn: page,
  system,
}) => {
  const receiver = await aReceiver(410, 'Thanks, but no.')
  try {
    await aClient(page, system.url, 'Webhooks Studio')
    await place(page, 'Webhooks')
    await expect(page.getByText('Nothing was to be told yet')).toBeVisible()
    await place(page, 'Keys')
    await page.getByRole('button', { name: 'Make a key' }).click()
    await page.getByRole('button', { name: 'Make the key' }).click()
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await system.database.db.execute(sql`
      insert into webhook_deliveries (client_id, key_id, url, body, next_try_at)
      select k.client_id, k.id, ${`${receiver.origin}/hook`},
        ${JSON.stringify({ type: 'upload.completed', timestamp: new Date().toISOString(), status: 'completed' })}, now()
      from api_keys k join clients c on c.id = k.client_id where c.name = 'Webhooks Studio'`)
    await place(page, 'Webhooks')
    const row = page.getByTestId('delivery')
    await expect(row).toContainText('failed')
    await expect(row).toContainText('wants no more (410)')
    await row.getByRole('button', { name: /^Details/ }).click()
    await expect(row).toContainText('Thanks, but no.')
    await expect(row).toContainText('"status": "completed"')
    receiver.answers(204)
    await page.getByRole('button', { name: 'Send 1 failed anew' }).click()
    await page.getByRole('button', { name: 'Send them' }).click()
    await expect(row).toContainText('delivered')
    await expect(row).toContainText('answered 204')
    expect(receiver.ids).toHaveLength(2)
    expect(receiver.ids[1]).toBe(receiver.ids[0])
  } finally {
    await receiver.close()
  }
})

test('a preset is judged while it is written, and may name the client’s own watermark', async ({
  signedIn: page,
  system,
}) => {
  await aClient(page, system.url, 'Presets Studio')
  await place(page, 'Presets')
  const bytes = await sharp({ create: { width: 240, height: 80, channels: 4, background: '#ffffffc0' } })
    .png()
    .toBuffer()
  await page.locator('input[type=file]').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: bytes })
  await page.getByRole('button', { name: 'Add the picture' }).click()
  await expect(page.getByTestId('watermark')).toContainText('240 × 80')

  await page.getByRole('button', { name: 'Add a preset' }).click()
  await page.getByLabel('Name').fill('blog')
  const written = page.getByLabel('Instructions')
  const verdict = page.getByRole('dialog').getByRole('status')
  await written.fill('{"resize":{"width":1200}')
  await expect(verdict).toContainText('not JSON')
  await expect(page.getByRole('button', { name: 'Add the preset' })).toBeDisabled()
  await written.fill('{"resize":{"width":-5}}')
  await expect(verdict).toContainText('/resize/width')
  await written.fill('{"resize":{"width":1200},"watermark":"logo.png"}')
  await expect(verdict).toContainText('1200 wide, watermark logo.png, WebP 80')
  await page.getByRole('button', { name: 'Add the preset' }).click()
  await expect(page.getByTestId('preset').filter({ hasText: 'blog' })).toContainText('this client’s')
})
