'use client'
// The files that this tab sends, run by run. They live as long as the tab: whoever leaves a page and comes back finds
// them still on their way.
import { useSyncExternalStore } from 'react'
import {
  type Access,
  type FileState,
  type FromWorker,
  fileStates,
  type Phase,
  type SenderOptions,
  type ToWorker,
} from './messages.ts'

export interface SentFile {
  path: string
  bytes: number
}

export interface SenderView {
  runId: string
  files: readonly SentFile[]
  states: Uint8Array
  /** Why files are not taken, by place. */
  codes: ReadonlyMap<number, string>
  /** Files in each state. */
  counts: Record<FileState, number>
  announced: number
  phase: Phase
  problem: string | null
  /** Bytes of the files on their way, by place. */
  sending: ReadonlyMap<number, number>
}

export interface Sender {
  /** A new one whenever something has changed. */
  view(): SenderView
  subscribe(listener: () => void): () => void
  /** Once more, with other options. */
  start(options: SenderOptions): void
  hold(held: boolean): void
  /** Forgets the files. What is over there stays. */
  end(): void
}

const senders = new Map<string, Sender>()
const listeners = new Set<() => void>()

export function useSender(runId: string): Sender | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => senders.get(runId) ?? null,
    () => null,
  )
}

export function useSenderView(sender: Sender): SenderView {
  return useSyncExternalStore(sender.subscribe, sender.view, sender.view)
}

/** `files` in the order of the list; `access` gives a fresh token. */
export function startSender(
  runId: string,
  files: { path: string; file: File }[],
  options: SenderOptions,
  access: () => Promise<Access>,
): Sender {
  senders.get(runId)?.end()
  const worker = new Worker(new URL('./worker/main.ts', import.meta.url), { type: 'module' })
  const tell = (message: ToWorker) => worker.postMessage(message)
  const watchers = new Set<() => void>()
  let view = viewOf(runId, files)

  const giveAccess = async () => {
    try {
      tell({ kind: 'access', access: await access() })
    } catch {
      setTimeout(giveAccess, accessAgainMilliseconds)
    }
  }
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.wantsAccess) void giveAccess()
    view = advanced(view, data)
    warnBeforeLeaving(runId, isBusy(view))
    for (const watcher of watchers) watcher()
  }
  const sender: Sender = {
    view: () => view,
    subscribe(watcher) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    start: (wanted) => tell({ kind: 'start', options: wanted }),
    hold: (held) => tell({ kind: 'hold', held }),
    end() {
      worker.terminate()
      warnBeforeLeaving(runId, false)
      senders.delete(runId)
      for (const listener of listeners) listener()
    },
  }
  senders.set(runId, sender)
  warnBeforeLeaving(runId, true)
  for (const listener of listeners) listener()
  void giveAccess()
  void handOver(files, tell).then(() => sender.start(options))
  return sender
}

const accessAgainMilliseconds = 3000
const handedAtOnce = 1000

/** A little at a time: the page stays alive meanwhile. */
async function handOver(files: { path: string; file: File }[], tell: (message: ToWorker) => void): Promise<void> {
  for (let from = 0; from < files.length; from += handedAtOnce) {
    tell({ kind: 'files', files: files.slice(from, from + handedAtOnce) })
    await new Promise((resolve) => setTimeout(resolve))
  }
}

function viewOf(runId: string, files: { path: string; file: File }[]): SenderView {
  const none = Object.fromEntries(Object.values(fileStates).map((state) => [state, 0])) as Record<FileState, number>
  return {
    runId,
    files: files.map(({ path, file }) => ({ path, bytes: file.size })),
    states: new Uint8Array(files.length),
    codes: new Map(),
    counts: { ...none, [fileStates.read]: files.length },
    announced: 0,
    phase: 'announcing',
    problem: null,
    sending: new Map(),
  }
}

/** The arrays are the same ones, changed: only what is on screen is looked at. */
function advanced(
  view: SenderView,
  { phase, announced, places, states, codes, sending, problem }: FromWorker,
): SenderView {
  const counts = { ...view.counts }
  for (const [i, place] of places.entries()) {
    counts[view.states[place] as FileState] -= 1
    counts[states[i] as FileState] += 1
    view.states[place] = states[i]!
  }
  const known = codes.length > 0 ? new Map([...view.codes, ...codes]) : view.codes
  return { ...view, counts, codes: known, phase, announced, problem, sending: new Map(sending) }
}

export const isBusy = ({ phase }: SenderView) => phase !== 'done' && phase !== 'stopped'

const busy = new Set<string>()

/** What is on its way would stop; it could be gone on with, but only with the same files. */
function warnBeforeLeaving(runId: string, yes: boolean): void {
  const before = busy.size
  if (yes) busy.add(runId)
  else busy.delete(runId)
  if (before === 0 && busy.size > 0) window.addEventListener('beforeunload', warn)
  if (before > 0 && busy.size === 0) window.removeEventListener('beforeunload', warn)
}

const warn = (event: BeforeUnloadEvent) => event.preventDefault()
