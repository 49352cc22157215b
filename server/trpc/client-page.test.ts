import { randomUUID } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit, events, galleries, photos, placements, replies, sets, shareLinks } from '#db/schema.ts'
import type { Role, SignedIn } from '#server/accounts.ts'
import type { ClientPage } from '#server/client-page.ts'
import type { Refusal } from '#server/refusal.ts'
import { openProblems } from '#server/replies.ts'
import { aMovingRun, type MovingRun, type VerbHouse, verbHouse } from '#server/testing.ts'
import { appRouter } from './router.ts'

let house: VerbHouse
let anna: Moved
let other: Moved

beforeAll(async () => {
  house = await verbHouse()
  anna = await moved()
  other = await moved()
})
afterAll(() => house.dispose())

describe('a client’s own page', () => {
  it('says how many photos are safe, how many need a look and why, by a link that staff made', async () => {
    const page = await pageOf(anna.token)
    expect(page.photos).toEqual({ total: 5, safe: 3, look: 1 })
    expect(page.stage).toBe('moving')
    expect(page.from).toEqual(['Zenfolio Classic'])
    expect(page.differences).toEqual([{ of: 'photos', code: 'gone_at_source', count: 1, examples: ['p4.jpg'] }])
  })

  it('shows the albums with their counts beside the source’s', async () => {
    const { albums } = await visitor().clientPage.albums({ token: anna.token })
    expect(albums).toMatchObject([{ title: 'Gallery g0', there: 5, here: 3, look: 1, state: 'moving' }])
  })

  it('shows the pictures of an album page by page, each once', async () => {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await appRouter
        .createCaller({ house, person: null })
        .clientPage.pictures({ token: anna.token, publicId: anna.gallery, cursor })
      seen.push(...page.pictures.map(({ filename }) => filename!))
      cursor = page.nextCursor
    } while (cursor)
    expect(seen).toEqual(['p0.jpg', 'p1.jpg', 'p2.jpg', 'p3.jpg', 'p4.jpg'])
  })

  it('opens to the photographer of that client who is signed in, too', async () => {
    const { albums } = await visitor(personAs('photographer', anna.run.clientId)).clientPage.albums({})
    expect(albums.map(({ publicId }) => publicId)).toEqual([anna.gallery])
  })

  it('reaches nothing of another client, by link or signed in', async () => {
    const asked = [
      () => visitor().clientPage.pictures({ token: anna.token, publicId: other.gallery }),
      () => visitor(personAs('photographer', anna.run.clientId)).clientPage.pictures({ publicId: other.gallery }),
      () => visitor().clientPage.report({ token: anna.token, name: 'A', words: 'x', galleryPublicId: other.gallery }),
    ]
    for (const each of asked) expect(await refusal(each())).toMatchObject({ code: 'not_found', status: 404 })
    const { albums } = await visitor().clientPage.albums({ token: anna.token })
    expect(albums.map(({ publicId }) => publicId)).toEqual([anna.gallery])
    expect(JSON.stringify(await pageOf(anna.token))).not.toContain(other.run.clientId)
  })

  it('takes the link before the session: staff see what the photographer sees', async () => {
    const { albums } = await visitor(personAs('admin')).clientPage.albums({ token: anna.token })
    expect(albums).toHaveLength(1)
    expect(await refusal(visitor(personAs('admin')).clientPage.albums({}))).toMatchObject({ code: 'forbidden' })
  })
})

describe('a link', () => {
  it('is kept as a hash only, and says when it was used last', async () => {
    const { id, url } = await staff().share.createLink({ clientId: anna.run.clientId, days: 30 })
    const token = tokenOf(url)
    expect(token).toMatch(/^[\w-]{43}$/)
    const [row] = await house.db.select().from(shareLinks).where(eq(shareLinks.id, id))
    expect(JSON.stringify(row)).not.toContain(token)
    expect(row!.lastUsedAt).toBeNull()
    await visitor().clientPage.albums({ token })
    await expect
      .poll(
        async () =>
          (await staff().share.links({ clientId: anna.run.clientId })).find((link) => link.id === id)?.lastUsedAt,
      )
      .toBeInstanceOf(Date)
  })

  it('opens nothing once revoked, and closes what is open by it within seconds', async () => {
    const { id, url } = await staff().share.createLink({ clientId: anna.run.clientId, days: 1 })
    const token = tokenOf(url)
    const open = await visitor().clientPage.follow({ token })
    const views = open[Symbol.asyncIterator]()
    expect((await views.next()).done).toBe(false)
    await staff().share.revokeLink({ id })
    expect(await refusal(toTheEnd(views))).toMatchObject({ code: 'link_closed', status: 403 })
    expect(await refusal(visitor().clientPage.albums({ token }))).toMatchObject({ code: 'link_closed' })
    expect((await staff().share.links({ clientId: anna.run.clientId })).find((link) => link.id === id)?.state).toBe(
      'revoked',
    )
  })

  it('is watched as a session is: what is open closes when either ends', async () => {
    const ended = personAs('photographer', anna.run.clientId)
    const views = (await visitor(ended).clientPage.follow({}))[Symbol.asyncIterator]()
    expect((await views.next()).done).toBe(false)
    expect(await refusal(toTheEnd(views))).toMatchObject({ code: 'signed_out', status: 401 })
  })

  it('opens nothing when it has run out, is altered, or was never made', async () => {
    const { id, url } = await staff().share.createLink({ clientId: anna.run.clientId, days: 1 })
    await house.db
      .update(shareLinks)
      .set({ expiresAt: new Date(Date.now() - 1000) })
      .where(eq(shareLinks.id, id))
    for (const token of [tokenOf(url), anna.token.slice(0, -1), `${anna.token}A`, 'A'.repeat(43), ''])
      expect(await refusal(visitor().clientPage.albums({ token }))).toMatchObject({ code: 'link_closed' })
  })
})

/** A look that was under way may come yet. */
async function toTheEnd(views: AsyncIterator<unknown>): Promise<void> {
  while (!(await views.next()).done);
}

describe('what a photographer says', () => {
  it('approves with name, time and what was counted, in the timeline and the audit', async () => {
    await visitor().clientPage.approve({ token: anna.token, name: 'Anna Weber' })
    const { approval } = await pageOf(anna.token)
    expect(approval).toMatchObject({ total: 5, safe: 3 })
    expect(approval!.saidBy).toMatch(/^Anna Weber \(link [0-9a-f]{8}\)$/)
    const told = await house.db.select().from(events).where(eq(events.runId, anna.run.id))
    expect(told.find(({ kind }) => kind === 'approved')).toMatchObject({ data: { photos: 5, safe: 3 } })
    const acts = await house.db.select().from(audit).where(eq(audit.clientId, anna.run.clientId))
    expect(acts.map(({ act }) => act)).toContain('client.approve')
  })

  it('reports a problem that waits for staff until one of them settles it with an answer', async () => {
    const person = personAs('photographer', anna.run.clientId)
    const { id } = await visitor(person).clientPage.report({
      name: 'somebody else',
      words: 'Two are missing.',
      galleryPublicId: anna.gallery,
    })
    const waiting = (await openProblems(house)).find((problem) => problem.id === id)
    expect(waiting).toMatchObject({ words: 'Two are missing.', gallery: 'Gallery g0', saidBy: person.email })
    const told = await house.db.select().from(events).where(eq(events.runId, anna.run.id))
    expect(told.find(({ kind }) => kind === 'problem_reported')).toMatchObject({ actor: person.email })
    await staff().share.settle({ id, answer: 'They are there now.' })
    expect((await openProblems(house)).map((problem) => problem.id)).not.toContain(id)
    const { problems } = await pageOf(anna.token)
    expect(problems.find((problem) => problem.id === id)?.answer).toBe('They are there now.')
  })

  it('is not taken in floods', async () => {
    const flooded = await moved()
    await house.db.insert(replies).values(
      Array.from({ length: 30 }, () => ({
        clientId: flooded.run.clientId,
        runId: flooded.run.id,
        kind: 'problem' as const,
        total: 0,
        safe: 0,
        saidBy: 'x',
      })),
    )
    expect(
      await refusal(visitor().clientPage.report({ token: flooded.token, name: 'A', words: 'again' })),
    ).toMatchObject({ code: 'too_many', status: 429 })
  })
})

interface Moved {
  run: MovingRun
  token: string
  /** By public id. */
  gallery: string
}

/** Five photos of one gallery: three safe, one on its way, one gone. */
async function moved(): Promise<Moved> {
  const run = await aMovingRun(house, [{ statedCount: 5 }])
  const galleryId = run.galleries[0]!.id
  const states = ['published', 'published', 'published', 'listed', 'skipped'] as const
  const rows = await house.db
    .insert(photos)
    .values(
      states.map((state, i) => ({
        clientId: run.clientId,
        runId: run.id,
        galleryId,
        ref: `p${i}`,
        kind: 'photo' as const,
        filename: `p${i}.jpg`,
        state,
        code: state === 'skipped' ? 'gone_at_source' : null,
      })),
    )
    .returning()
  const [set] = await house.db.insert(sets).values({ galleryId, ref: null, title: '', position: 0 }).returning()
  await house.db
    .insert(placements)
    .values(rows.map((photo, position) => ({ setId: set!.id, photoId: photo.id, position })))
  const [gallery] = await house.db
    .update(galleries)
    .set({ total: 5, published: 3, listed: 1, skipped: 1, state: 'copying', listedAt: new Date() })
    .where(eq(galleries.id, galleryId))
    .returning()
  const { url } = await staff().share.createLink({ clientId: run.clientId, days: 30 })
  return { run, token: tokenOf(url), gallery: gallery!.publicId }
}

const tokenOf = (url: string) => url.split('/p/')[1]!

const visitor = (person: SignedIn | null = null) => appRouter.createCaller({ house, person })
const staff = () => appRouter.createCaller({ house, person: personAs('staff') })

function personAs(role: Role, clientId: string | null = null): SignedIn {
  const id = randomUUID()
  return { sessionId: id, userId: id, email: `${id}@pass.test`, name: role, role, clientId, secondFactor: true }
}

async function pageOf(token: string): Promise<ClientPage> {
  for await (const page of await visitor().clientPage.follow({ token })) return page
  throw new Error('nothing came')
}

async function refusal(asked: Promise<unknown>): Promise<Refusal | undefined> {
  const error = await asked.then(
    () => undefined,
    (caught: Error) => caught,
  )
  return (error instanceof Error && error.cause ? error.cause : error) as Refusal | undefined
}
