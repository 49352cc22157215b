import { expect } from '@playwright/test'
import { galleries, runs } from '#db/schema.ts'
import { createUser } from '#server/accounts.ts'
import { parseEnv } from '#server/env.ts'
import { test } from './system.ts'

test('a client is deleted by typing its name, waits to be removed, and comes back with everything', async ({
  browser,
  signedIn: page,
  system,
}) => {
  const { db } = system.database
  const name = 'Forget Me Studio'
  await page.goto(`${system.url}/clients`)
  await page.getByRole('button', { name: 'Add a client' }).first().click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Add the client' }).click()
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
  const clientId = page.url().split('/').at(-1)!
  const [run] = await db
    .insert(runs)
    .values({ clientId, kind: 'upload', state: 'done', renditions: {}, createdBy: 'test', finishedAt: new Date() })
    .returning()
  const [gallery] = await db
    .insert(galleries)
    .values({ clientId, runId: run!.id, ref: 'g', title: 'Lake', position: 0, ordinal: 0, state: 'published' })
    .returning()

  await test.step('its rules are changed, and said in words', async () => {
    const keeping = page.getByRole('region', { name: 'How long it is kept' })
    await expect(keeping).toContainText('can be restored for 30 days')
    await keeping.getByRole('button', { name: 'Change' }).click()
    const dialog = page.getByRole('dialog', { name: 'How long it is kept' })
    await dialog.getByLabel('Originals to infrequent access after').fill('10')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog.getByRole('alert')).toContainText('30 to 3650 days')
    await dialog.getByLabel('Originals to infrequent access after').fill('60')
    await dialog.getByLabel('What is deleted can be restored for').fill('14')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(keeping).toContainText('Originals move to infrequent access after 60 days.')
    await expect(keeping).toContainText('can be restored for 14 days')
    await expect(keeping).toContainText(`Set by ${system.admin.email}`)
  })

  await test.step('staff are told who may, and what they ask for is refused', async () => {
    const house = { db, secretKey: Buffer.alloc(32), env: parseEnv({}) }
    const staff = await createUser(house, { email: `staff-${crypto.randomUUID()}@pass.test`, role: 'staff' })
    const context = await browser.newContext()
    const headers = { origin: system.url }
    await context.request.post(`${system.url}/api/auth/sign-in/email`, { data: staff, headers })
    const theirs = await context.newPage()
    await theirs.goto(`${system.url}/clients/${clientId}`)
    const keeping = theirs.getByRole('region', { name: 'How long it is kept' })
    await expect(keeping).toContainText('Ops and administrators change this')
    await expect(keeping.getByRole('button')).toHaveCount(0)
    const data = { json: { id: clientId } }
    const asked = await context.request.post(`${system.url}/api/trpc/deletions.client`, { data, headers })
    expect(asked.status()).toBe(403)
    await context.close()
  })

  await test.step('a gallery is hidden and restored', async () => {
    await page.goto(`${system.url}/galleries/${gallery!.publicId}`)
    await page.getByRole('button', { name: 'Delete this gallery…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Delete this gallery?' })
    await dialog.getByLabel('Type “delete”').fill('delte')
    await dialog.getByRole('button', { name: 'Delete this gallery' }).click()
    await expect(dialog.getByRole('alert')).toContainText('Type “delete”')
    await dialog.getByLabel('Type “delete”').fill('delete')
    await dialog.getByRole('button', { name: 'Delete this gallery' }).click()
    await expect(dialog).toBeHidden()
    await page.goto(`${system.url}/clients/${clientId}`)
    const waiting = page.getByRole('region', { name: 'Waiting to be removed' })
    await expect(waiting).toContainText('The gallery “Lake”')
    await waiting.getByRole('button', { name: 'Restore' }).click()
    await expect(waiting).toBeHidden()
    await page.goto(`${system.url}/galleries/${gallery!.publicId}`)
    await expect(page.getByRole('heading', { name: 'Lake' })).toBeVisible()
  })

  await test.step('the client itself', async () => {
    await page.goto(`${system.url}/clients/${clientId}`)
    await page.getByRole('button', { name: 'Delete this client…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Delete this client?' })
    await dialog.getByLabel(`Type “${name}”`).fill(name)
    await dialog.getByRole('button', { name: 'Delete this client' }).click()
    await expect(page).toHaveURL(`${system.url}/clients`)
    await expect(page.getByRole('link', { name })).toBeHidden()
    const waiting = page.getByRole('region', { name: 'Waiting to be removed' })
    await expect(waiting).toContainText(`The client ${name}`)
    await waiting.getByRole('listitem').filter({ hasText: name }).getByRole('button', { name: 'Restore' }).click()
    await expect(page.getByRole('link', { name })).toBeVisible()
  })
})
