// What every connector must do, derived from the abilities it declares: it cannot claim one and skip its test. Over real
// HTTP against the provider's stand-in; with `LIVE=<provider>` also against the account in the file `LIVE_CREDENTIALS`.
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { listingTests } from './conformance/listing.ts'
import { liveTests } from './conformance/live.ts'
import { Meeting } from './conformance/meeting.ts'
import { originalsTests } from './conformance/originals.ts'
import type { Site } from './conformance/stand-in.ts'
import { signInTests, troubleTests } from './conformance/trouble.ts'
import type { Connector } from './connector.ts'

export function describeConnector(connector: Connector, site: Site): void {
  describe(`${connector.provider} against its stand-in`, () => {
    const meeting = new Meeting(connector, site)
    beforeAll(() => meeting.begin())
    afterEach(() => meeting.place.faults({}))
    afterAll(() => meeting.end())

    signInTests(meeting)
    listingTests(meeting)
    originalsTests(meeting)
    troubleTests(meeting)

    test('it only read: the stand-in saw no write and no method it does not know', async () => {
      const { writes, unknown } = await meeting.place.requests()
      expect({ writes, unknown }).toEqual({ writes: [], unknown: [] })
    })
    test('no secret is in any error, its evidence, a note, a gallery or a photo', () => {
      const deep = { depth: 20, maxArrayLength: null, maxStringLength: null, showHidden: true }
      const told = inspect([meeting.outgoing, meeting.account], deep)
      for (const secret of secretsOf(meeting)) expect(told).not.toContain(secret)
    })
  })

  if (process.env.LIVE === connector.provider) {
    const file = process.env.LIVE_CREDENTIALS
    if (!file) throw new Error('LIVE needs LIVE_CREDENTIALS, the path of a JSON file with the credentials')
    liveTests(connector, JSON.parse(readFileSync(file, 'utf8')))
  }
}

/** The credentials and what a session keeps, without the names of the account. */
function secretsOf({ place, session }: Meeting): string[] {
  const values = { ...place.credentials, ...(session.keep() as Record<string, unknown>) }
  const names = ['loginName', 'email', 'clientId', 'baseUrl']
  const secrets = Object.entries(values).filter(([name]) => !names.includes(name))
  expect(secrets.length).toBeGreaterThan(0)
  return secrets.map(([, value]) => String(value))
}
