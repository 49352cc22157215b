// Queues, groups and workers as people read them.
import { counted } from '../../format.ts'
import type { StateWords } from '../../states/states.ts'
import type { Group, Operations, Queue, Worker } from './use-operations.ts'

export const nameOf = (queue: string) => queue.replaceAll('-', ' ')

/** What its jobs do. */
export const purposes: Record<Queue['name'], string> = {
  'test-source': 'signs in to try a connection',
  'survey-source': 'reads what an account holds',
  'thaw-gallery': 'asks for archived galleries',
  'list-gallery': 'reads what a gallery holds',
  'build-gallery': 'makes the empty gallery',
  'fetch-photos': 'copies originals',
  'render-photos': 'makes renditions',
  'reconcile-gallery': 'proves that nothing is missing',
  'deliver-webhook': 'tells clients’ systems',
  'delete-expired': 'removes what was deleted',
  'export-runs': 'writes long lists of runs',
  'send-mail': 'sends e-mail',
}

export const groupWords: Record<Group['group'], { title: string; does: string }> = {
  scrape: { title: 'Scrape', does: 'signing in, browsing, listing' },
  transfer: { title: 'Transfer', does: 'bytes, messages, mail' },
  render: { title: 'Render', does: 'renditions and proof' },
}

export function wordsOfQueue({ paused, workers, ready, active, waiting }: Queue): StateWords {
  if (paused) return { family: 'waiting', icon: 'circlePause', word: 'paused' }
  if (workers === 0 && ready + active > 0) return { family: 'needs-you', icon: 'alert', word: 'no worker takes it' }
  if (active > 0) return { family: 'moving', icon: 'moving', word: 'working' }
  if (ready > 0) return { family: 'waiting', icon: 'clock', word: 'about to be taken' }
  if (waiting > 0) return { family: 'recovers', icon: 'clock', word: 'waits for its time' }
  if (workers === 0) return { family: 'waiting', icon: 'dashed', word: 'no worker' }
  return { family: 'waiting', icon: 'check', word: 'nothing to do' }
}

/** Is there something to do for whoever looks? */
export function queuesHeadline({ queues }: Operations): string {
  const unserved = queues.filter((queue) => wordsOfQueue(queue).family === 'needs-you').length
  const paused = queues.filter((queue) => queue.paused).length
  const jobs = queues.reduce((sum, { ready, active }) => sum + ready + active, 0)
  if (unserved > 0) return `${counted(unserved, 'queue')} ${unserved === 1 ? 'has' : 'have'} work and no worker`
  const rest = paused > 0 ? `, ${counted(paused, 'queue')} paused` : ''
  return jobs > 0 ? `${counted(jobs, 'job')} to do${rest}` : `Nothing is queued${rest}`
}

export function wordsOfWorker({ isSilent, state, work }: Worker): StateWords {
  if (isSilent) return { family: 'needs-you', icon: 'alert', word: 'no sign' }
  if (state === 'draining') return { family: 'recovers', icon: 'clock', word: 'draining' }
  if (state === 'drained') return { family: 'waiting', icon: 'circlePause', word: 'drained' }
  if (work.length > 0) return { family: 'moving', icon: 'moving', word: 'working' }
  return { family: 'safe', icon: 'check', word: 'ready' }
}

export function workersHeadline({ workers, groups }: Operations): string {
  const there = workers.filter(({ isSilent }) => !isSilent)
  const drained = there.filter(({ state }) => state !== 'working').length
  const short = groups.filter(({ working, wanted }) => working < wanted.workers).length
  if (there.length === 0) return 'No worker is running'
  const all = counted(there.length, 'worker')
  const said = drained > 0 ? `${there.length - drained} of ${all} ${there.length === 1 ? 'takes' : 'take'} work` : all
  return `${said}${short > 0 ? ', more are wanted' : ''}`
}

/** Why so many are wanted. */
export function becauseOf({ wanted, working }: Group, queues: Queue[], rule: Operations['rule']): string {
  const queue = queues.find(({ name }) => name === wanted.queue)
  if (!queue || wanted.because === 'least') return 'the least there should be'
  if (wanted.because === 'oldest')
    return `one more than ${working}: the oldest job of ${nameOf(queue.name)} waits longer than ${rule.patienceSeconds} s`
  const each = rule.rounds * queue.concurrency
  return `${counted(queue.ready + queue.active, 'job')} of ${nameOf(queue.name)}, ${each} for each worker${wanted.workers === rule.most ? '; never more than this' : ''}`
}
