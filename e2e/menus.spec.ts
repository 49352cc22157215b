// What a button opens: as clean as the page it is on, whole to be seen, and left by keys.
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { placesOf } from './places.ts'
import { renewScenes } from './scenes.ts'
import { test } from './system.ts'

/** Of rows that all have the same menu, the last: below it there is the least room. */
const alike = /^(More for|More about) .*/

test('axe finds nothing in any menu, nothing lies over its items, and Esc leads back to its button', async ({
  signedIn: page,
  system,
}) => {
  test.setTimeout(300_000)
  const places = await placesOf(system)
  await renewScenes(system.database.db, places)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const opened = new Set<string>()
  for (const [path, last] of [
    ['/', 'Operations'],
    ['/runs', 'Views'],
    ['/queues', /^More for /],
    ['/people', /^What to do with /],
    [`/runs/${places.troubled}`, /^More about /],
    [`/p/${places.shareToken}`, 'Light or dark'],
  ] as const) {
    await page.goto(system.url + path)
    await page.getByRole('button', { name: last }).first().waitFor()
    for (const button of (await page.locator('[aria-haspopup="menu"]:visible').all()).toReversed()) {
      const name = await button.evaluate((each) => each.getAttribute('aria-label') ?? each.textContent)
      const kind = name.replace(alike, '$1 …')
      if (opened.has(kind)) continue
      opened.add(kind)
      await button.click()
      expect.soft(await wrongWith(page), `${path}: ${name}`).toEqual([])
      await page.keyboard.press('Escape')
      await expect(page.getByRole('menu')).toHaveCount(0)
      await expect(button).toBeFocused()
    }
  }
  expect([...opened]).toEqual(expect.arrayContaining(['Administrator: look and sign out', 'Proof', 'More']))
})

test('an item that is out of use is reached by keys, and says why', async ({ signedIn: page, system }) => {
  await page.goto(`${system.url}/runs`)
  await page.getByRole('button', { name: 'Views' }).press('Enter')
  const save = page.getByRole('menuitem', { name: 'Save this view…' })
  await expect(page.getByRole('menuitem', { name: 'My runs' })).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(save).toBeFocused()
  await expect(save).toHaveAccessibleName(/nothing is filtered/)
  await page.keyboard.press('Enter')
  await expect(save).toBeVisible()
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('Esc closes a menu that does not have the focus yet', async ({ signedIn: page, system }) => {
  await page.goto(`${system.url}/runs`)
  const button = page.getByRole('button', { name: 'Views' })
  await button.press('Enter')
  await expect(page.getByRole('menuitem', { name: 'My runs' })).toBeFocused()
  await button.focus()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('menu')).toHaveCount(0)
  await expect(button).toBeFocused()
})

/** A line for each element that axe complains of, or that something covers. */
async function wrongWith(page: Page): Promise<string[]> {
  const menu = page.getByRole('menu')
  await expect(menu).toBeVisible()
  const covered = await menu.evaluate((of) =>
    [...of.querySelectorAll('[role^=menuitem]')].flatMap((item) => {
      const { left, top, width, height } = item.getBoundingClientRect()
      const uppermost = document.elementFromPoint(left + width / 2, top + height / 2)
      return item.contains(uppermost) ? [] : [`covered: ${item.textContent}`]
    }),
  )
  const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).analyze()
  return [
    ...covered,
    ...violations.flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id} at ${target.join(' ')}: ${html}`)),
  ]
}
