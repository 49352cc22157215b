// The signed-in session of each source, shared by all workers: signed in once, kept sealed in the ledger, renewed by
// one worker while the others wait.
import { keptSession, openCredentials, proveOffered, renewSession } from '#server/sign-ins.ts'
import { recordRefusal, type SourceView, sourceRow } from '#server/sources.ts'
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

  /** `since`: when the work began that needs it. */
  async function open(source: SourceView, seen: number | null, since: number): Promise<Held> {
    const desk = deskOf(tools, source, 'credentials')
    let made: SourceSession | undefined
    const signIn = async () => {
      const { generation } = await keptSession(house, source)
      const met = await refusedSince(source.id, since)
      if (met) throw Object.assign(met, { generation })
      try {
        const signedIn = await desk.signIn(() => openCredentials(house, source))
        made = signedIn.session
        return signedIn
      } catch (error) {
        throw await asMet(source.id, generation, error)
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

  async function current(sourceId: string, since: number): Promise<Held> {
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
      if (held.get(sourceId) !== known) return current(sourceId, since)
    }
    return remember(
      sourceId,
      sourceRow(house, sourceId).then((source) => open(source, null, since)),
    )
  }

  /** Of many that find one session expired, the first opens the next and the others take it. */
  async function renewed(sourceId: string, expired: Held, since: number): Promise<Held> {
    const known = held.get(sourceId)
    const latest = known && (await known.catch(() => undefined))
    if (latest && latest.generation > expired.generation) return latest
    if (known && held.get(sourceId) !== known) return renewed(sourceId, expired, since)
    return remember(
      sourceId,
      sourceRow(house, sourceId).then((source) => open(source, expired.generation, since)),
    )
  }

  return {
    async with(sourceId, work) {
      const since = Date.now()
      let expired: Held | undefined
      for (let again = 0; ; again++) {
        let using: Held | undefined
        try {
          using = expired ? await renewed(sourceId, expired, since) : await current(sourceId, since)
          return await work(using.session, using.connector)
        } catch (thrown) {
          const error = using ? await stillMet(sourceId, using.generation, thrown) : thrown
          if (!(error instanceof SessionExpired)) throw error
          expired = using ?? expired
          if (again === 2) throw expired ? await lastWord(sourceId, expired, error) : error
        }
      }
    },
    async fresh(sourceId) {
      const source = await sourceRow(house, sourceId)
      const { generation } = await keptSession(house, source)
      await remember(sourceId, open(source, generation, Date.now()))
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
  async function lastWord(
    sourceId: string,
    { generation, connector }: Held,
    expired: SessionExpired,
  ): Promise<unknown> {
    const source = await sourceRow(house, sourceId)
    if (!isHandedOver(connector, await openCredentials(house, source))) return expired
    return asMet(sourceId, generation, overSession(source))
  }

  /** A refusal is recorded; one that others were handed over after only says that the session is over. */
  async function asMet(sourceId: string, generation: number, error: unknown): Promise<unknown> {
    if (!isRefusal(error)) return error
    error.generation = generation
    const health = error instanceof SignInRefused ? 'refused' : 'challenge'
    return (await recordRefusal(house, sourceId, generation, health, error.todo)) ? error : outdated(error)
  }

  /**
   * What another one met with these credentials while the work was under way: it would meet the same, and an account is
   * locked by a few tries.
   */
  async function refusedSince(sourceId: string, since: number): Promise<SignInRefused | Challenge | null> {
    const { health, todo, checkedAt } = await sourceRow(house, sourceId)
    if (todo === null || checkedAt === null || checkedAt.getTime() < since) return null
    if (health === 'refused') return new SignInRefused(todo)
    return health === 'challenge' ? new Challenge(todo) : null
  }

  /** In the middle of work, of a session that was taken: that is the run's affair, not the source's. */
  async function stillMet(sourceId: string, generation: number, error: unknown): Promise<unknown> {
    if (!isRefusal(error)) return error
    error.generation = generation
    const source = await sourceRow(house, sourceId)
    return (await keptSession(house, source)).generation === generation ? error : outdated(error)
  }
}

function isRefusal(error: unknown): error is SignInRefused | Challenge {
  return error instanceof SignInRefused || error instanceof Challenge
}

function outdated(cause: Error): SessionExpired {
  return new SessionExpired('Others were handed over.', { cause })
}
