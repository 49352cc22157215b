// What became of which file, gathered: the page hears of it at most four times a second.
import { type FileState, type FromWorker, fileStates, type Phase } from '../messages.ts'

const gatherMilliseconds = 250

export interface Report {
  state(place: number, state: FileState, code?: string): void
  /** Bytes of a file that are over there. */
  progress(place: number, bytes: number): void
  announced(files: number): void
  phase(phase: Phase, problem?: string): void
  wantsAccess(): void
}

export function openReport(tell: (message: FromWorker, transfer: Transferable[]) => void): Report {
  const changed = new Map<number, FileState>()
  const codes = new Map<number, string>()
  const sending = new Map<number, number>()
  const now = { phase: 'announcing' as Phase, announced: 0, problem: null as string | null, wantsAccess: false }
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = () => {
    timer = undefined
    const [places, states] = [Uint32Array.from(changed.keys()), Uint8Array.from(changed.values())]
    tell({ ...now, places, states, codes: [...codes], sending: [...sending] }, [places.buffer, states.buffer])
    changed.clear()
    codes.clear()
    now.wantsAccess = false
  }
  const soon = () => {
    if (timer === undefined) timer = setTimeout(flush, gatherMilliseconds)
  }
  return {
    state(place, state, code) {
      changed.set(place, state)
      if (code) codes.set(place, code)
      if (state === fileStates.sending) sending.set(place, 0)
      else sending.delete(place)
      soon()
    },
    progress(place, bytes) {
      sending.set(place, bytes)
      soon()
    },
    announced(files) {
      now.announced = files
      soon()
    },
    phase(phase, problem) {
      now.phase = phase
      now.problem = problem ?? null
      soon()
    },
    wantsAccess() {
      now.wantsAccess = true
      soon()
    },
  }
}
