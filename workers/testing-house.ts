// For test files that move for real: what each of them needs for itself, and what holds whatever the provider. All of it
// is taken down together, also where its set-up breaks off half way.
import { expect } from 'vitest'
import { testDatabase } from '#db/testing.ts'
import type { House } from '#server/house.ts'
import type { Snapshot } from '#server/snapshots.ts'
import {
  differences,
  reached,
  reportLines,
  type StandIn,
  startStandIn,
  type TestHouse,
  testHouse,
  withoutPacing,
} from './testing.ts'

/** A house on a database of its own. `overrides` are environment variables (S3_BUCKET …). */
export async function ownHouse(overrides: Record<string, string> = {}): Promise<TestHouse> {
  await using begun = new AsyncDisposableStack()
  const database = await testDatabase()
  begun.defer(() => database.drop())
  const house = await testHouse(database.url, overrides)
  begun.defer(house.dispose)
  const all = begun.move()
  return Object.assign(house, { dispose: () => all.disposeAsync() })
}

/** One with a worker, which asks as fast as it can. */
export async function hurryingHouse(): Promise<TestHouse> {
  const house = await ownHouse()
  try {
    await withoutPacing(house)
    await house.startWorker()
    return house
  } catch (error) {
    await house.dispose()
    throw error
  }
}

export interface HouseWithAccount {
  house: TestHouse
  standIn: StandIn
  dispose(): Promise<void>
}

/** A house, and an account for it to move. `options` as `sandbox/main.ts` takes them. */
export async function houseWithAccount(
  provider: string,
  options: string[],
  openHouse = () => ownHouse(),
): Promise<HouseWithAccount> {
  await using begun = new AsyncDisposableStack()
  const standIn = await startStandIn(provider, options)
  begun.defer(standIn.stop)
  const house = await openHouse()
  begun.defer(house.dispose)
  const all = begun.move()
  return { house, standIn, dispose: () => all.disposeAsync() }
}

/** An account for one test; nothing was written to it, and it was asked nothing that it does not know. */
export async function withStandIn(
  provider: string,
  options: string[],
  work: (standIn: StandIn) => Promise<void>,
): Promise<void> {
  const standIn = await startStandIn(provider, options)
  try {
    await work(standIn)
    const { writes, unknown } = await standIn.requests()
    expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
  } finally {
    await standIn.stop()
  }
}

/** Options of an account: photos are of each gallery. */
export const sized = (galleries: number, photos: number, scenario = 'plain', pictures = 'tiny'): string[] => [
  ...['--scenario', scenario, '--pictures', pictures],
  ...['--galleries', `${galleries}`, '--photos', `${photos}`],
]

/** A provider that fails in every way now and then. */
export const storm = { rate429: 0.05, retryAfter: 0, rate5xx: 0.05, rateTruncated: 0.03, rateHtml: 0.02 }

/** The run has come to its end, and its report says what the provider has. */
export async function expectMoved(house: House, standIn: StandIn, run: string): Promise<Snapshot> {
  const end = await reached(house, run)
  expect(end.todo).toBeNull()
  expect(end.state).toBe('done')
  expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
  return end
}
