import { afterAll, beforeAll, expect, test } from 'vitest'
import { aShelf, isDue, keysOf, someText } from '#server/deletion.testing.ts'
import { deletePhotos, listDeletions } from '#server/deletion.ts'
import { sweepDeletions } from '#server/deletion-removal.ts'
import { findImage } from '#server/images.ts'
import { forgetJobs, jobsOf, type VerbHouse, verbHouse } from '#server/testing.ts'
import { type Job, type Steps, startWorker } from '../run.ts'
import { deleteExpired } from './delete-expired.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

test('what is due is found, taken by a worker, and gone; what is not stays', async () => {
  await forgetJobs(house)
  const shelf = await aShelf(house, [{ p1: someText(), p2: someText() }])
  const { clientId, ids, keys } = shelf
  const due = await deletePhotos(house, 'a', { clientId, publicIds: [ids.p1!] })
  const later = await deletePhotos(house, 'a', { clientId, publicIds: [ids.p2!] })
  await isDue(house, due.id)
  expect(await sweepDeletions(house)).toBe(1)

  const ended = Promise.withResolvers<void>()
  const step = async (job: Job<'delete-expired'>) => {
    await deleteExpired(job, { house })
    ended.resolve()
  }
  const steps = { 'delete-expired': step } as Partial<Steps<null>> as Steps<null>
  const worker = startWorker({ house, queues: ['delete-expired'], steps, tools: null })
  await ended.promise
  await worker.drain()

  expect(await keysOf(house, clientId)).toEqual(Object.values(keys.p2!))
  expect(await findImage(house, ids.p1!, null)).toBe('gone')
  expect(await listDeletions(house, clientId)).toMatchObject([{ id: later.id }])
  expect(await jobsOf(house, 'delete-expired')).toEqual([])
})
