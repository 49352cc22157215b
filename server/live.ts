// Notifications are hints, the tables are the truth: `announce` sends a run's id at most four times a second,
// `follow` yields at once, then for each hint, and every 15 s without one. What somebody waits for is told at once.
import { EventEmitter } from 'node:events'
import pg from 'pg'
import type { House } from './house.ts'
import { log } from './log.ts'

const runChannel = 'pass_run'
const photoChannel = 'pass_photo'
const workChannel = 'pass_work'
const exportChannel = 'pass_export'
type Channel = typeof runChannel | typeof photoChannel | typeof workChannel | typeof exportChannel
const gatherMilliseconds = 250
const restMilliseconds = 15_000
/** After a lost connection. */
const againMilliseconds = 1000

const pending = new Map<string, NodeJS.Timeout>()

/** After commit, never inside a transaction: NOTIFY takes a lock over the whole cluster. Errors are left to the next one. */
export function announce(house: House, runId: string): void {
  if (pending.has(runId)) return
  const timer = setTimeout(() => {
    pending.delete(runId)
    house.pool.query('select pg_notify($1, $2)', [runChannel, runId]).catch(() => {})
  }, gatherMilliseconds)
  timer.unref()
  pending.set(runId, timer)
}

/** After commit: photos that came to their end, by public id, for whoever waits for one of them. */
export async function announcePhotos(house: Pick<House, 'pool'>, publicIds: string[]): Promise<void> {
  if (publicIds.length === 0) return
  await house.pool
    .query('select pg_notify($1, id) from unnest($2::text[]) as n(id)', [photoChannel, publicIds])
    .catch(() => {})
}

/** After commit: a queue has work that somebody waits for; workers need not wait until they look again. Resolves when they are told. */
export async function announceWork(house: Pick<House, 'pool'>, queue: string): Promise<void> {
  await house.pool.query('select pg_notify($1, $2)', [workChannel, queue]).catch(() => {})
}

/** After commit: a list that somebody asked for is written, or given up. */
export async function announceExport(house: Pick<House, 'pool'>, person: string): Promise<void> {
  await house.pool.query('select pg_notify($1, $2)', [exportChannel, person]).catch(() => {})
}

interface Listener {
  hints: EventEmitter
  /** Those that something in this process ever followed: a hint wakes every process that listens to its channel. */
  channels: Set<Channel>
  client: pg.Client | null
  /** Settles when the connection in the making stands, or does not. */
  opening: Promise<void>
}

const listeners = new WeakMap<pg.Pool, Listener>()

/** One LISTEN connection a process, made again when it is lost; after a gap everybody is told to look. */
function listenerOf(house: House, channel: Channel): Listener {
  const known = listeners.get(house.pool)
  if (known) {
    if (!known.channels.has(channel)) {
      known.channels.add(channel)
      // A connection that fails at it is made again, and listens to all of them.
      const { client } = known
      if (client) heed(known, client, [channel]).catch(() => client.end().catch(() => {}))
    }
    return known
  }
  const hints = new EventEmitter().setMaxListeners(0)
  const listener: Listener = { hints, channels: new Set([channel]), client: null, opening: Promise.resolve() }
  listeners.set(house.pool, listener)
  const again = () => {
    if (listeners.get(house.pool) === listener) listener.opening = open()
  }
  const open = async () => {
    const client = new pg.Client({
      connectionString: house.env.DATABASE_URL,
      application_name: 'pass-live',
      keepAlive: true,
    })
    client.on('notification', ({ channel: from, payload }) => {
      if (from === runChannel) listener.hints.emit('hint', payload)
      else listener.hints.emit(`${from} ${payload}`)
    })
    client.on('error', () => client.end().catch(() => {}))
    client.on('end', () => {
      listener.client = null
      setTimeout(again, againMilliseconds).unref()
    })
    try {
      await client.connect()
      listener.client = client
      await heed(listener, client, [...listener.channels])
    } catch (error) {
      log.warn({ err: (error as Error).message }, 'live: not listening, trying again')
      await client.end().catch(() => {})
    }
  }
  again()
  return listener
}

/** From now on these too; whoever follows one is told to look, for what happened before that may be told to nobody. */
async function heed({ hints }: Listener, client: pg.Client, channels: Channel[]): Promise<void> {
  await client.query(channels.map((channel) => `listen ${channel}`).join('; '))
  for (const channel of channels) {
    if (channel === runChannel) hints.emit('hint', '*')
    else if (channel !== exportChannel)
      for (const name of hints.eventNames()) if (String(name).startsWith(`${channel} `)) hints.emit(name)
  }
}

/** Calls `look` whenever the photo may have come to its end. Returns how to stop that. */
export function onPhoto(house: House, publicId: string, look: () => void): () => void {
  return on(house, photoChannel, publicId, look)
}

/** Calls `look` whenever the queue may have work that somebody waits for. Returns how to stop that. */
export function onWork(house: House, queue: string, look: () => void): () => void {
  return on(house, workChannel, queue, look)
}

/** Calls `look` when a list that they asked for has come to its end; after a gap in listening nobody is told. */
export function onExport(house: House, person: string, look: () => void): () => void {
  return on(house, exportChannel, person, look)
}

function on(house: House, channel: Channel, what: string, look: () => void): () => void {
  const { hints } = listenerOf(house, channel)
  const name = `${channel} ${what}`
  hints.on(name, look)
  return () => hints.off(name, look)
}

/** Yields at once, then whenever the run (or any, with `*`) may have changed; ends with the signal. */
export async function* follow(
  house: House,
  runId: string,
  signal: AbortSignal,
  rest = restMilliseconds,
): AsyncGenerator<void> {
  const { hints } = listenerOf(house, runChannel)
  let changed = true
  let wake = () => {}
  const look = () => {
    changed = true
    wake()
  }
  const hint = (payload: string) => {
    if (runId === '*' || payload === '*' || payload === runId) look()
  }
  hints.on('hint', hint)
  signal.addEventListener('abort', look)
  const timer = setInterval(look, rest)
  try {
    while (!signal.aborted) {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve))
      if (signal.aborted) return
      changed = false
      yield
      await gathered(signal)
    }
  } finally {
    clearInterval(timer)
    hints.off('hint', hint)
    signal.removeEventListener('abort', look)
  }
}

function gathered(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, gatherMilliseconds)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** A house that closes listens no longer; subscriptions end with their own signals. */
export async function stopListening(pool: pg.Pool): Promise<void> {
  const listener = listeners.get(pool)
  listeners.delete(pool)
  await listener?.opening
  await listener?.client?.end().catch(() => {})
}
