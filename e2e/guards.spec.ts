// What the console refuses, asked over HTTP as anybody could.
import { type APIRequestContext, expect } from '@playwright/test'
import { createUser } from '#server/accounts.ts'
import { parseEnv } from '#server/env.ts'
import { type System, test } from './system.ts'

test('nobody sees anything without signing in', async ({ page, request, system }) => {
  for (const path of ['/', '/clients', '/runs/new']) {
    await page.goto(`${system.url}${path}`)
    await expect(page).toHaveURL(`${system.url}/sign-in?next=${encodeURIComponent(path)}`)
  }
  const answer = await request.get(`${system.url}/api/trpc/clients.list`)
  expect(answer.status()).toBe(401)
  expect(await answer.text()).toContain('signed_out')
})

test('a photographer is let in and shown nothing of anybody', async ({ request, system }) => {
  await signIn(request, system, await addUser(system, 'photographer'))
  const answer = await request.get(`${system.url}/api/trpc/clients.list`)
  expect(answer.status()).toBe(403)
  expect(await answer.text()).toContain('forbidden')
})

test('one’s account stands in the console for staff, and by itself for a photographer', async ({ page, system }) => {
  const menu = page.getByRole('navigation', { name: 'Main' })
  const sessions = page.getByRole('main').getByRole('region', { name: 'Where you are signed in' })
  await signIn(page.request, system, await addUser(system, 'staff'))
  await page.goto(`${system.url}/account`)
  await expect(sessions).toContainText('this one')
  await menu.getByRole('link', { name: 'Runs' }).click()
  await expect(page).toHaveURL(`${system.url}/runs`)
  await signIn(page.request, system, await addUser(system, 'photographer'))
  await page.goto(`${system.url}/account`)
  await expect(sessions).toContainText('this one')
  await expect(menu).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'Pass' })).toHaveAttribute('href', '/my')
})

test('a page that is not for a role is refused in words, with the way back', async ({ page, system }) => {
  await signIn(page.request, system, await addUser(system, 'staff'))
  const answer = await page.goto(`${system.url}/people`)
  expect(answer!.status()).toBe(403)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This page is not for your role')
  await page.getByRole('main').getByRole('link', { name: 'Home' }).click()
  await expect(page).toHaveURL(`${system.url}/`)
})

test('another site changes nothing, and nothing is changed by GET', async ({ request, system }) => {
  await signIn(request, system, await addUser(system, 'staff'))
  const create = `${system.url}/api/trpc/clients.create`
  const data = { json: { name: 'Forged' } }
  for (const origin of ['https://evil.test', 'null', 'http://localhost:1']) {
    expect((await request.post(create, { data, headers: { origin } })).status()).toBe(403)
    expect((await request.post(`${system.url}/api/auth/sign-out`, { data: {}, headers: { origin } })).status()).toBe(
      403,
    )
  }
  expect((await request.post(create, { data })).status()).toBe(403)
  expect((await request.get(`${create}?input=${encodeURIComponent(JSON.stringify(data))}`)).status()).toBe(405)
  expect(
    (await request.post(create, { data: { json: { name: 'Honest' } }, headers: { origin: system.url } })).status(),
  ).toBe(200)
  expect(await (await request.get(`${system.url}/api/trpc/clients.list`)).text()).not.toContain('Forged')
})

test('the 11th wrong password is answered with 429, and says so in words', async ({ page, system }) => {
  await page.goto(`${system.url}/sign-in`)
  await page.getByLabel('E-mail').fill('guessed@pass.test')
  for (let guess = 1; guess <= 11; guess++) {
    await page.getByLabel('Password', { exact: true }).fill(`wrong password ${guess}`)
    const answered = page.waitForResponse(/sign-in\/email/)
    await page.getByRole('button', { name: 'Sign in' }).click()
    expect((await answered).status()).toBe(guess <= 10 ? 401 : 429)
    await expect(page.getByRole('main').getByRole('alert')).toContainText(
      guess <= 10 ? 'do not go together' : 'Too many wrong passwords',
    )
  }
})

test('signing out closes what is open elsewhere', async ({ signedIn, system }) => {
  await signedIn.goto(system.url)
  await expect(signedIn.getByRole('status', { name: 'Connection: live' })).toBeVisible()
  await signedIn.request.post(`${system.url}/api/auth/sign-out`, { data: {}, headers: { origin: system.url } })
  await expect(signedIn).toHaveURL(/\/sign-in/, { timeout: 5_000 })
})

test('pages carry a policy without inline script, and every script of theirs a nonce', async ({ page, system }) => {
  const refused: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) refused.push(message.text())
  })
  const answer = await page.goto(`${system.url}/sign-in`)
  const headers = answer!.headers()
  const policy = headers['content-security-policy']!
  expect(policy).toMatch(/script-src 'self' 'nonce-[^']+' 'strict-dynamic';/)
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).toContain(`img-src 'self' data: ${system.mediaUrl};`)
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['referrer-policy']).toBe('same-origin')
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeEnabled()
  expect(refused).toEqual([])
  expect(
    (await page.request.get(`${system.url}/_next/image?url=%2Ficon.svg&w=64&q=75`)).status(),
  ).toBeGreaterThanOrEqual(400)
})

async function addUser(system: System, role: 'staff' | 'photographer') {
  const house = { db: system.database.db, secretKey: Buffer.alloc(32), env: parseEnv({}) }
  const { email, password } = await createUser(house, { email: `${role}-${crypto.randomUUID()}@pass.test`, role })
  return { email, password }
}

async function signIn(request: APIRequestContext, system: System, data: { email: string; password: string }) {
  const answer = await request.post(`${system.url}/api/auth/sign-in/email`, { data, headers: { origin: system.url } })
  expect(answer.status()).toBe(200)
}
