// Originals by an export job of the owner, for galleries whose single downloads may be held to a size. One job a photo:
// its ZIP has one file, so that no name has to be matched, and flows as a single download does.
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { isHtml } from '../answers.ts'
import { behind } from '../bytes.ts'
import { type Opened, type PhotoAddress, SourceFault, Thawing } from '../connector.ts'
import { type Account, isOld } from './account.ts'
import { errorOf, signOf, usualThawHours } from './answers.ts'
import { type Calls, exportBatch } from './calls.ts'
import { onlyFile } from './zip.ts'

/** Between looks at a job that is not packed yet, in seconds: two minutes in all. */
const waits = [0.5, 1, 2, 4, 8, 15, 30, 60]
const revision = z.object({ dtoRevision: z.number().int() })

/** The job exists and its ZIP is not there yet. */
export class NotPacked extends SourceFault {}

export class Exports {
  readonly #calls: Calls
  readonly #account: Account
  /** Jobs that were made and not yet read to the end, so that another attempt makes no other. */
  readonly #jobs = new Map<string, string | number>()

  constructor(calls: Calls, account: Account) {
    this.#calls = calls
    this.#account = account
  }

  async open(photo: PhotoAddress, start: number): Promise<Opened> {
    const job = this.#jobs.get(photo.ref) ?? (await this.#make(photo))
    this.#jobs.set(photo.ref, job)
    const address = await this.#packed(photo, job)
    const answer = await this.#calls.get(address, {}, 120)
    const odd = (expected: string) => this.#calls.unexpected(`an export: ${expected}`, answer, null)
    if (answer.status !== 200 || isHtml(answer.header('content-type'), '')) {
      this.#jobs.delete(photo.ref)
      const text = await answer.text(1024 * 1024)
      const error = errorOf(signOf(text, new URL(answer.url)))
      if (error) throw error
      if (answer.status >= 500) throw new SourceFault(`an export answered ${answer.status}`, answer.status)
      throw this.#calls.unexpected('an export: a ZIP', answer, text)
    }
    const file = await onlyFile(answer.stream, odd)
    const stream = this.#forgetting(photo.ref, file.stream)
    return {
      stream: start > 0 ? behind(stream, start) : stream,
      bytes: file.bytes === null ? null : Math.max(0, file.bytes - start),
      contentType: null,
      isOriginal: true,
    }
  }

  async #make({ ref, galleryRef }: PhotoAddress): Promise<string | number> {
    const settings = revision.safeParse(await this.#account.settings(galleryRef))
    const batch = exportBatch(Number(galleryRef), [Number(ref)], settings.data?.dtoRevision ?? 0)
    const { newExports } = await this.#calls.call('savePackage', { saveBatch: batch, pcpClientId: '' })
    const [made] = newExports
    if (!made) throw this.#calls.unexpected('savePackage: newExports[0]')
    return made.userJobId
  }

  /** The address of the packed job; it is relative to the account's origin. */
  async #packed(photo: PhotoAddress, job: string | number): Promise<URL> {
    for (let looks = 0; ; looks++) {
      const { downloadUrl } = await this.#calls.call('getDownloadInfo', { userJobId: job, startIndex: 0, maxFiles: 0 })
      if (downloadUrl) {
        const joint = downloadUrl.includes('?') ? '&' : '?'
        return new URL(`${downloadUrl}${joint}batchsize=1200&startIndex=0`, this.#calls.base)
      }
      const wait = waits[looks]
      if (wait === undefined) break
      await pause(wait * 1000, undefined, { signal: this.#calls.context.signal })
    }
    if (isOld(await this.#account.project(photo.galleryRef)))
      throw new Thawing('an export of an old project is not packed', usualThawHours)
    throw new NotPacked('an export is not packed yet', 200)
  }

  async *#forgetting(ref: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* stream
    this.#jobs.delete(ref)
  }
}
