// Why a run waits, in the sentences that the run page and the command line both say. Plain data in, words out.
import type { Snapshot } from './snapshots.ts'

/** As people read a queue's name. */
const named = (queues: string[]) => queues.map((queue) => queue.replaceAll('-', ' ')).join(', ')

export const waitWords = {
  queuePaused: ({ queue, by }: Snapshot['pausedQueues'][number]) =>
    `The queue ${named([queue])} is paused by ${by}: its work waits until somebody resumes it.`,
  providerStopped: (provider: string, { by, note }: NonNullable<Snapshot['stopped']>) =>
    `Nothing is asked of ${provider}: stopped by ${by}${note ? `, “${note}”` : ''}. What is copied already is still rendered.`,
  unserved: (queues: string[]) => `No worker takes ${named(queues)}: start one, and this goes on by itself.`,
  /** Follows "Nobody has worked on it since …". */
  stalled: (unserved: string[]) =>
    `${
      unserved.length > 0
        ? `no worker that lives takes ${named(unserved)}. Start one; it`
        : 'the worker that did is gone. Another takes over as soon as one is free; it'
    } goes on where it stood, and nothing is lost.`,
  /** `others`: "3 other runs". */
  behind: (others: string, priority: Snapshot['priority']) =>
    `In the queue: every worker is busy with ${others}. ${
      priority === 'last'
        ? 'It comes last, so it begins when they have no more work.'
        : 'Runs take turns, so it begins as soon as one of them is free.'
    }`,
}
