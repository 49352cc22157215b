// What ops do, with a real worker behind it.
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { createUser } from '#server/accounts.ts'
import { parseEnv } from '#server/env.ts'
import { runState } from './ledger.ts'
import { aReceiver } from './receiver.ts'
import { type System, test } from './system.ts'

const planned = async (system: System, runId: string) =>
  expect.poll(async () => (await runState(system.database.db, runId)).state, { timeout: 120_000 }).toBe('planned')

test('a worker drains, that nobody takes the work is said in words, and it works again', async ({
  signedIn: page,
  system,
}) => {
  await page.goto(`${system.url}/workers`)
  const worker = page.getByTestId('worker')
  await expect(worker).toHaveCount(1)
  await expect(worker).toContainText('ready')
  await expect(worker).toContainText('takes every queue')
  await worker.getByRole('button', { name: /^Drain/ }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('Nobody else takes scrape, transfer, render')
  await dialog.getByRole('button', { name: 'Drain it' }).click()
  await expect(worker).toContainText('drained')
  await expect(worker).toContainText('asked by admin@pass.local')
  await expect(page.getByTestId('wanted-scrape')).toContainText('nobody')

  const runId = await aRun(page, system, 'Drain Studio')
  await page.goto(`${system.url}/queues`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^\d queues? ha(s|ve) work and no worker$/)
  await expect(page.getByRole('list', { name: 'What to know' })).toContainText(
    /No worker takes .*survey source.*: \d+ jobs? waits?\. Start a worker of the group scrape/,
  )
  await expect(page.getByTestId('queue-survey-source')).toContainText('no worker takes it')
  await page.goto(`${system.url}/runs/${runId}`)
  await expect(page.getByRole('list', { name: 'What to know' })).toContainText(
    /no worker (that lives )?takes survey source/i,
  )

  await page.goto(`${system.url}/workers`)
  await worker.getByRole('button', { name: /^Let it work/ }).click()
  await expect(worker).not.toContainText('drained')
  await planned(system, runId)
})

test('of a paused queue nothing is taken until it is resumed, and it says who, when and why', async ({
  signedIn: page,
  system,
}) => {
  await page.goto(`${system.url}/queues`)
  const queue = page.getByTestId('queue-survey-source')
  await queue.getByRole('button', { name: 'Pause survey source' }).click()
  await page.getByLabel('Note').fill('their site is being moved')
  await page.getByRole('button', { name: 'Pause the queue' }).click()
  await expect(queue).toContainText('paused')
  await expect(queue).toContainText('by admin@pass.local, just now: their site is being moved')

  const runId = await aRun(page, system, 'Pause Studio')
  // Surveys of other tests may wait here too.
  await expect(figure(queue, 'Ready')).toHaveText(/^[1-9]/)
  // The same worker does other work meanwhile: signing in to try the source is another queue.
  await expect
    .poll(
      async () =>
        (
          await system.database.db.execute(sql`
      select from sources s join clients c on c.id = s.client_id where c.name = 'Pause Studio' and s.checked_at is not null`)
        ).rowCount,
    )
    .toBe(1)
  expect((await runState(system.database.db, runId)).state).toBe('surveying')

  const elsewhere = await page.context().newPage()
  await elsewhere.goto(`${system.url}/runs/${runId}`)
  await expect(elsewhere.getByRole('list', { name: 'What to know' })).toContainText(
    'The queue survey source is paused by admin@pass.local',
  )
  await elsewhere.close()

  await test.step('cleared, it is filled again from the ledger', async () => {
    await queue.getByRole('button', { name: 'More for survey source' }).click()
    await page.getByRole('menuitem', { name: 'Clear what is ready' }).click()
    await expect(page.getByRole('dialog')).toContainText('No work is lost')
    await page.getByRole('button', { name: 'Clear what is ready' }).click()
    await expect(page.getByText(/^[1-9]\d* jobs? taken out of survey source\.$/)).toBeVisible()
    await expect(figure(queue, 'Ready')).toHaveText(/^[1-9]/, { timeout: 20_000 })
  })

  await queue.getByRole('button', { name: 'Resume survey source' }).click()
  await expect(queue).not.toContainText('paused')
  await planned(system, runId)
  await expect(figure(queue, 'Ready')).toHaveText('0')

  await test.step('and all of that is on record', async () => {
    await page.goto(`${system.url}/audit?act=queue.`)
    await expect(page.getByTestId('act').nth(0)).toContainText('resumed a queue')
    await expect(page.getByTestId('act').nth(1)).toContainText('cleared a queue')
    await expect(page.getByTestId('act').nth(2)).toContainText('paused a queue')
    await expect(page.getByTestId('act').nth(2)).toContainText('their site is being moved')
    const file = await page.request.get(`${system.url}/audit/export?act=queue.`)
    expect(file.headers()['content-type']).toContain('text/csv')
    expect(
      (await file.text())
        .trim()
        .split('\r\n')
        // The newest come first; other tests may have paused queues before.
        .slice(1, 4)
        .map((line) => line.split(',')[3]),
    ).toEqual(['queue.resume', 'queue.clear', 'queue.pause'])
  })
})

test('a provider that is stopped is asked nothing, and its runs say so', async ({ signedIn: page, system }) => {
  await page.goto(`${system.url}/providers`)
  await page.getByRole('button', { name: 'Stop: Zenfolio Classic' }).click()
  await page.getByLabel('Note').fill('they called')
  await page.getByRole('dialog').getByRole('button', { name: 'Stop Zenfolio Classic' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Zenfolio Classic is stopped')
  await expect(page.getByText('“they called”')).toBeVisible()
  const runId = await aRun(page, system, 'Stopped Studio')
  const elsewhere = await page.context().newPage()
  await elsewhere.goto(`${system.url}/runs/${runId}`)
  await expect(elsewhere.getByRole('list', { name: 'What to know' })).toContainText(
    'Nothing is asked of Zenfolio Classic: stopped by admin@pass.local, “they called”',
  )
  await elsewhere.close()
  // It was tried, and sent away for a while.
  await expect
    .poll(async () => {
      const { rows } = await system.database.db.execute<{ wait: number }>(sql`
        select extract(epoch from start_after - now())::int as wait from pgboss.job
        where name = 'survey-source' and state < 'active' and data->>'runId' = ${runId}`)
      return rows[0]?.wait ?? 0
    })
    .toBeGreaterThan(5)
  await page.getByRole('button', { name: 'Ask again: Zenfolio Classic' }).click()
  await expect(page.getByRole('heading', { level: 1 })).not.toContainText('stopped')
  await planned(system, runId)
  await expect(page.getByText('answered well, last hour')).toBeVisible()
})

test('a message that was refused is sent anew from the list of everybody’s', async ({ signedIn: page, system }) => {
  const receiver = await aReceiver(410, 'Not now.')
  try {
    const clientId = await call(page, system, 'clients.create', { name: 'Replay Studio' })
    await call(page, system, 'keys.create', { clientId, name: 'The shop', scopes: ['upload'] })
    await page.goto(`${system.url}/webhooks`)
    await system.database.db.execute(sql`
      insert into webhook_deliveries (client_id, key_id, url, body, next_try_at)
      select k.client_id, k.id, ${`${receiver.origin}/hook`},
        ${JSON.stringify({ type: 'upload.completed', timestamp: new Date().toISOString() })}, now()
      from api_keys k where k.client_id = ${clientId}`)
    const row = page.getByTestId('delivery').filter({ hasText: 'Replay Studio' })
    await expect(row).toContainText('wants no more (410)')
    await page
      .getByRole('group', { name: 'Which messages' })
      .getByRole('button', { name: /^failed/ })
      .click()
    await expect(page).toHaveURL(`${system.url}/webhooks?state=failed`)
    await expect(row).toContainText('failed')
    receiver.answers(204)
    await row.getByRole('button', { name: /^Send anew/ }).click()
    await page.goto(`${system.url}/webhooks`)
    await expect(row).toContainText('delivered')
    await expect(row).toContainText('answered 204')
    expect(receiver.ids).toHaveLength(2)
    expect(receiver.ids[1]).toBe(receiver.ids[0])
  } finally {
    await receiver.close()
  }
})

test('staff look on: they are told why, and what they ask for is refused', async ({ page, system }) => {
  const house = { db: system.database.db, secretKey: Buffer.alloc(32), env: parseEnv({}) }
  const staff = await createUser(house, { email: `staff-${crypto.randomUUID()}@pass.test`, role: 'staff' })
  await page.request.post(`${system.url}/api/auth/sign-in/email`, { data: staff, headers: { origin: system.url } })
  await page.goto(`${system.url}/queues`)
  await expect(page.getByText('for ops and administrators; your role looks on')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Pause fetch photos' })).toBeDisabled()
  await page.goto(`${system.url}/workers`)
  await expect(page.getByRole('button', { name: /^Drain/ })).toBeDisabled()
  await page.goto(`${system.url}/providers`)
  await expect(page.getByRole('button', { name: 'Stop: Zenfolio Classic' })).toBeDisabled()
  const asked = await page.request.post(`${system.url}/api/trpc/queues.pause`, {
    data: { json: { queue: 'fetch-photos' } },
    headers: { origin: system.url },
  })
  expect(asked.status()).toBe(403)
  const nobody = await (await import('@playwright/test')).request.newContext()
  expect((await nobody.get(`${system.url}/audit/export`)).status()).not.toBe(200)
  await nobody.dispose()
})

const figure = (row: ReturnType<Page['getByTestId']>, label: string) => row.locator(`[data-label="${label}"]`)

async function call(page: Page, { url }: System, name: string, json: unknown): Promise<string> {
  const answer = await page.request.post(`${url}/api/trpc/${name}`, { data: { json }, headers: { origin: url } })
  expect(answer.status(), await answer.text()).toBe(200)
  return (await answer.json()).result.data.json.id
}

/** A migration of the stand-in’s account, being surveyed. */
async function aRun(page: Page, system: System, client: string): Promise<string> {
  const clientId = await call(page, system, 'clients.create', { name: client })
  const { endpoints, credentials } = system.standIn
  const sourceId = await call(page, system, 'sources.add', { clientId, provider: 'zenfolio', credentials, endpoints })
  await call(page, system, 'sources.test', { id: sourceId })
  return call(page, system, 'runs.create', { sourceId, renditions: ['thumb'], autoStart: false })
}
