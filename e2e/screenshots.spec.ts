import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import { type Look, outsidePages, type Places, show, staffPages } from './every-page.ts'
import { arrangeOperations, operationsPages } from './operations-scenes.ts'
import { evidenceFiles, lesserPages, photographerMenu, photographerPages, secondFactorDone } from './people-scenes.ts'
import { placesOf, signIn } from './places.ts'
import { renewScenes } from './scenes.ts'
import { type System, test } from './system.ts'

const folder = join(import.meta.dirname, '../.data/screenshots')
/** Beginnings of names: of those that are wanted, where not all are. */
const only = process.env.SCREENSHOTS_ONLY?.split(' ') ?? ['']
const isWanted = (name: string) => only.some((beginning) => name.startsWith(beginning))

test('every page and state', async ({ page, system }, { project }) => {
  test.setTimeout(900_000)
  await mkdir(folder, { recursive: true })
  const shot = async (name: string, isOver = false) => {
    if (!isOver) await page.evaluate(() => window.scrollTo(0, 0))
    const path = join(folder, `${name}-${project.name}.png`)
    await page.screenshot({ path, fullPage: !isOver, animations: 'disabled' })
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect.soft(wider, `${name} is wider than the window`).toBeLessThanOrEqual(0)
  }
  await emptyPages(page, system, shot)
  const places = await placesOf(system)
  const look = async (looks: Look[]) => {
    for (const each of looks.filter(({ name }) => isWanted(name)))
      await test.step(each.name, async () => {
        // Rates and countdowns of scenes run out while the others are looked at.
        if (each.name.startsWith('run-')) await renewScenes(system.database.db, places)
        await show(page, system.url, each)
        await shot(each.name, each.isOver)
      })
  }
  await look(outsidePages(places))
  await signIn(page, system, places.people.photographer)
  await look([...photographerPages(), photographerMenu])
  await signIn(page, system, places.people.staff)
  await look([...lesserPages(places), secondFactorDone(places)])
  await signIn(page, system, system.admin)
  await look(staffPages(places))
  await look(evidenceFiles(places))
  if (operationsPages.some(({ name }) => isWanted(name))) {
    const undo = await arrangeOperations(system.database.db, places)
    await look(operationsPages).finally(undo)
  }
  if (isWanted('run-stale')) await withoutConnection(page, system, places, () => shot('run-stale'))
  if (isWanted('run-no-worker') || isWanted('queues-no-worker'))
    await withoutWorkers(system, places.running, async () => {
      await page.goto(`${system.url}/runs/${places.running}`)
      await expect(page.getByText('Stalled.')).toBeVisible({ timeout: 60_000 })
      await shot('run-no-worker')
      await page.goto(`${system.url}/queues`)
      await expect(page.getByText(/no worker/i).first()).toBeVisible()
      await shot('queues-no-worker')
    })
})

let empty = true

/** The first project sees the console empty. */
async function emptyPages(page: Page, system: System, shot: (name: string) => Promise<void>): Promise<void> {
  if (!empty || !(isWanted('home-empty') || isWanted('clients-empty'))) return
  empty = false
  await signIn(page, system, system.admin)
  for (const [path, name] of [
    ['/', 'home-empty'],
    ['/clients', 'clients-empty'],
  ] as const) {
    await page.goto(`${system.url}${path}`)
    await expect(page.getByRole('main')).toContainText(/yet/)
    await shot(name)
  }
  await page.context().clearCookies()
}

/** While the network is away. */
async function withoutConnection(page: Page, system: System, places: Places, look: () => Promise<void>): Promise<void> {
  await show(page, system.url, staffPages(places).find(({ name }) => name === 'run-paused')!)
  system.gate.shut()
  try {
    await expect(page.getByText('stale since')).toBeVisible()
    await look()
  } finally {
    system.gate.open()
  }
}

/** Workers that show no sign of life, as when their machine is gone, and work of the run that nobody takes. */
async function withoutWorkers({ database: { db } }: System, run: string, look: () => Promise<void>): Promise<void> {
  const { rows } = await db.execute<{ pid: number }>(sql`select pid from workers`)
  for (const { pid } of rows) process.kill(pid, 'SIGSTOP')
  const job = crypto.randomUUID()
  await db.execute(
    sql`insert into pgboss.job (id, name, data, group_id) values (${job}, 'fetch-photos', '{"photoIds":[0]}', ${run})`,
  )
  try {
    await look()
  } finally {
    await db.execute(sql`delete from pgboss.job where id = ${job}`)
    for (const { pid } of rows) process.kill(pid, 'SIGCONT')
  }
}
