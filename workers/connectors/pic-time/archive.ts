// Originals in cold storage: asked back once for a project, then looked after.
import { z } from 'zod'
import { Challenge, ConnectorError, type PhotoAddress, Thawing, type ThawState } from '../connector.ts'
import type { Account } from './account.ts'
import { todo, usualThawHours } from './answers.ts'
import { type Calls, Refused } from './calls.ts'
import { openOriginal } from './originals.ts'
import type { Handle, Projects } from './project.ts'
import { jobId, retrieval } from './wire.ts'

const ticketSchema = z.object({
  /** The job that retrieves; null where Pic-Time does not take our request and a person makes it. */
  job: jobId.nullable(),
  /** False where the job was made and the request for it did not come through. */
  asked: z.boolean(),
  /** When the job was made. */
  at: z.iso.datetime(),
  /** Virtual path of the gallery, and the photo that was not at hand: looks need no listing. */
  path: z.string(),
  photo: z.string(),
})
type Ticket = z.output<typeof ticketSchema>

/** "Ready" of getDownloadInfo2; every other value is not yet. */
const ready = 20
/** What was retrieved stays at hand for a year: what is missing long after a request was not part of it. */
const ticketDays = 30

/**
 * The first look tries one original (`missing`, or any), since an older project may be at hand, and asks for retrieval
 * where it is not. Later looks ask how far the job is. Its id is kept from the moment it exists, so that nothing is
 * asked for twice.
 */
export async function thaw(
  calls: Calls,
  account: Account,
  projects: Projects,
  ref: string,
  given: unknown,
  missing: PhotoAddress | undefined,
): Promise<ThawState> {
  const archive = new Archive(calls, account, ref)
  const ticket = ticketOf(given)
  if (ticket) return archive.look(ticket)
  if (missing) return archive.ask((missing.handle as Handle).path, missing.ref)
  const { path, photos } = await projects.contents(ref)
  const [first] = photos
  return first ? archive.ask(path, first.photoId) : back(null)
}

class Archive {
  readonly #calls: Calls
  readonly #account: Account
  readonly #ref: string

  constructor(calls: Calls, account: Account, ref: string) {
    this.#calls = calls
    this.#account = account
    this.#ref = ref
  }

  async ask(path: string, photo: string): Promise<ThawState> {
    if (await this.#isAtHand(path, photo)) return back(null)
    const originals = { boundHeight: -1, boundWidth: -1, jpgQuality: -1, noMobilities: true } as const
    const at = new Date().toISOString()
    try {
      const { userJobId: job } = await this.#calls.call('sendPhotos', { pref: originals }, path)
      return later(await this.#firstRequest({ job, asked: false, at, path, photo }, job))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      await this.#account.settings(this.#ref)
      return { ...later({ job: null, asked: false, at, path, photo }), todo: todo.archiveByHand }
    }
  }

  async look(ticket: Ticket): Promise<ThawState> {
    const { job, path, photo } = ticket
    // Where the job is through and an original still does not come, it is looked at again rather than believed.
    const isBack = async () => ((await this.#isAtHand(path, photo)) ? back(ticket) : later(ticket))
    if (job === null) return isBack()
    return this.#account.standing(this.#ref, async () => {
      if (!ticket.asked) return later(await this.#request(ticket, job))
      const asked = { mode: 1, projectId: Number(this.#ref), userJobId: job } as const
      const told = retrieval.safeParse(await this.#inGallery(asked, path))
      if (!told.success) throw this.#calls.unexpected('getDownloadInfo2: status')
      return told.data.status === ready ? isBack() : later(ticket)
    })
  }

  async #request(ticket: Ticket, job: string | number): Promise<Ticket> {
    await this.#inGallery({ mode: 2, projectId: Number(this.#ref), userJobId: job }, ticket.path)
    return { ...ticket, asked: true }
  }

  /** Whatever happens here, the job exists and is to be kept: what could not be asked is asked with the next look. */
  async #firstRequest(ticket: Ticket, job: string | number): Promise<Ticket> {
    try {
      return await this.#request(ticket, job)
    } catch (error) {
      if (!(error instanceof ConnectorError) || error instanceof Challenge || error instanceof Refused) throw error
      this.#calls.context.note('Pic-Time: retrieval not asked for yet', { error: error.name })
      return ticket
    }
  }

  /** A refusal counts only in a live session, and by the address that the gallery has now. */
  async #inGallery(asked: { mode: 1 | 2; projectId: number; userJobId: string | number }, path: string) {
    try {
      return await this.#calls.call('getDownloadInfo2', asked, path)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const { virtualPath } = await this.#account.settings(this.#ref)
      if (virtualPath === path) throw error
      return this.#calls.call('getDownloadInfo2', asked, virtualPath)
    }
  }

  async #isAtHand(path: string, photo: string): Promise<boolean> {
    const handle: Handle = { path }
    try {
      const address: PhotoAddress = { ref: photo, kind: 'photo', galleryRef: this.#ref, handle }
      const { stream } = await openOriginal(this.#calls, this.#account, address, 0)
      // The beginning is enough to know.
      for await (const _ of stream) break
      return true
    } catch (error) {
      if (error instanceof Thawing) return false
      throw error
    }
  }
}

function ticketOf(given: unknown): Ticket | null {
  if (given == null) return null
  const ticket = ticketSchema.parse(given)
  return Date.now() - Date.parse(ticket.at) < ticketDays * 86_400_000 ? ticket : null
}

const later = (ticket: Ticket): ThawState => ({ ready: false, ticket, usualHours: usualThawHours })
const back = (ticket: Ticket | null): ThawState => ({ ready: true, ticket, usualHours: null })
