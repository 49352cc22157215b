import type { FaultSwitch } from '../faults.ts'
import { hash32 } from '../random.ts'
import type { Photo, Project } from './world.ts'

/** Any value but 20 is "not yet", also greater ones. */
const notYet = [0, 5, 10, 30, 40]
const ready = 20

/** What is kept between two starts with the same state file. */
export interface ArchiveState {
  /** Project and time of the request, by retrieval job; null: made, and nothing was asked for. */
  jobs: Record<string, { project: string; asked: number | null }>
  /** Milliseconds since 1970 of the first request, by project. */
  asked: Record<string, number>
}

/** Originals in cold storage: only a request by a job starts the clock, downloads and looks do not. */
export class Archive {
  readonly #faults: FaultSwitch
  #last = 880_000
  state: ArchiveState = { jobs: {}, asked: {} }

  constructor(faults: FaultSwitch) {
    this.#faults = faults
  }

  isAtHand(project: Project, photo?: Photo): boolean {
    if (project.cold === null || photo?.late) return true
    const asked = this.state.asked[project.id]
    return asked !== undefined && Date.now() >= asked + this.#faults.current.thawSeconds * 1000
  }

  /** A job of `sendPhotos`. */
  make(project: Project): number {
    do this.#last++
    while (this.state.jobs[this.#last])
    this.state.jobs[this.#last] = { project: project.id, asked: null }
    return this.#last
  }

  /** False where the job is not one of this project. */
  ask(job: string, project: Project): boolean {
    const known = this.state.jobs[job]
    if (known?.project !== project.id) return false
    known.asked ??= Date.now()
    this.state.asked[project.id] ??= known.asked
    return true
  }

  /** null where there is no such job. */
  status(job: string, project: Project): number | null {
    const known = this.state.jobs[job]
    if (known?.project !== project.id) return null
    if (known.asked === null || !this.isAtHand(project)) return notYet[hash32(job, Date.now()) % notYet.length] ?? 0
    return ready
  }
}
