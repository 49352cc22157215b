// The whole account, which comes in one answer: what the dashboard states of each project.
import { createHash } from 'node:crypto'
import { type AccountPage, Challenge, NotFound, type SourceGallery } from '../connector.ts'
import { todo } from './answers.ts'
import { type Calls, NothingInside, Refused } from './calls.ts'
import { readCursor, writeCursor } from './cursor.ts'
import type { ProjectRow, Settings } from './wire.ts'

/** Galleries handed on together. */
const pageSize = 500
const offline = '15'
/** Originals go to cold storage when they are about a year old (Pic-Time's help centre). */
const archivedAfterDays = 365
const dayMilliseconds = 86_400_000

export class Account {
  readonly #calls: Calls
  #known: Map<string, ProjectRow> | null = null
  #reading: Promise<ProjectRow[]> | null = null

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** Asks anew. Throws Challenge where the dashboard shows nothing: an account without projects needs no migration. */
  async read(): Promise<ProjectRow[]> {
    const { projects_s: projects } = await this.#calls.call('dashboard', {})
    if (projects.length === 0) throw new Challenge(todo.noProjects)
    this.#known = new Map(projects.map((project) => [project.projectId, project]))
    return projects
  }

  /** As last seen. Throws NotFound where a fresh dashboard has it no more. */
  async project(ref: string): Promise<ProjectRow> {
    return this.#known?.get(ref) ?? (await this.again(ref))
  }

  /** From a fresh dashboard; those who ask meanwhile share it. */
  async again(ref: string): Promise<ProjectRow> {
    this.#reading ??= this.read().finally(() => {
      this.#reading = null
    })
    const project = (await this.#reading).find(({ projectId }) => projectId === ref)
    if (!project) throw new NotFound('the project is at Pic-Time no more')
    return project
  }

  /**
   * The project's settings, which also prove the session alive: throws SessionExpired or Challenge where it is not.
   * Asked before anything is believed gone, refused or archived.
   */
  settings(ref: string): Promise<Settings> {
    return this.standing(ref, () => this.#calls.call('loadProject', { projectId: Number(ref) }))
  }

  /** NotFound where an answer was refused or empty and a fresh dashboard has the project no more. */
  async standing<Result>(ref: string, ask: () => Promise<Result>): Promise<Result> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof Refused || error instanceof NothingInside)) throw error
      await this.again(ref)
      throw error instanceof Refused ? error.page : error
    }
  }

  /** Goes on behind the projects that an earlier page had, or from the beginning where they are others now. */
  async *pages(cursor?: string): AsyncGenerator<AccountPage> {
    const projects = await this.read()
    const given = readCursor(cursor)
    const isSame = given !== null && seenOf(projects, given.at) === given.seen
    if (given && !isSame) this.#calls.context.note('Pic-Time: the dashboard has changed meanwhile')
    for (let at = isSame ? given.at : 0; ; ) {
      const page = projects.slice(at, at + pageSize)
      const galleries = page.map((project, i) => galleryOf(project, at + i))
      at += page.length
      const isLast = at >= projects.length
      yield { folders: [], galleries, next: isLast ? null : writeCursor({ at, seen: seenOf(projects, at) }) }
      if (isLast) return
    }
  }
}

/** Age by the day of creation; the day of the event says nothing about it. */
export function isOld({ created }: ProjectRow): boolean {
  return created !== null && Date.now() - created.milliseconds > archivedAfterDays * dayMilliseconds
}

function galleryOf(project: ProjectRow, position: number): SourceGallery {
  return {
    ref: project.projectId,
    folderRef: null,
    title: project.name || project.otherName || '',
    position,
    virtual: false,
    statedCount: project.photoCount ?? null,
    statedBytes: null,
    // Who else may see a project is told nowhere; an offline one is seen by nobody.
    access: project.status != null && String(project.status) === offline ? 'private' : null,
    date: project.eventDate?.day ?? null,
    coverRef: null,
    archived: isOld(project),
    changeToken: null,
  }
}

function seenOf(projects: readonly ProjectRow[], count: number): string {
  const hash = createHash('sha256')
  for (const { projectId } of projects.slice(0, count)) hash.update(`${projectId} `)
  return hash.digest('base64url').slice(0, 16)
}
