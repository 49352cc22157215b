// A provider's stand-in as a child process, its control interface, and the truth it tells about its account.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ProviderId } from '#server/providers.ts'
import type { Access, PhotoKind } from '../connector.ts'

/** A place where a provider can be met. */
export interface Site {
  /** `flags` go to the stand-in's command line. */
  start(...flags: string[]): Promise<StandIn>
}

export interface StandIn {
  endpoints: Record<string, string>
  credentials: Record<string, string>
  truth(): Promise<Truth>
  requests(): Promise<Requests>
  /** Sets these faults and no others. */
  faults(faults: Faults): Promise<void>
  /** A person hands over a new session: from now on `credentials` hold it. */
  handOver(): Promise<void>
  stop(): Promise<void>
}

export type Faults = Partial<
  Record<
    | 'rate429'
    | 'retryAfter'
    | 'rate5xx'
    | 'rateTruncated'
    | 'rateHtml'
    | 'rateReset'
    | 'expireTokenEvery'
    | 'thawSeconds',
    number
  > &
    Record<
      'wrongPassword' | 'locked' | 'apiOff' | 'changedMarkup' | 'emptyLists' | 'edgeBlock' | 'silentExpiry',
      boolean
    >
>

interface Requests {
  total: number
  byMethod: Record<string, number>
  writes: unknown[]
  unknown: unknown[]
  signIns: number
  originals: number
}

/** Lines of contract §4, those fields that a provider can state. */
export interface Truth {
  galleries: TrueGallery[]
  photos: TruePhoto[]
  favourites: TrueFavourites[]
}

export interface TrueGallery {
  ref: string
  path: string[]
  title: string
  description: string | null
  date: string | null
  access: Access | null
  /** null where the provider tells nothing of passwords. */
  passwordKnown: boolean | null
  expiresAt: string | null
  coverRef: string | null
  statedCount: number | null
  sets: { ref: string | null; parentRef: string | null; title: string; photos: string[] }[]
}

export interface TruePhoto {
  ref: string
  gallery: string
  filename: string | null
  caption: string | null
  keywords: string[]
  takenAt: string | null
  kind: PhotoKind
  bytes: number
  sha256: string
  isOriginal: boolean
  /** Why it cannot be had, where it cannot; then bytes, hash and `isOriginal` are not told. */
  code?: string
}

export interface TrueFavourites {
  gallery: string | null
  ref: string
  name: string
  owner: string | null
  photos: string[]
}

/** The stand-in of sandbox/, each time on a port of its own. `flags` go before those of `start`. */
export function standIn(provider: ProviderId, ...flags: string[]): Site {
  return { start: (...more) => startStandIn(provider, [...flags, ...more]) }
}

async function startStandIn(provider: ProviderId, flags: string[]): Promise<StandIn> {
  const child = spawn(process.execPath, ['sandbox/main.ts', provider, '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const first = await lines.next()
  if (first.done) throw new Error(`the stand-in of ${provider} ended before it was ready`)
  const { origin, endpoints, credentials } = JSON.parse(first.value)
  const control = async (path: string, body?: unknown) => {
    const init = body === undefined ? undefined : { method: 'POST', body: JSON.stringify(body) }
    const answer = await fetch(`${origin}/_sandbox/${path}`, init)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`the stand-in refuses ${path}: ${text}`)
    return text
  }
  const place: StandIn = {
    endpoints,
    credentials,
    truth: async () => truthOf(await control('expected')),
    requests: async () => JSON.parse(await control('requests')),
    faults: async (faults) => void (await control('faults', { reset: true, ...faults })),
    async handOver() {
      place.credentials = JSON.parse(await control('hand-over', {}))
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
  return place
}

function truthOf(text: string): Truth {
  const truth: Truth = { galleries: [], photos: [], favourites: [] }
  for (const line of text.split('\n').filter(Boolean)) {
    const { type, ...rest } = JSON.parse(line)
    if (type === 'gallery') truth.galleries.push(rest)
    else if (type === 'photo') truth.photos.push(rest)
    else if (type === 'favourites') truth.favourites.push(rest)
  }
  return truth
}
