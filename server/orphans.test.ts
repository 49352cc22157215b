import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aShelf, keysOf, put, someText } from './deletion.testing.ts'
import { keepEvidence, recordEvidence } from './evidence.ts'
import { findOrphans, removeOrphans } from './orphans.ts'
import { evidenceKey, originalKey, renditionKey } from './store/store.ts'
import { forgetJobs, type VerbHouse, verbHouse } from './testing.ts'
import { openHoldings } from './uploads/loose.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const hex = () => randomBytes(32).toString('hex')
const found = async (clientId?: string) => (await Array.fromAsync(findOrphans(house, clientId))).map(({ key }) => key)
const page = {
  expected: 'a list',
  url: 'https://x.test/',
  status: 200,
  contentType: 'text/html',
  excerpt: 'x'.repeat(5000),
}

test('objects that a row names are none: originals, renditions, evidence, held uploads', async () => {
  const shelf = await aShelf(house, [{ p1: someText(), p2: someText() }])
  await recordEvidence(house, shelf.id, shelf.galleries[0]!.id, 'list-gallery', 'unexpected_page', page)
  const sha256 = hex()
  const holdings = openHoldings(house)
  await holdings.hold(shelf.clientId, sha256)
  await put(house, originalKey(shelf.clientId, sha256), Buffer.from('on its way'))
  holdings.close()
  expect(await keysOf(house, shelf.clientId)).toHaveLength(6)
  expect(await found(shelf.clientId)).toEqual([])
})

test('every other object of a client is one, and goes; what is not ours is told and stays', async () => {
  const shelf = await aShelf(house, [{ p1: someText() }])
  const { clientId } = shelf
  const known = await keysOf(house, clientId)
  const sha256 = known[0]!.split('/').at(-1)!
  await keepEvidence(house, shelf.id, page)
  const left = [
    originalKey(clientId, hex()),
    renditionKey(clientId, hex(), 'aaaa', 'webp'),
    renditionKey(clientId, sha256, 'bbbb', 'webp'),
    evidenceKey(clientId, hex(), 'png'),
    originalKey(randomUUID(), hex()),
  ]
  for (const key of left) await put(house, key, Buffer.from(key))
  const strange = [`${clientId}/notes/a.txt`, 'somebody/else.txt', 'else.txt']
  for (const key of strange) await put(house, key, Buffer.from(key))

  const all = (await Array.fromAsync(findOrphans(house))).filter(({ key }) => !known.includes(key))
  const evidence = all.map(({ key }) => key).find((key) => key.endsWith('.html'))
  expect(all.map(({ key }) => key).sort()).toEqual([...left, ...strange, evidence].sort())
  expect(
    all
      .filter((orphan) => orphan.clientId === null)
      .map(({ key }) => key)
      .sort(),
  ).toEqual([...strange].sort())

  const removed = await removeOrphans(house, 'a', all)
  expect(removed).toEqual({ objects: 6, bytes: expect.any(Number), kept: 0 })
  expect((await found()).sort()).toEqual([...strange].sort())
  expect((await keysOf(house, clientId)).sort()).toEqual([...known, strange[0]].sort())
})

test('one that has got its row meanwhile stays, and so does every one of a client with a job at work', async () => {
  await forgetJobs(house)
  const text = someText()
  const shelf = await aShelf(house, [{ p1: text }])
  const key = originalKey(shelf.clientId, hex())
  await put(house, key, Buffer.from('left over'))
  const [orphan] = await Array.fromAsync(findOrphans(house, shelf.clientId))
  const named = { ...orphan!, key: shelf.keys.p1!.original }
  await house.db.transaction((tx) =>
    house.queues.enqueue(tx, 'reconcile-gallery', [{ runId: shelf.id, payload: { galleryId: 1 } }]),
  )
  await house.queues.boss.fetch('reconcile-gallery')
  expect(await removeOrphans(house, 'a', [orphan!, named])).toEqual({ objects: 0, bytes: 0, kept: 2 })
  await forgetJobs(house)
  expect(await removeOrphans(house, 'a', [orphan!, named])).toEqual({ objects: 1, bytes: 9, kept: 1 })
  expect(await keysOf(house, shelf.clientId)).toEqual(Object.values(shelf.keys.p1!))
})
