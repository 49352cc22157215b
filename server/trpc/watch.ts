// A live view: looks again at every hint, for as long as the browser listens and its session is open.
import { livingSessions, type SignedIn } from '#server/accounts.ts'
import type { House } from '#server/house.ts'
import { follow } from '#server/live.ts'
import { Refusal } from '#server/refusal.ts'

const sessionLookMilliseconds = 1000

/** Yields a whole view each time. Throws Refusal `signed_out` within a second of the session's end. */
export async function* watch<View>(
  house: House,
  person: SignedIn,
  runId: string,
  signal: AbortSignal | undefined,
  look: () => Promise<View>,
): AsyncGenerator<View> {
  const session = watchSession(house, person.sessionId)
  const either = signal ? AbortSignal.any([signal, session.signal]) : session.signal
  try {
    for await (const _ of follow(house, runId, either)) {
      const view = await look()
      if (either.aborted) break
      yield view
    }
    if (session.signal.aborted) throw new Refusal('signed_out', 401, 'You are not signed in any more.')
  } finally {
    session.release()
  }
}

const open = new Map<string, Set<AbortController>>()
let timer: NodeJS.Timeout | undefined

/** One question a second for all open views of this process together. */
function watchSession(house: House, sessionId: string): { signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  const views = open.get(sessionId) ?? new Set()
  open.set(sessionId, views.add(controller))
  timer ??= setInterval(() => void closeEnded(house), sessionLookMilliseconds).unref()
  const release = () => {
    views.delete(controller)
    if (views.size === 0 && open.get(sessionId) === views) open.delete(sessionId)
    if (open.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return { signal: controller.signal, release }
}

async function closeEnded(house: House): Promise<void> {
  const asked = [...open.keys()]
  const living = await livingSessions(house, asked).catch(() => new Set(asked)) // the database is away: later
  for (const id of asked) {
    if (living.has(id)) continue
    for (const controller of open.get(id) ?? []) controller.abort()
    open.delete(id)
  }
}
