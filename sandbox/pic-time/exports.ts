import type { Originals } from '../originals.ts'
import type { Archive } from './archive.ts'
import { type Photo, type Project, photosOf } from './world.ts'
import { zipped } from './zip.ts'

/** Files of one batch at the most. */
const mostFiles = 1200
/** Looks before a job is packed. */
const looksUntilPacked = 2

interface Job {
  project: Project
  photos: Photo[]
  looks: number
}

/** The owner's export jobs: originals in a ZIP, in folders by scene. */
export class Exports {
  readonly #archive: Archive
  readonly #originals: Originals
  readonly #jobs = new Map<string, Job>()
  #last = 550_000

  constructor(archive: Archive, originals: Originals) {
    this.#archive = archive
    this.#originals = originals
  }

  /** No ids mean the whole project; null where one is not of it. */
  make(project: Project, photoIds: string[]): number | null {
    const all = new Map([...photosOf(project)].map((photo) => [photo.id, photo]))
    const wanted = photoIds.length === 0 ? [...all.values()] : photoIds.flatMap((id) => all.get(id) ?? [])
    if (photoIds.length > 0 && wanted.length !== photoIds.length) return null
    this.#jobs.set(String(++this.#last), { project, photos: wanted, looks: 0 })
    return this.#last
  }

  /** Relative; empty until it is packed, which an archived project never is. Undefined: no such job. */
  downloadUrl(id: string): string | undefined {
    const job = this.#jobs.get(id)
    if (!job) return undefined
    if (!this.#archive.isAtHand(job.project) || ++job.looks < looksUntilPacked) return ''
    return `/-${job.project.virtualPath}/download?mode=exportzip&userjobid=${id}`
  }

  /** null where there is no such job. */
  async batch(id: string, project: Project, size: number, start: number): Promise<Buffer | null> {
    const job = this.#jobs.get(id)
    if (job?.project !== project || job.looks < looksUntilPacked) return null
    return this.#pack(job.photos.slice(start, start + Math.min(size, mostFiles)), Number(id) % 2 === 0)
  }

  packAll(project: Project, size: number, start: number): Promise<Buffer> {
    return this.#pack([...photosOf(project)].slice(start, start + Math.min(size, mostFiles)), true)
  }

  /** Names may be altered on the way into a ZIP, and equal ones numbered. */
  async #pack(photos: readonly Photo[], streamed: boolean): Promise<Buffer> {
    const used = new Map<string, number>()
    const entries = []
    for (const photo of photos) {
      const name = `${plain(photo.scene.name) || 'Photos'}/${plain(photo.fileName) || 'photo'}`
      const times = used.get(name) ?? 0
      used.set(name, times + 1)
      const { bytes } = await this.#originals(photo.content)
      entries.push({ name: times === 0 ? name : name.replace(/(\.\w+)?$/, ` (${times})$1`), bytes })
    }
    return zipped(entries, streamed)
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among what no archive takes.
const plain = (name: string) => name.replace(/[\\/:*?"<>|\u0000-\u001f\u007f]+/g, '_').replace(/^[. ]+|[. ]+$/g, '')
