import type { RunAct } from '#server/run-acts.ts'
import type { IconName } from '../icons.tsx'

interface ActWords {
  /** As a button says it. */
  verb: string
  icon: IconName
  /** What has been done: "12 runs paused." */
  done: string
  /** What it means, for who is asked whether they are sure. */
  means: string
  noted: boolean
}

export const actWords = {
  start: {
    verb: 'Start',
    icon: 'play',
    done: 'started',
    means: 'What was found and chosen is copied from now on.',
    noted: false,
  },
  pause: {
    verb: 'Pause',
    icon: 'pause',
    done: 'paused',
    means: 'Work in flight ends at the next photo; nothing is lost.',
    noted: true,
  },
  resume: {
    verb: 'Resume',
    icon: 'play',
    done: 'resumed',
    means: 'Work goes on where it stood.',
    noted: false,
  },
  retry: {
    verb: 'Retry what failed in',
    icon: 'retry',
    done: 'tried again',
    means: 'Only what failed is tried again; what is safe is not touched.',
    noted: false,
  },
  assign: {
    verb: 'Assign',
    icon: 'user',
    done: 'assigned',
    means: 'Whoever looks after a run finds it among their own.',
    noted: false,
  },
  prioritise: {
    verb: 'Prioritise',
    icon: 'order',
    done: 'prioritised',
    means: 'Says whose work is taken first from now on. What is in hand comes to its end.',
    noted: false,
  },
  cancel: {
    verb: 'Cancel',
    icon: 'circleStop',
    done: 'cancelled',
    means: 'What is copied so far stays in the library; the rest is not copied any more. This cannot be undone.',
    noted: true,
  },
} as const satisfies Record<RunAct, ActWords>
