// One sign-in at a provider: with which credentials, into whose account, and for how long.
import type { House } from '#server/house.ts'
import { HostResting } from '#server/pacing.ts'
import { providerStops } from '#server/provider-stops.ts'
import { type ProviderId, providers } from '#server/providers.ts'
import { rotateCredentials } from '#server/sign-ins.ts'
import { recordHealth, type SourceView, sourceRow } from '#server/sources.ts'
import type { OpenBrowser } from './browser.ts'
import {
  Challenge,
  type Connector,
  type Http,
  SessionExpired,
  SignInRefused,
  type SourceSession,
} from './connectors/connector.ts'
import type { OpenHttp } from './http.ts'
import { anew, steady } from './steady.ts'

export interface SignInTools {
  house: House
  http: OpenHttp
  browser: OpenBrowser
  note: (sourceId: string, event: string, shape?: unknown) => void
  signal: AbortSignal
  connectors: (id: ProviderId) => Connector
}

export interface SignedIn {
  session: SourceSession
  /** What other workers go on with. */
  kept: unknown
  /** When a session that only a person can renew ends, as far as is known. */
  endsAt: Date | null
}

export interface Desk {
  connector: Connector
  /** Throws SignInRefused also where it leads into another account than before, Challenge also where a session is over. */
  signIn(credentials: () => Promise<Record<string, string>>): Promise<SignedIn>
  /** Goes on with what another worker kept. */
  goOn(credentials: Record<string, string>, kept: unknown): Promise<SourceSession>
}

/** `place`: where credentials go that the provider replaces at this sign-in. */
export function deskOf(tools: SignInTools, source: SourceView, place: 'credentials' | 'offered'): Desk {
  const { house, http, browser, note, signal } = tools
  const connector = tools.connectors(source.provider)
  const direct = http.scoped({ pacing: connector.pacing, provider: source.provider, signal })
  const patient = steady(direct, signal)
  let signedIn = false
  let latest: Record<string, string> | undefined
  const context = {
    endpoints: source.endpoints,
    browser: browser.scoped({ signal }),
    async rotate(credentials: Record<string, string>) {
      await rotateCredentials(house, source, credentials, place)
      latest = credentials
    },
    http: { request: ((...call) => (signedIn ? patient : direct).request(...call)) satisfies Http['request'] },
    signal,
    note: (event: string, shape?: unknown) => note(source.id, event, shape),
  }
  return {
    connector,
    async signIn(credentials) {
      await refuseStopped(house, source.provider)
      const used = async () => {
        latest ??= await credentials()
        return latest
      }
      const session = await anew(async () => connector.signIn(await used(), context), signal).catch(async (error) => {
        throw error instanceof SessionExpired && isHandedOver(connector, await used()) ? overSession(source) : error
      })
      signedIn = true
      await ownAccount(house, source.id, session, place === 'offered')
      return { session, kept: session.keep(), endsAt: endsAt(connector, await used(), source, place) }
    },
    goOn(credentials, kept) {
      signedIn = true
      return connector.signIn(credentials, { ...context, kept })
    },
  }
}

/** Nobody but a person can make another such session. */
export function isHandedOver(connector: Connector, credentials: Record<string, string>): boolean {
  return connector.sessionLife?.(credentials).renewable === false
}

export function overSession({ provider }: { provider: ProviderId }): Challenge {
  return new Challenge(
    `The session that was handed over has ended. Sign in at ${providers[provider].title} again in an ordinary browser and hand over the new one.`,
  )
}

/** A session that was handed over lives from then, however often it is tried. */
function endsAt(
  connector: Connector,
  credentials: Record<string, string>,
  { givenAt }: SourceView,
  place: 'credentials' | 'offered',
): Date | null {
  const life = connector.sessionLife?.(credentials)
  if (!life?.hours || life.renewable) return null
  const from = place === 'credentials' && givenAt ? givenAt.getTime() : Date.now()
  return new Date(from + life.hours * 3_600_000)
}

/** A browser that signs in is paced by nobody: a provider that was stopped is not even opened. */
async function refuseStopped(house: House, provider: ProviderId): Promise<void> {
  if ((await providerStops(house)).has(provider)) throw new HostResting(providers[provider].title, stoppedSeconds)
}

/** Until the work looks again whether it may. */
const stoppedSeconds = 15

/** With new credentials: a run that goes on in somebody else's account would take its photos for gone. */
async function ownAccount(house: House, sourceId: string, session: SourceSession, isNew: boolean): Promise<void> {
  const { health, accountRef, title } = await sourceRow(house, sourceId)
  if (accountRef === null || (health === 'ok' && !isNew)) return
  const { ref, name } = await session.account()
  if (ref && ref !== accountRef)
    throw new SignInRefused(
      `This is the account “${name}”, not “${title}”: sign in as the owner of “${title}”, or add the other account as a source of its own.`,
    )
  if (!isNew) await recordHealth(house, sourceId, 'ok', null)
}
