import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Role, SignedIn } from './accounts.ts'
import { recordDownload, runReader } from './run-readers.ts'
import { requireSecondFactor } from './settings.ts'
import { createShareLink } from './share-links.ts'
import { aMovingRun, type MovingRun, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
let run: MovingRun
beforeAll(async () => {
  house = await verbHouse()
  run = await aMovingRun(house)
})
afterAll(() => house?.dispose())

function person(role: Role, more: Partial<SignedIn> = {}): SignedIn {
  const email = `${role}@studio.example`
  return { sessionId: 's', userId: 'u', email, name: role, role, clientId: null, secondFactor: false, ...more }
}

test.each(['staff', 'ops', 'admin'] as const)('%s read any run', async (role) => {
  const reader = { actor: `${role}@studio.example`, clientId: run.clientId, isStaff: true }
  expect(await runReader(house, run.id, person(role), null)).toEqual(reader)
})

test('a photographer reads runs of their own and of nobody else', async () => {
  const own = person('photographer', { clientId: run.clientId })
  expect(await runReader(house, run.id, own, null)).toMatchObject({ clientId: run.clientId, isStaff: false })
  const other = await aMovingRun(house)
  for (const stranger of [person('photographer', { clientId: other.clientId }), person('photographer')])
    await expect(runReader(house, run.id, stranger, null)).rejects.toMatchObject({ code: 'not_found' })
})

test('a link opens the runs of its client, and no others', async () => {
  const { url } = await createShareLink(house, 'test', { clientId: run.clientId, days: 1 })
  const token = url.slice(url.lastIndexOf('/') + 1)
  expect(await runReader(house, run.id, null, token)).toMatchObject({ clientId: run.clientId, isStaff: false })
  const other = await aMovingRun(house)
  await expect(runReader(house, other.id, null, token)).rejects.toMatchObject({ code: 'not_found' })
  await expect(runReader(house, run.id, null, `${token}x`)).rejects.toMatchObject({ code: 'link_closed' })
})

test('nobody who is not signed in reads any, and no run that does not exist is found', async () => {
  await expect(runReader(house, run.id, null, null)).rejects.toMatchObject({ code: 'signed_out' })
  for (const id of [randomUUID(), 'not-an-id', "' or true --"])
    await expect(runReader(house, id, person('staff'), null)).rejects.toMatchObject({ code: 'not_found' })
})

test('where a second factor is required, staff without one read none', async () => {
  await requireSecondFactor(house, 'test', true)
  await expect(runReader(house, run.id, person('staff'), null)).rejects.toMatchObject({ code: 'second_factor_needed' })
  const careful = person('staff', { secondFactor: true })
  expect(await runReader(house, run.id, careful, null)).toMatchObject({ isStaff: true })
  await requireSecondFactor(house, 'test', false)
})

test('who took what is written down', async () => {
  await recordDownload(house, await runReader(house, run.id, person('staff'), null), run.id, 'certificate')
  const { rows } = await house.pool.query(
    'select actor, act, subject, data, client_id from audit order by id desc limit 1',
  )
  expect(rows).toEqual([
    {
      actor: 'staff@studio.example',
      act: 'run.download',
      subject: run.id,
      data: { what: 'certificate' },
      client_id: run.clientId,
    },
  ])
})
