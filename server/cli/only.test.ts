import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateAll } from '#workers/testing.ts'
import { type HouseWithAccount, houseWithAccount, sized } from '#workers/testing-house.ts'
import { migrate } from './migrate.ts'
import type { System } from './system.ts'

let place: HouseWithAccount

beforeAll(async () => {
  place = await houseWithAccount('shootproof', sized(2, 2))
})
afterAll(() => place?.dispose())

test.each([
  ['the whole account', undefined],
  ['another gallery', ['2']],
  ['one more gallery', ['1', '2']],
])('--only is refused while a run of %s is open, in place of moving more than was asked for', async (of, only) => {
  const { house, standIn } = place
  const run = await migrateAll(house, standIn, { only, client: of })
  const credentials = join(house.env.PASS_DATA_DIR, 'account.json')
  await writeFile(credentials, JSON.stringify(standIn.credentials), { mode: 0o600 })
  const { provider, endpoints } = standIn
  const wanted = {
    provider,
    credentials,
    endpoints,
    client: of,
    only: ['1'],
    renditions: ['thumb'],
    plan: false,
    json: true,
  }
  const opening = async (): Promise<System> => ({
    house,
    childEnv: {},
    keepServed: async () => {},
    close: async () => {},
  })
  const error = await migrate(wanted, opening, AbortSignal.timeout(20_000)).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'other_galleries', message: expect.stringContaining(run) })
})
