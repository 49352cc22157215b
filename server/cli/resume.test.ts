import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateAll, reached, type StandIn, type TestHouse } from '#workers/testing.ts'
import { type HouseWithAccount, houseWithAccount, sized } from '#workers/testing-house.ts'

let place: HouseWithAccount
let house: TestHouse
let standIn: StandIn

beforeAll(async () => {
  place = await houseWithAccount('pixieset', sized(4, 30))
  ;({ house, standIn } = place)
  await house.startWorker()
})
afterAll(() => place?.dispose())

async function resume(run: string, credentials: object) {
  const { DATABASE_URL, PASS_SECRET_KEY, PASS_DATA_DIR } = house.env
  const file = join(PASS_DATA_DIR, 'session.json')
  await writeFile(file, JSON.stringify(credentials), { mode: 0o600 })
  const args = [join(import.meta.dirname, 'main.ts'), 'resume', run, '--credentials', file]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL, PASS_SECRET_KEY, PASS_DATA_DIR, ALLOW_LOCAL_SOURCES: '1' },
  })
  const ended = Promise.all([text(child.stderr), once(child, 'exit')])
  child.stdout.resume()
  const [stderr, [exit]] = await ended
  return { stderr, exit: exit as number }
}

test('pass resume takes a new session for a run that waits for one; one that is not taken is told, and the run waits on', async () => {
  await standIn.faults({ expireTokenEvery: 60 })
  const run = await migrateAll(house, standIn)
  await reached(house, run, ({ state }) => state === 'blocked')
  const refused = await resume(run, { cookie: 'wsid=nobody' })
  expect(refused.exit).toBe(4)
  expect(refused.stderr).toMatch(/`pass resume .*` goes on\..*\((challenge|sign_in_refused)\)/)
  await standIn.faults({ reset: true })
  expect((await resume(run, await standIn.handedOver())).exit).toBe(0)
  expect((await reached(house, run)).state).toBe('done')
}, 180_000)
