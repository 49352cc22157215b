// A list that a worker writes as a file, and how whoever asked for it is told.
import { expect, type Page } from '@playwright/test'
import { type System, test } from './system.ts'
import { watchTraffic } from './traffic.ts'

test('whoever asked for a list is told that it is written on any page, over its one connection and by no clock', async ({
  signedIn: page,
  system,
}) => {
  const traffic = await watchTraffic(page)
  for (const [path, follows] of [
    ['/runs', 'search.followRuns'],
    // Follows nothing: a line of its own, and what is asked for once that stands.
    ['/people', 'exports.follow'],
  ] as const)
    await test.step(`on ${path}`, async () => {
      await call(page, system, 'queues.pause', { queue: 'export-runs' })
      await call(page, system, 'exports.ask', { query: { text: path } })
      traffic.begin()
      let answers = path === '/people' ? 2 : 1
      const known = page.waitForResponse((answer) => answer.url().includes('exports.mine') && --answers === 0)
      const followed = page.waitForRequest((request) => request.url().includes(follows))
      await page.goto(`${system.url}${path}`)
      await Promise.all([known, followed])
      if (path === '/runs') await expect(page.getByRole('status', { name: 'Connection: live' })).toBeVisible()
      // With the first goes what was asked for once the line stood.
      await traffic.beat()
      await traffic.beat()
      expect(traffic.end()).toEqual([])
      await call(page, system, 'queues.resume', { queue: 'export-runs' })
      await expect(page.getByText(/^Your list of \d+ runs? is ready: download it/)).toBeVisible()
    })
})

test('a page that is left by a link leaves no connection behind', async ({ signedIn: page, system }) => {
  const traffic = await watchTraffic(page)
  traffic.begin()
  await page.goto(`${system.url}/`)
  const live = page.getByRole('status', { name: 'Connection: live' })
  await expect(live).toBeVisible()
  for (const place of ['Runs', 'Home', 'Runs']) {
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).click()
    await expect(page).toHaveURL(place === 'Home' ? `${system.url}/` : `${system.url}/runs`)
    await expect(live).toBeVisible()
  }
  await traffic.beat()
  expect(traffic.end()).toEqual([])
})

async function call(page: Page, { url }: System, name: string, json: unknown): Promise<void> {
  const answer = await page.request.post(`${url}/api/trpc/${name}`, { data: { json }, headers: { origin: url } })
  expect(answer.ok()).toBe(true)
}
