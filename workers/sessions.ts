// The signed-in session of each source, shared by all workers: signed in once, kept sealed in the ledger, renewed by
// one worker while the others wait.
import { keptSession, openCredentials, proveOffered, renewSession } from '#server/sign-ins.ts'
import { recordHealth, type SourceView, sourceRow } from '#server/sources.ts'
import { Challenge, type Connector, SessionExpired, SignInRefused, type SourceSession } from './connectors/connector.ts'
import { connectorOf } from './connectors/index.ts'
import { deskOf, isHandedOver, overSession, type SignInTools } from './sign-in.ts'

export interface Sessions {
  /** Runs `work` with a live session; where it turns out expired, with a renewed one, once more. */
  with<T>(sourceId: string, work: (session: SourceSession, connector: Connector) => Promise<T>): Promise<T>
  /** Signs in anew, whatever is kept. */
  fresh(sourceId: string): Promise<void>
  /**
   * Signs in with what was handed over while the old session works, and lets it take over; where that throws, the old
   * one goes on. False where nothing was handed over.
   */
  prove(sourceId: string): Promise<boolean>
  /** How long, in hours, a session lives that only a person can renew (null: not known); null: we renew it ourselves. */
  handedOver(sourceId: string): Promise<{ hours: number | null } | null>
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
  house: SignInTools['house'],
  http: SignInTools['http'],
  browser: SignInTools['browser'],
  note: SignInTools['note'],
  signal: AbortSignal,
  connectors: SignInTools['connectors'] = connectorOf,
): Sessions {
  const tools = { house, http, browser, note, signal, connectors }
  const held = new Map<string, Promise<Held>>()

  async function open(source: SourceView, seen: number | null): Promise<Held> {
    const desk = deskOf(tools, source, 'credentials')
    let made: SourceSession | undefined
    const signIn = async () => {
      try {
        const signedIn = await desk.signIn(() => openCredentials(house, source))
        made = signedIn.session
        return signedIn
      } catch (error) {
        await recordRefusal(house, source.id, error)
        throw error
      }
    }
    const current = await keptSession(house, source)
    const usable = current.kept !== undefined && (seen === null || current.generation > seen)
    const { generation, kept } = usable
      ? current
      : await renewSession(house, source, seen ?? current.generation, signIn)
    const session = made ?? (await desk.goOn(await openCredentials(house, source), kept))
    return { generation, session, connector: desk.connector, lookedAt: Date.now() }
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
          if (!(error instanceof SessionExpired)) throw error
          if (again === 2) throw await lastWord(sourceId, using.connector, error)
          using = await renewed(sourceId, using)
        }
      }
    },
    async fresh(sourceId) {
      const source = await sourceRow(house, sourceId)
      const { generation } = await keptSession(house, source)
      await remember(sourceId, open(source, generation))
    },
    async handedOver(sourceId) {
      const source = await sourceRow(house, sourceId)
      const life = connectors(source.provider).sessionLife?.(await openCredentials(house, source))
      return life && !life.renewable ? { hours: life.hours } : null
    },
    async prove(sourceId) {
      const source = await sourceRow(house, sourceId)
      return proveOffered(house, source, (credentials) =>
        deskOf(tools, source, 'offered').signIn(async () => credentials),
      )
    },
  }

  /** Sessions that end as soon as they are made: where only a person makes them, a person is asked. */
  async function lastWord(sourceId: string, connector: Connector, expired: SessionExpired): Promise<Error> {
    const source = await sourceRow(house, sourceId)
    if (!isHandedOver(connector, await openCredentials(house, source))) return expired
    const over = overSession(source)
    await recordRefusal(house, sourceId, over)
    return over
  }
}

async function recordRefusal(house: SignInTools['house'], sourceId: string, error: unknown): Promise<void> {
  if (error instanceof SignInRefused) await recordHealth(house, sourceId, 'refused', error.todo)
  if (error instanceof Challenge) await recordHealth(house, sourceId, 'challenge', error.todo)
}
