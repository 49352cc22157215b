import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../scripts/ports.ts'
import { migrateAll, type TestHouse } from './testing.ts'
import { expectMoved, ownHouse, sized, withStandIn } from './testing-house.ts'

let house: TestHouse
let port: number

beforeAll(async () => {
  port = await freePort()
  house = await ownHouse({ METRICS_PORT: `${port}` })
  await house.startWorker()
})

afterAll(() => house?.dispose())

test('a worker says under /metrics what it moved, and what its provider answered', async () => {
  await withStandIn('zenfolio', sized(2, 6), async (standIn) => {
    await expectMoved(house, standIn, await migrateAll(house, standIn))
  })
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const sum = (name: string, label: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{[^}]*${label}[^}]*\\} (\\d+)$`, 'gm'))].reduce(
      (all, [, n]) => all + Number(n),
      0,
    )
  expect(sum('pass_photos_total', 'to="stored"')).toBe(12)
  expect(sum('pass_photos_total', 'to="rendered"')).toBe(12)
  expect(sum('pass_job_duration_count', 'queue="reconcile-gallery"')).toBeGreaterThanOrEqual(2)
  expect(sum('pass_provider_request_duration_count', 'lane="bytes"')).toBeGreaterThanOrEqual(12)
  expect(text).toContain('pass_group="all"')
})
