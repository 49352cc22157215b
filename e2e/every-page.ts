// Every page of the console in every state that the scenes know: what is looked at, and what is checked for accessibility.
import { expect, type Page } from '@playwright/test'
import type { People } from './people-scenes.ts'
import type { Scenes } from './scenes.ts'

export interface Look {
  name: string
  path: string
  /** Stands on it once it is there. */
  ready: string | RegExp
  /** Brings it into the state that is meant. */
  act?(page: Page): Promise<void>
  /** What lies over a page is seen with the window, not with the whole page. */
  isOver?: boolean
  /** Its figures are not known yet. */
  counting?: boolean
}

export interface Places extends Scenes {
  /** A migration that really took place, and galleries of it: plain, and with odd files in it. */
  migrated: string
  gallery: string
  odd: string
  /** Of the client's own page, by link. */
  shareToken: string
  /** Of clients' pages in other states. */
  shared: { looking: string; moving: string; held: string; all: string }
  people: People
  /** Key of the requests that are kept of the troubled run. */
  evidence: string
}

/** For somebody of the house. */
export function staffPages(at: Places): Look[] {
  const run = (name: string, id: string, ready: Look['ready'], more: Partial<Look> = {}): Look => ({
    name: `run-${name}`,
    path: `/runs/${id}`,
    ready,
    ...more,
  })
  return [
    { name: 'home', path: '/', ready: 'Lumen Photography' },
    { name: 'runs', path: '/runs', ready: 'Gut Sonnenhof Studio' },
    {
      name: 'runs-selected',
      path: '/runs?tab=attention',
      ready: 'Lumen Photography',
      isOver: true,
      act: async (page) => {
        await page.getByRole('table', { name: 'Runs' }).getByRole('checkbox').nth(1).check()
        await expect(page.getByRole('region', { name: 'Selected runs' })).toContainText('1 run selected')
      },
    },
    { name: 'runs-none', path: '/runs?q=nobody+of+that+name', ready: 'No run matches' },
    {
      name: 'commands',
      path: '/',
      ready: 'Lumen Photography',
      isOver: true,
      act: async (page) => {
        await page.keyboard.press('Control+k')
        await page.keyboard.type('studio')
        await expect(page.getByRole('option', { name: /Studio Nordlicht/ })).toBeVisible()
      },
    },
    {
      name: 'keys',
      path: '/',
      ready: 'Lumen Photography',
      isOver: true,
      act: (page) => page.keyboard.press('?'),
    },
    { name: 'clients', path: '/clients', ready: 'Lumen Photography' },
    {
      name: 'clients-add',
      path: '/clients',
      ready: 'Lumen Photography',
      isOver: true,
      act: (page) => page.getByRole('button', { name: 'Add a client' }).first().click(),
    },
    { name: 'client', path: `/clients/${at.client}`, ready: 'asks for a person' },
    {
      name: 'client-add-source',
      path: `/clients/${at.client}`,
      ready: 'asks for a person',
      isOver: true,
      async act(page) {
        await page.getByRole('button', { name: 'Add a source' }).click()
        await page.getByRole('button', { name: 'Advanced' }).click()
      },
    },
    { name: 'client-keys', path: `/clients/${at.client}/keys`, ready: /key/i },
    { name: 'client-presets', path: `/clients/${at.client}/presets`, ready: /preset/i },
    { name: 'client-webhooks', path: `/clients/${at.client}/webhooks`, ready: /webhook/i },
    { name: 'client-passwords', path: `/clients/${at.client}/passwords`, ready: /One by one|No gallery needs one/ },
    { name: 'new-run', path: `/runs/new?client=${at.client}`, ready: 'Lumen Photography' },
    { name: 'new-upload', path: `/uploads/new?client=${at.client}`, ready: /drop/i },

    run('surveying', at.surveying, 'Looking at the account', { counting: true }),
    run('planned', at.planned, 'Start the migration', { act: firstRow }),
    run('repeated', at.repeated, 'Take the changes over', { act: firstRow }),
    run('running', at.running, 'photos safe', { act: firstGallery }),
    run('huge', at.huge, 'Still listing'),
    run('retrying', at.retrying, 'tried again', { act: firstGallery }),
    run('limited', at.limited, 'asked us to wait', { act: firstGallery }),
    run('archived', at.archived, 'bring them back', { act: firstGallery }),
    run('paused', at.paused, 'until the studio has bought more space', { act: firstGallery }),
    run('blocked', at.blocked, 'Sign in again', { act: firstGallery }),
    run('stalled', at.stalled, 'Stalled', { act: firstGallery }),
    run('upload', at.upload, 'have not arrived', { act: firstGallery }),
    run('failed', at.failed, 'Provider changed something', { act: firstGallery }),
    run('cancelled', at.cancelled, 'stays with her old host after all', { act: firstGallery }),
    run('done', at.done, 'photos safe', { act: firstGallery }),
    run('troubled', at.troubled, 'Cut off on the way', {
      async act(page) {
        await page
          .getByRole('button', { name: /Cut off on the way/, expanded: false })
          .first()
          .click()
        await expect(page.getByText('What we tried')).toBeVisible()
        await page.getByText('Technical details').click()
      },
    }),
    run('evidence', at.troubled, 'Cut off on the way', {
      async act(page) {
        for (const name of [/Cut off on the way/, /Provider had an error/])
          await page.getByRole('button', { name, expanded: false }).first().click()
        const evidence = page.getByRole('region', { name: 'Evidence' })
        await expect(evidence).toHaveCount(2)
        await evidence.getByText('Beginning of the requests').click()
      },
    }),
    run('attention', `${at.running}?state=attention`, 'Counts do not agree'),
    run('cancel', at.running, 'photos safe', {
      isOver: true,
      async act(page) {
        await page.getByRole('button', { name: 'More', exact: true }).click()
        await page.getByRole('menuitem', { name: 'Cancel this run' }).click()
        await expect(page.getByRole('dialog')).toContainText('cannot be undone')
      },
    }),
    run('retry', at.troubled, 'Cut off on the way', {
      isOver: true,
      async act(page) {
        await page.getByRole('button', { name: 'Retry 34 failed' }).click()
        await expect(page.getByRole('dialog')).toContainText('not touched')
      },
    }),
    run('ignore', at.troubled, 'Cut off on the way', {
      isOver: true,
      async act(page) {
        await page.getByRole('button', { name: 'More about Cut off on the way' }).click()
        await page.getByRole('menuitem', { name: 'Ignore it…' }).click()
        await expect(page.getByRole('dialog')).toContainText('Until')
      },
    }),
    run('passwords', `${at.running}/passwords`, 'One by one'),
    { name: 'run-not-there', path: `/runs/${crypto.randomUUID()}`, ready: 'There is no such run' },

    { name: 'gallery', path: `/galleries/${at.gallery}`, ready: 'all safe', act: picturesThere },
    {
      name: 'gallery-large',
      path: `/galleries/${at.gallery}`,
      ready: 'all safe',
      isOver: true,
      async act(page) {
        await picturesThere(page)
        await page.getByRole('list', { name: 'Pictures' }).getByRole('button').nth(1).click()
        const picture = page.getByRole('dialog').getByRole('img').first()
        await expect.poll(() => picture.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
      },
    },
    { name: 'gallery-odd', path: `/galleries/${at.odd}`, ready: 'first-dance.mp4', act: picturesThere },
    { name: 'gallery-huge', path: `/galleries/${at.hugeGallery}`, ready: 'IMG_00001.jpg' },

    { name: 'certificate', path: `/runs/${at.migrated}/certificate`, ready: 'Galleries verified' },

    {
      name: 'oauth',
      path: '/sources/oauth',
      ready: /./,
      act: (page) => expect(page.getByRole('main').getByRole('alert')).toBeVisible(),
    },
    { name: 'not-found', path: '/nowhere', ready: 'There is no such page' },
    { name: 'client-not-there', path: `/clients/${crypto.randomUUID()}`, ready: /no such/i },
    { name: 'gallery-not-there', path: `/galleries/${crypto.randomUUID()}`, ready: /no such/i },

    { name: 'providers', path: '/providers', ready: 'Pixieset' },
    { name: 'queues', path: '/queues', ready: /fetch.photos/i },
    { name: 'workers', path: '/workers', ready: /memory|worker/i },
    { name: 'webhooks', path: '/webhooks', ready: /told|deliver/i },
    { name: 'audit', path: '/audit', ready: 'Who did what' },
    { name: 'people', path: '/people', ready: 'admin@pass.local' },
    { name: 'account', path: '/account', ready: 'this one' },
  ]
}

/** For whoever has no account here. */
export function outsidePages(at: Places): Look[] {
  return [
    { name: 'sign-in', path: '/sign-in', ready: 'Sign in to the console' },
    {
      name: 'sign-in-wrong',
      path: '/sign-in',
      ready: 'Sign in to the console',
      async act(page) {
        await page.getByLabel('E-mail').fill('nobody@pass.test')
        await page.getByLabel('Password', { exact: true }).fill('wrong')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await expect(page.getByText('do not go together')).toBeVisible()
      },
    },
    {
      name: 'sign-in-code',
      path: '/sign-in',
      ready: 'Sign in to the console',
      async act(page) {
        const asks = { json: { twoFactorRedirect: true } }
        await page.route('**/api/auth/sign-in/email', (route) => route.fulfill(asks), { times: 1 })
        await page.getByLabel('E-mail').fill('somebody@pass.test')
        await page.getByLabel('Password', { exact: true }).fill('theirs')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await expect(page.getByRole('heading', { name: 'One more step' })).toBeVisible()
      },
    },
    {
      name: 'invitation',
      path: `/invitation/${at.people.invitation}`,
      ready: 'Welcome to Pass',
    },
    { name: 'invitation-over', path: '/invitation/none', ready: /link|invitation/i },
    {
      name: 'photographer',
      path: `/p/${at.shareToken}`,
      ready: 'safe with us',
      act: (page) => expect(page.getByRole('region', { name: 'Albums' }).getByRole('button').first()).toBeVisible(),
    },
    {
      name: 'photographer-problem',
      path: `/p/${at.shareToken}`,
      ready: 'safe with us',
      isOver: true,
      act: (page) =>
        page
          .getByRole('button', { name: /missing|not right|problem/i })
          .first()
          .click(),
    },
    { name: 'photographer-looking', path: `/p/${at.shared.looking}`, ready: /photos|galleries/ },
    { name: 'photographer-moving', path: `/p/${at.shared.moving}`, ready: 'safe with us' },
    { name: 'photographer-held', path: `/p/${at.shared.held}`, ready: 'safe with us' },
    { name: 'photographer-all', path: `/p/${at.shared.all}`, ready: 'safe with us' },
    { name: 'photographer-closed', path: '/p/none', ready: 'This page is closed' },
    {
      name: 'certificate-closed',
      path: `/runs/${at.migrated}/certificate?token=none`,
      ready: 'does not work any more',
    },
  ]
}

/** Goes there and waits until it is there. */
export async function show(page: Page, origin: string, { path, ready, act, counting }: Look): Promise<void> {
  await page.goto(`${origin}${path}`)
  await expect(page.getByText(ready).filter({ visible: true }).first()).toBeVisible()
  await act?.(page)
  await page.waitForLoadState('load')
  // Shapes of what is still to come are no state to look at, but for a survey, which is one.
  if (!counting) await expect(page.locator('.mantine-Skeleton-root:visible')).toHaveCount(0)
}

async function firstRow(page: Page): Promise<void> {
  await expect(page.getByRole('checkbox').first()).toBeVisible()
}

async function firstGallery(page: Page): Promise<void> {
  await expect(page.getByRole('table', { name: 'Galleries' }).getByRole('link').first()).toBeVisible()
}

async function picturesThere(page: Page): Promise<void> {
  const pictures = page.getByRole('list', { name: 'Pictures' }).getByRole('img')
  await expect(pictures.first()).toBeVisible()
  const shown = () =>
    pictures.evaluateAll((all) => (all as HTMLImageElement[]).filter((one) => one.naturalWidth > 0).length)
  await expect.poll(shown).toBeGreaterThan(3)
}
