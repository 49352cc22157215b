// Originals from addresses that a sender named: fetched by whoever copies, held to public addresses at every redirect,
// looked at like files that are sent. One text and one code for whatever is wrong with an address: nobody probes with us.
import { errors } from 'undici'
import type { Chunk, ChunkPhoto } from '#server/ledger.ts'
import { spool, TooManyBytes } from '#server/spool.ts'
import { originalKey } from '#server/store/store.ts'
import { checkPicture } from '#server/uploads/check.ts'
import type { UrlHandle } from '#server/uploads/enter.ts'
import { maxFileBytes } from '#server/uploads/receive.ts'
import {
  AddressRefused,
  type HttpAnswer,
  NotAvailable,
  RateLimited,
  SourceFault,
  SourceUnreachable,
  Truncated,
} from './connectors/connector.ts'
import type { Tools } from './tools.ts'

const redirects = 5
/** Half a minute of them; then the file is not to be had. */
const tries = 5

export async function fromAddress(
  photo: ChunkPhoto,
  run: NonNullable<Chunk['run']>,
  { house, http, temp }: Pick<Tools, 'house' | 'http' | 'temp'>,
  signal: AbortSignal,
) {
  signal.throwIfAborted()
  const { url } = photo.handle as UrlHandle
  try {
    const answer = await http.request(url, { lane: 'bytes', redirects, signal })
    await expectFile(answer)
    const spooled = await spool(answer.stream, temp, maxFileBytes)
    try {
      const checked = await checkPicture(spooled, photo.filename ?? undefined)
      if ('code' in checked) throw new NotAvailable('what the address gives is not taken', checked.code)
      const { sha256, bytes, body } = spooled
      const facts = { sha256, bytes, contentType: checked.contentType }
      await house.store.put(originalKey(run.clientId, sha256), body, { ...facts, proven: true, signal })
      return { ...facts, isOriginal: true }
    } finally {
      await spooled.remove()
    }
  } catch (error) {
    if (error instanceof TooManyBytes) throw new NotAvailable('too large', 'file_too_large', { cause: error })
    if (error instanceof AddressRefused) throw new NotAvailable('not allowed', 'url_not_allowed', { cause: error })
    const passing = [RateLimited, SourceFault, SourceUnreachable, Truncated].some((kind) => error instanceof kind)
    if (!passing || signal.aborted) throw error
    if (photo.attempts >= tries)
      throw new NotAvailable('no file came', isTimeout(error) ? 'source_timeout' : 'source_error')
    // A host that asks us to wait for ever would hold the upload for ever.
    throw error instanceof RateLimited ? new SourceFault('asks to wait', 429, { cause: error }) : error
  }
}

async function expectFile(answer: HttpAnswer): Promise<void> {
  if (answer.status === 200) {
    if (Number(answer.header('content-length') ?? 0) <= maxFileBytes) return
    await answer.discard()
    throw new NotAvailable('too large', 'file_too_large')
  }
  await answer.discard()
  if (answer.status >= 500 || answer.status === 408)
    throw new SourceFault('the address answers with a fault', answer.status)
  throw new NotAvailable('the address gives no file', 'source_error')
}

const timeouts = [errors.HeadersTimeoutError, errors.BodyTimeoutError, errors.ConnectTimeoutError]

function isTimeout(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (timeouts.some((kind) => cause instanceof kind)) return true
  }
  return false
}
