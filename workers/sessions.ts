// The signed-in session of each source, shared by all workers: signed in once, kept sealed in the ledger, renewed by
// one worker while the others wait.
import type { House } from '#server/house.ts'
import {
  keptSession,
  openCredentials,
  recordHealth,
  renewSession,
  rotateCredentials,
  type SourceView,
  sourceRow,
} from '#server/sources.ts'
import type { OpenBrowser } from './browser.ts'
import {
  Challenge,
  type Connector,
  type Http,
  SessionExpired,
  SignInRefused,
  type SourceSession,
} from './connectors/connector.ts'
import { connectorOf } from './connectors/index.ts'
import type { OpenHttp } from './http.ts'
import { anew, steady } from './steady.ts'

export interface Sessions {
  /** Runs `work` with a live session; where it turns out expired, with a renewed one, once more. */
  with<T>(sourceId: string, work: (session: SourceSession, connector: Connector) => Promise<T>): Promise<T>
  /** Signs in anew, whatever is kept. */
  fresh(sourceId: string): Promise<void>
}

interface Held {
  generation: number
  session: SourceSession
  connector: Connector
  lookedAt: number
}

/** Another worker's newer session is noticed after this long at the latest. */
const lookAgainMilliseconds = 3000

export function createSessions(
  house: House,
  http: OpenHttp,
  browser: OpenBrowser,
  note: (sourceId: string, event: string, shape?: unknown) => void,
  signal: AbortSignal,
): Sessions {
  const held = new Map<string, Promise<Held>>()

  async function open(source: SourceView, seen: number | null): Promise<Held> {
    const connector = connectorOf(source.provider)
    const direct = http.scoped({ pacing: connector.pacing, signal })
    const patient = steady(direct, signal)
    let signedIn = false
    const context = {
      endpoints: source.endpoints,
      browser: browser.scoped({ signal }),
      rotate: (credentials: Record<string, string>) => rotateCredentials(house, source, credentials),
      http: { request: ((...call) => (signedIn ? patient : direct).request(...call)) satisfies Http['request'] },
      signal,
      note: (event: string, shape?: unknown) => note(source.id, event, shape),
    }
    let made: SourceSession | undefined
    const signIn = async () => {
      try {
        made = await anew(async () => connector.signIn(await openCredentials(house, source), context), signal)
        const life = connector.sessionLife?.(await openCredentials(house, source))
        const endsAt = life?.hours && !life.renewable ? new Date(Date.now() + life.hours * 3_600_000) : null
        return { kept: made.keep(), endsAt }
      } catch (error) {
        if (error instanceof SignInRefused) await recordHealth(house, source.id, 'refused', error.todo)
        if (error instanceof Challenge) await recordHealth(house, source.id, 'challenge', error.todo)
        throw error
      }
    }
    const current = await keptSession(house, source)
    const usable = current.kept !== undefined && (seen === null || current.generation > seen)
    const { generation, kept } = usable
      ? current
      : await renewSession(house, source, seen ?? current.generation, signIn)
    signedIn = true
    const session = made ?? (await connector.signIn(await openCredentials(house, source), { ...context, kept }))
    return { generation, session, connector, lookedAt: Date.now() }
  }

  function remember(sourceId: string, opening: Promise<Held>): Promise<Held> {
    held.set(sourceId, opening)
    opening.catch(() => held.get(sourceId) === opening && held.delete(sourceId))
    return opening
  }

  async function current(sourceId: string): Promise<Held> {
    const known = held.get(sourceId)
    if (known) {
      const session = await known
      if (Date.now() - session.lookedAt < lookAgainMilliseconds) return session
      session.lookedAt = Date.now()
      const { rows } = await house.pool.query<{ generation: number }>(
        'select session_generation as generation from sources where id = $1',
        [sourceId],
      )
      if (rows[0]?.generation === session.generation) return session
      if (held.get(sourceId) !== known) return current(sourceId)
    }
    return remember(
      sourceId,
      sourceRow(house, sourceId).then((source) => open(source, null)),
    )
  }

  /** Of many that find one session expired, the first opens the next and the others take it. */
  async function renewed(sourceId: string, expired: Held): Promise<Held> {
    const known = held.get(sourceId)
    const latest = known && (await known.catch(() => undefined))
    if (latest && latest.generation > expired.generation) return latest
    if (known && held.get(sourceId) !== known) return renewed(sourceId, expired)
    return remember(
      sourceId,
      sourceRow(house, sourceId).then((source) => open(source, expired.generation)),
    )
  }

  return {
    async with(sourceId, work) {
      let using = await current(sourceId)
      for (let again = 0; ; again++) {
        try {
          return await work(using.session, using.connector)
        } catch (error) {
          if (!(error instanceof SessionExpired) || again === 2) throw error
          using = await renewed(sourceId, using)
        }
      }
    },
    async fresh(sourceId) {
      const source = await sourceRow(house, sourceId)
      const { generation } = await keptSession(house, source)
      await remember(sourceId, open(source, generation))
    },
  }
}
