// What a page and the worker that sends its files tell each other.

/** Of each file, as a number in a typed array: there may be 100,000. */
export const fileStates = {
  /** Not held against the run's list yet. */
  read: 0,
  waiting: 1,
  sending: 2,
  here: 3,
  /** It is not taken, and its code says why. */
  refused: 4,
  /** It looks different from what was sent; what was sent is kept. */
  changed: 5,
  /** Not in the run's list. */
  unlisted: 6,
} as const

export type FileState = (typeof fileStates)[keyof typeof fileStates]

export interface SenderOptions {
  /** Whether files that are not in the run's list enter it. */
  add: boolean
  /** Whether files that look different are to be sent again. */
  replace: boolean
}

/** Where to send, and what shows that one may; it ends after a quarter of an hour. */
export interface Access {
  mediaUrl: string
  token: string
}

export type ToWorker =
  /** In the order of the list. */
  | { kind: 'files'; files: { path: string; file: File }[] }
  /** All files are there, or once more with other options. */
  | { kind: 'start'; options: SenderOptions }
  | { kind: 'access'; access: Access }
  /** The run stands still, or moves again. */
  | { kind: 'hold'; held: boolean }

export type Phase =
  | 'announcing'
  | 'sending'
  /** The media process does not answer; it is asked again by itself. */
  | 'unreachable'
  /** Everything that can be sent was sent. */
  | 'done'
  | 'stopped'

/** At most four times a second. */
export interface FromWorker {
  phase: Phase
  /** Files of the list that were announced. */
  announced: number
  /** Places in the list, and what each file is now. */
  places: Uint32Array
  states: Uint8Array
  codes: [place: number, code: string][]
  /** Bytes of the files that are on their way, by place. */
  sending: [place: number, bytes: number][]
  /** Why it stopped. */
  problem: string | null
  wantsAccess: boolean
}
