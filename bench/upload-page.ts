// The console's page while a folder of 100,000 files is dropped, announced and sent: what its process uses of one core,
// in a real browser, on a production build of the whole system.
import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type CDPSession, chromium, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import sharp from 'sharp'
import { chromePath } from '#server/chrome.ts'
import { startSystem } from '../e2e/system.ts'
import type { Figure, Findings } from './figures.ts'
import type { Bench } from './setting.ts'

const dropped = 100_000
const galleryFiles = 500
const watchedSeconds = 30

export async function uploadPageBench({ photos = dropped, signal, say }: Bench): Promise<Findings> {
  await using stack = new AsyncDisposableStack()
  say('Starting the system …')
  const { url, admin, database } = await startSystem(stack)
  const folder = join(await temporary(stack), 'Folder')
  say(`Making ${photos} files …`)
  await makeFiles(folder, photos)
  const { rows } = await database.db.execute<{ id: string }>(
    sql`insert into clients (name) values ('Bench') returning id`,
  )

  const browser = await chromium.launch({ executablePath: await chromePath(), args: ['--no-sandbox'] })
  stack.defer(() => browser.close())
  const page = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await page.request.post(`${url}/api/auth/sign-in/email`, { data: admin, headers: { origin: url } })
  await page.goto(`${url}/uploads/new?client=${rows[0]!.id}`)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })

  const figures: Figure[] = []
  const watched = async (what: string, work: () => Promise<unknown>) => {
    signal.throwIfAborted()
    say(`${what} …`)
    const [before, since] = [await cpuSeconds(session), performance.now()]
    await work()
    const seconds = (performance.now() - since) / 1000
    const used = (await cpuSeconds(session)) - before
    figures.push(
      { name: `the page while ${what}`, unit: 'of one core', value: used / seconds, target: { most: 0.5 } },
      { name: '  time of it', unit: 's', value: seconds },
    )
  }
  const sending = page.getByTestId('sending')
  await watched('the folder is read', async () => {
    await drop(page, session, folder)
    await page.getByRole('region', { name: 'Preview' }).waitFor({ timeout: 300_000 })
  })
  await watched('the list goes', async () => {
    await page.getByRole('button', { name: 'Start the upload' }).click()
    await sending.and(page.locator('[data-phase=sending]')).waitFor({ timeout: 300_000 })
  })
  await watched('the bytes go', () => delay(watchedSeconds * 1000, undefined, { signal }))
  await watched('somebody scrolls through all of them', async () => {
    const list = page.getByRole('list', { name: 'Files' })
    await list.hover()
    for (let i = 0; i < 100; i++) {
      await page.mouse.wheel(0, (photos * 32) / 100)
      await delay(100)
    }
  })
  return {
    figures,
    notes: [
      `${photos} files in ${Math.ceil(photos / galleryFiles)} folders; CPU of the page’s own process, its worker included`,
    ],
  }
}

async function temporary(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pass-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Links to one small picture a folder: disks have a limit of links. */
async function makeFiles(folder: string, files: number): Promise<void> {
  for (let from = 0; from < files; from += galleryFiles) {
    const gallery = join(folder, `Gallery ${from / galleryFiles}`)
    await mkdir(gallery, { recursive: true })
    const first = join(gallery, 'IMG_0.jpg')
    const background = { r: from % 256, g: (from >> 8) % 256, b: 40 }
    await writeFile(
      first,
      await sharp({ create: { width: 60, height: 40, channels: 3, background } })
        .jpeg()
        .toBuffer(),
    )
    const more = Math.min(galleryFiles, files - from)
    for (let n = 1; n < more; n++) await link(first, join(gallery, `IMG_${n}.jpg`))
  }
}

async function drop(page: Page, session: CDPSession, folder: string): Promise<void> {
  const box = (await page.getByTestId('drop').boundingBox())!
  const data = { items: [], files: [folder], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: box.x + 20, y: box.y + 20, data })
}

async function cpuSeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'ProcessTime')!.value
}
