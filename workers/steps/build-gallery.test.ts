import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillPassword } from '#server/passwords.ts'
import { aMovingRun, type VerbHouse, verbHouse } from '#server/testing.ts'
import type { GalleryDetail } from '../connectors/connector.ts'
import { buildGallery } from './build-gallery.ts'
import { jobOf, toolsOf } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const plain: GalleryDetail = {
  ...{ description: null, expiresAt: null, access: 'password', passwordUnknown: true, password: null },
  ...{ passwordHint: null, coverRef: null, date: null, statedCount: null, expectedCount: null },
  sets: [{ ref: null, parentRef: null, title: '', position: 0 }],
  extra: {},
}

/** Builds the gallery anew, as a later run does, with what the provider tells now. */
async function built(galleryId: number, told: Partial<GalleryDetail>) {
  await house.pool.query('update galleries set built_at = null where id = $1', [galleryId])
  const session = { detail: async () => ({ ...plain, ...told }) }
  await buildGallery(jobOf(house, 'build-gallery', galleryId), toolsOf(house, session))
  const { rows } = await house.pool.query(
    'select password is not null as has, password_known as known, password_filled as filled, public_id as "publicId" from galleries where id = $1',
    [galleryId],
  )
  return rows[0]
}

test('a password that was filled in stays when the gallery is built again, as long as one is needed and not told', async () => {
  const run = await aMovingRun(house)
  const { id } = run.galleries[0]!
  const before = await built(id, {})
  expect(before).toMatchObject({ has: false, known: false, filled: false })
  await fillPassword(house, 'test', before.publicId, 'secret')
  expect(await built(id, {})).toMatchObject({ has: true, known: true, filled: true })
  expect(await built(id, { passwordUnknown: false, password: 'told' })).toMatchObject({
    has: true,
    known: true,
    filled: false,
  })
  expect(await built(id, { passwordUnknown: false, access: 'public' })).toMatchObject({
    has: false,
    known: true,
    filled: false,
  })
})

test('a password that only the survey told of is unknown, and stays when it was filled in', async () => {
  const run = await aMovingRun(house)
  const { id } = run.galleries[0]!
  await house.pool.query("update galleries set access = 'password' where id = $1", [id])
  const silent = { access: null, passwordUnknown: false }
  const before = await built(id, silent)
  expect(before).toMatchObject({ has: false, known: false, filled: false })
  await fillPassword(house, 'test', before.publicId, 'secret')
  expect(await built(id, silent)).toMatchObject({ has: true, known: true, filled: true })
  await house.pool.query('update galleries set access = null where id = $1', [id])
  expect(await built(id, silent)).toMatchObject({ has: false, known: true, filled: false })
})
