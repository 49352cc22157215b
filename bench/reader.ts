// One process that lists galleries as a worker does, through the connector and our HTTP, and throws away what it read.
import type { ProviderId } from '#server/providers.ts'
import { createBrowser } from '#workers/browser.ts'
import type { SourceGallery, SourceSession } from '#workers/connectors/connector.ts'
import { connectorOf } from '#workers/connectors/index.ts'
import { createHttp } from '#workers/http.ts'
import { serve } from './crew.ts'

export interface Reading {
  provider: ProviderId
  endpoints: Record<string, string>
  credentials: Record<string, string>
  galleries: SourceGallery[]
}

const http = createHttp({ allowLocal: true })
const { signal } = new AbortController()
const browser = createBrowser({ allowLocal: true }).scoped({ signal })
const sessions = new Map<string, Promise<SourceSession>>()

export function openSession({ provider, endpoints, credentials }: Omit<Reading, 'galleries'>): Promise<SourceSession> {
  const name = JSON.stringify([provider, endpoints])
  const open =
    sessions.get(name) ??
    connectorOf(provider).signIn(credentials, {
      endpoints,
      http,
      browser,
      rotate: async () => {},
      signal,
      note: () => {},
    })
  sessions.set(name, open)
  return open
}

export const closeHttp = () => http.close()

if (process.send) {
  serve<Reading>(async (item, reading) => {
    const session = await openSession(reading)
    const gallery = reading.galleries[item]!
    const { statedCount } = await session.detail(gallery)
    let photos = 0
    for await (const page of session.photos({ ...gallery, statedCount })) photos += page.photos.length
    if (statedCount !== null && photos !== statedCount) throw new Error(`${photos} of ${statedCount} photos`)
  })
}
