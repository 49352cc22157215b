import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelRun, createMigration, resumeRun } from '#server/runs.ts'
import { surveyed } from '#server/surveys.ts'
import { aMovingRun, aSource, foundGallery, type VerbHouse, verbHouse } from '#server/testing.ts'
import { type FavouriteList, NotAvailable, type SourceSession } from '../connectors/connector.ts'
import { connectorOf } from '../connectors/index.ts'
import { surveySource } from './survey-source.ts'
import { toolsOf } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const list: FavouriteList = { ref: '7', galleryRef: '1', name: 'Picks', owner: null, photoRefs: ['3'] }

/** An account of two galleries; then its favourite lists, and what the plan says of them. */
async function surveyOf(favourites: SourceSession['favourites']) {
  const { sourceId } = await aSource(house)
  const { id } = await createMigration(house, 'test', { sourceId, renditions: [], autoStart: false })
  await survey(id, ['1', '2'], favourites)
  const { rows } = await house.pool.query('select state, plan from runs where id = $1', [id])
  const found = await surveyed(house.db, id)
  return { state: rows[0].state, lists: found?.favourites, said: rows[0].plan.fields.favourites }
}

/** Of an account that shows these galleries. */
async function survey(id: string, shown: string[], favourites?: SourceSession['favourites']): Promise<void> {
  const session: Partial<SourceSession> = {
    account: async () => ({ name: 'Anna', galleries: null, photos: null, bytes: null }),
    async *galleries() {
      yield { folders: [], galleries: shown.map((ref) => foundGallery(ref)), next: null }
    },
    favourites,
  }
  await surveySource(
    {
      ...{ queue: 'survey-source', id: randomUUID(), runId: id, payload: { runId: id }, deaths: 0, suspect: false },
      signal: new AbortController().signal,
      finish: (work) => house.db.transaction(work),
      checkpoint: (work) => house.db.transaction(work),
    },
    toolsOf(house, session, { abilities: connectorOf('zenfolio').abilities }),
  )
}

test('all favourite lists of the account are kept', async () => {
  const all = async function* () {
    yield list
  }
  expect(await surveyOf(all)).toEqual({ state: 'planned', lists: [list], said: 'kept' })
})

test('lists that could be seen are kept where others could not, and the plan says that some are lost', async () => {
  const some = async function* () {
    yield list
    throw new NotAvailable('those of gallery 2')
  }
  expect(await surveyOf(some)).toEqual({ state: 'planned', lists: [list], said: 'lost' })
})

test('an account does not wait for favourite lists that cannot be seen', async () => {
  // biome-ignore lint/correctness/useYield: nothing is told
  const none = async function* (): AsyncGenerator<FavouriteList> {
    throw new NotAvailable('not for us')
  }
  expect(await surveyOf(none)).toEqual({ state: 'planned', lists: null, said: 'lost' })
})

test('an account that showed galleries before and shows none now is left to a person, and looked at anew', async () => {
  const { id: first, sourceId, galleries } = await aMovingRun(house)
  await cancelRun(house, 'test', first)
  const { id } = await createMigration(house, 'test', { sourceId, renditions: [], autoStart: false })
  const stateNow = async () => (await house.pool.query('select state, todo from runs where id = $1', [id])).rows[0]
  await survey(id, [])
  expect(await stateNow()).toMatchObject({
    state: 'blocked',
    todo: expect.stringContaining('shows no galleries at all, and it had 1'),
  })
  const kept = await house.pool.query('select gone_at from galleries where id = $1', [galleries[0]!.id])
  expect(kept.rows).toEqual([{ gone_at: null }])
  await resumeRun(house, 'test', id)
  await survey(id, ['g0'])
  expect(await stateNow()).toMatchObject({ state: 'planned' })
})

test('an account that never showed a gallery may be empty', async () => {
  const { sourceId } = await aSource(house)
  const { id } = await createMigration(house, 'test', { sourceId, renditions: [], autoStart: false })
  await survey(id, [])
  const { rows } = await house.pool.query('select state from runs where id = $1', [id])
  expect(rows).toEqual([{ state: 'planned' }])
})
