// A live view: looks again at every hint, for as long as the browser listens and its session is open.
import { livingSessions } from '#server/accounts.ts'
import type { House } from '#server/house.ts'
import { follow, onExport } from '#server/live.ts'
import { Refusal } from '#server/refusal.ts'
import { livingLinks } from '#server/share-links.ts'

const lookMilliseconds = 1000

/** What lets somebody look: their session, or a link to their own page. `email`: of whoever asks for files. */
export type Keeper = { sessionId: string; email?: string } | { linkId: string }

export interface WatchOptions {
  /** For what nobody announces: looked at so often, and told only where it has changed. */
  restSeconds?: number
}

/**
 * Yields a whole view each time; ends when a file that they asked for is written: they look at it, and begin anew.
 * Throws Refusal `signed_out` or `link_closed` within a second of the keeper's end.
 */
export async function* watch<View>(
  house: House,
  keeper: Keeper,
  runId: string,
  signal: AbortSignal | undefined,
  look: () => Promise<View>,
  { restSeconds }: WatchOptions = {},
): AsyncGenerator<View> {
  const kept = watchKeeper(house, keeper)
  const written = new AbortController()
  const email = 'email' in keeper && keeper.email
  const stopListening = email ? onExport(house, email, () => written.abort()) : () => {}
  const any = AbortSignal.any([kept.signal, written.signal, ...(signal ? [signal] : [])])
  try {
    let told: string | undefined
    for await (const _ of follow(house, runId, any, restSeconds && restSeconds * 1000)) {
      const view = await look()
      if (any.aborted) break
      if (restSeconds) {
        const saying = JSON.stringify(view)
        if (saying === told) continue
        told = saying
      }
      yield view
    }
    if (kept.signal.aborted)
      throw 'linkId' in keeper
        ? new Refusal('link_closed', 403, 'This link does not work any more. Ask for a new one.')
        : new Refusal('signed_out', 401, 'You are not signed in any more.')
  } finally {
    stopListening()
    kept.release()
  }
}

const open = { sessions: new Map<string, Set<AbortController>>(), links: new Map<string, Set<AbortController>>() }
let timer: NodeJS.Timeout | undefined

/** One question a second for all open views of this process together. */
function watchKeeper(house: House, keeper: Keeper): { signal: AbortSignal; release(): void } {
  const [all, id] = 'linkId' in keeper ? [open.links, keeper.linkId] : [open.sessions, keeper.sessionId]
  const controller = new AbortController()
  const views = all.get(id) ?? new Set()
  all.set(id, views.add(controller))
  timer ??= setInterval(() => {
    void closeEnded(open.sessions, (ids) => livingSessions(house, ids))
    void closeEnded(open.links, (ids) => livingLinks(house, ids))
  }, lookMilliseconds).unref()
  const release = () => {
    views.delete(controller)
    if (views.size === 0 && all.get(id) === views) all.delete(id)
    if (open.sessions.size > 0 || open.links.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return { signal: controller.signal, release }
}

async function closeEnded(
  all: Map<string, Set<AbortController>>,
  livingOf: (ids: string[]) => Promise<Set<string>>,
): Promise<void> {
  const asked = [...all.keys()]
  if (asked.length === 0) return
  const living = await livingOf(asked).catch(() => new Set(asked)) // the database is away: later
  for (const id of asked) {
    if (living.has(id)) continue
    for (const controller of all.get(id) ?? []) controller.abort()
    all.delete(id)
  }
}
