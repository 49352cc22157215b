import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { resumeRun } from '#server/runs.ts'
import { aMovingRun, forgetJobs, jobsOf, type VerbHouse, verbHouse } from '#server/testing.ts'
import { SourceFault, type ThawState } from '../connectors/connector.ts'
import { jobOf, toolsOf } from './testing.ts'
import { thawGallery } from './thaw-gallery.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())
beforeEach(() => forgetJobs(house))

/** One look, answered by `told`; gives the tickets that the provider was asked with. */
async function look(galleryId: number, told: () => ThawState): Promise<unknown[]> {
  const tickets: unknown[] = []
  const session = {
    async thaw(_: { ref: string }, ticket?: unknown) {
      tickets.push(ticket)
      return told()
    },
  }
  await thawGallery(jobOf(house, 'thaw-gallery', galleryId), toolsOf(house, session))
  return tickets
}

const standing = async (table: 'galleries' | 'runs', id: number | string) => {
  const { rows } = await house.pool.query(`select state, code from ${table} where id = $1`, [id])
  return rows[0]
}

test('the ticket of each answer comes back with the next look, until it is ready; then nobody looks any more', async () => {
  const run = await aMovingRun(house, [{ archived: true }])
  const { id } = run.galleries[0]!
  const not = (ticket: unknown) => () => ({ ready: false, ticket, usualHours: 15 })
  expect(await look(id, not({ job: 1, asked: false }))).toEqual([undefined])
  expect(await look(id, not({ job: 1, asked: true }))).toEqual([{ job: 1, asked: false }])
  expect(await standing('galleries', id)).toEqual({ state: 'waiting', code: 'thawing' })
  expect(await look(id, () => ({ ready: true, ticket: null, usualHours: null }))).toEqual([{ job: 1, asked: true }])
  expect(await standing('galleries', id)).toEqual({ state: 'copying', code: null })
  expect(await look(id, not(null))).toEqual([])
})

test('where a person has to ask the archive, the run says so once, and later looks go on', async () => {
  const run = await aMovingRun(house, [{ archived: true }, { archived: true }])
  const [first, second] = run.galleries
  const byHand = () => ({ ready: false, ticket: { job: null }, usualHours: 15, todo: 'Ask for it yourself.' })
  await look(first!.id, byHand)
  expect(await standing('runs', run.id)).toEqual({ state: 'blocked', code: 'thaw_by_hand' })
  await resumeRun(house, 'test', run.id)
  expect(await look(second!.id, byHand)).toEqual([undefined])
  expect(await look(first!.id, byHand)).toEqual([{ job: null }])
  expect((await standing('runs', run.id)).state).toBe('running')
})

test('a look that fails is taken again, and what was asked for stays asked for', async () => {
  const run = await aMovingRun(house, [{ archived: true }])
  const { id } = run.galleries[0]!
  await look(id, () => ({ ready: false, ticket: { job: 1 }, usualHours: 15 }))
  await forgetJobs(house)
  await look(id, () => {
    throw new SourceFault('sorry', 500)
  })
  expect(await jobsOf(house, 'thaw-gallery')).toMatchObject([{ data: { galleryId: id } }])
  expect(await standing('galleries', id)).toEqual({ state: 'waiting', code: 'thawing' })
  expect(await look(id, () => ({ ready: true, ticket: null, usualHours: null }))).toEqual([{ job: 1 }])
})
