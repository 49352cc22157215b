import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { sql } from 'drizzle-orm'
import sharp from 'sharp'
import type { Db } from '#db/client.ts'
import { runState } from './ledger.ts'
import { test } from './system.ts'

const sets = ['Ceremony', 'Party', 'Portraits']
const ofSet = 100

test('a folder is dropped, the page reloaded in the middle, the folder dropped again: every photo once, in order', async ({
  signedIn: page,
  system,
}) => {
  const { database, url } = system
  const broken: string[] = []
  page.on('pageerror', (error) => broken.push(error.message))
  // What is on its way would stop: the page asks before it is left.
  page.on('dialog', (dialog) => dialog.accept())
  const dir = await mkdtemp(join(tmpdir(), 'pass-folder-'))
  try {
    const folder = join(dir, 'Weddings')
    const names = await makePictures(folder)
    const clientId = await aClient(database.db, 'Ada Brandt')

    await test.step('sees what the folder becomes, and starts', async () => {
      await page.goto(`${url}/clients/${clientId}`)
      await page.getByRole('link', { name: 'New upload' }).click()
      await expect(page.getByRole('heading', { name: 'New upload' })).toBeVisible()
      await dropFolder(page, folder)
      const preview = page.getByRole('region', { name: 'Preview' })
      await expect(preview).toContainText('3 galleries')
      await expect(preview).toContainText('300 files')
      await page.getByRole('radio', { name: 'One new gallery' }).check()
      await expect(preview).toContainText('1 gallery · 3 sets · 300 files')
      await page.getByRole('button', { name: 'Start the upload' }).click()
      await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}$/)
    })
    const runId = page.url().split('/').at(-1)!

    await test.step('reloads in the middle', async () => {
      await expect(page.getByRole('list', { name: 'Files' })).toBeVisible()
      await expect.poll(() => arrived(database.db, runId), { intervals: [50] }).toBeGreaterThan(10)
      await page.reload()
      await expect(page.getByRole('heading', { name: /files have not arrived/ })).toBeVisible()
      expect(await arrived(database.db, runId)).toBeLessThan(300)
    })

    await test.step('drops it again: only what is missing is sent', async () => {
      await dropFolder(page, folder)
      await expect(page.getByTestId('sending')).toHaveText('Everything is sent.', { timeout: 120_000 })
      await expect.poll(async () => (await runState(database.db, runId)).state, { timeout: 120_000 }).toBe('done')
      await expect(page.getByRole('region', { name: 'Progress' })).toContainText('300 of 300 photos safe')
      await expect(page.getByRole('list', { name: 'Stages' })).toContainText('received')
      const { rows } = await database.db.execute<{ path: string; state: string }>(sql`
        select p.ref as path, p.state from photos p join placements l on l.photo_id = p.id join sets s on s.id = l.set_id
        where p.run_id = ${runId} order by s.position, l.position`)
      expect(rows.map(({ path }) => path)).toEqual(names)
      expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['published']))
    })

    await test.step('opens the gallery and sees its pictures', async () => {
      await page.getByRole('table', { name: 'Galleries' }).getByRole('link').first().click()
      const pictures = page.getByRole('list', { name: 'Pictures' }).getByRole('img')
      await expect
        .poll(() =>
          pictures.evaluateAll(
            (all) => all.length > 0 && (all as HTMLImageElement[]).every((one) => one.naturalWidth > 0),
          ),
        )
        .toBe(true)
    })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  expect(broken).toEqual([])
})

test('an upload is finished without what never came', async ({ signedIn: page, system }) => {
  const { database, url } = system
  page.on('dialog', (dialog) => dialog.accept())
  const dir = await mkdtemp(join(tmpdir(), 'pass-folder-'))
  try {
    const folder = join(dir, 'Few')
    await mkdir(folder)
    for (const n of [1, 2, 3]) await writeFile(join(folder, `${n}.jpg`), await picture(n))
    await writeFile(join(folder, 'notes.jpg'), 'not a picture, whatever its name says')
    const clientId = await aClient(database.db, 'Bo Cramer')
    await page.goto(`${url}/uploads/new?client=${clientId}`)
    await dropFolder(page, folder)
    await page.getByRole('button', { name: 'Start the upload' }).click()
    await expect(page.getByTestId('sending')).toHaveText('Everything is sent; 1 file could not be taken.')
    const runId = page.url().split('/').at(-1)!
    await expect(page.getByTestId('cause-not_an_image')).toContainText('Not a picture')
    await expect.poll(async () => (await runState(database.db, runId)).state).toBe('done_with_problems')

    await test.step('another file is announced and never sent', async () => {
      await database.db.execute(sql`
        update runs set state = 'running', finished_at = null, totals = null where id = ${runId}`)
      await database.db.execute(sql`
        with chosen as (select id, gallery_id, bytes from photos where run_id = ${runId} and state = 'published' order by id limit 1),
        photo as (update photos p set state = 'listed', sha256 = null, bytes = null, rendition = null from chosen c where p.id = c.id)
        update galleries g set state = 'copying', published = published - 1, listed = listed + 1, bytes_stored = bytes_stored - c.bytes
        from chosen c where g.id = c.gallery_id`)
      await page.reload()
      await page.getByRole('button', { name: 'Finish without the missing 1' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Finish the upload' }).click()
      await expect(page.getByTestId('cause-not_sent')).toContainText('Not sent')
      await expect.poll(async () => (await runState(database.db, runId)).state).toBe('done_with_problems')
    })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

/** Paths below what holds the folder, in the order a person sees them. */
async function makePictures(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const [i, set] of sets.entries()) {
    await mkdir(join(folder, set), { recursive: true })
    for (let n = 1; n <= ofSet; n++) {
      // Not padded: 2 comes before 10.
      names.push(`Weddings/${set}/IMG_${n}.jpg`)
      await writeFile(join(folder, set, `IMG_${n}.jpg`), await picture(i * ofSet + n))
    }
  }
  return names
}

async function picture(n: number): Promise<Buffer> {
  const background = { r: n % 256, g: (n * 5) % 256, b: (n * 11) % 256 }
  return sharp({ create: { width: 300, height: 200, channels: 3, background } })
    .jpeg()
    .toBuffer()
}

/** As a person does it, with the file manager of their system. */
async function dropFolder(page: Page, folder: string): Promise<void> {
  const area = page.getByTestId('drop')
  await area.scrollIntoViewIfNeeded()
  const box = (await area.boundingBox())!
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [folder], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: box.x + box.width / 2, y: box.y + box.height / 2, data })
  await session.detach()
}

async function aClient(db: Db, name: string): Promise<string> {
  const { rows } = await db.execute<{ id: string }>(sql`insert into clients (name) values (${name}) returning id`)
  return rows[0]!.id
}

async function arrived(db: Db, runId: string): Promise<number> {
  const { rows } = await db.execute<{ n: number }>(
    sql`select count(*)::int as n from photos where run_id = ${runId} and sha256 is not null`,
  )
  return rows[0]!.n
}
