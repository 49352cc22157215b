// The answers of POST requests, as they are sent and as they are kept for those who ask again.
import type { Answer } from '#server/idempotency.ts'
import { type FaultCode, faults } from '#server/uploads/check.ts'
import type { Item } from '#server/uploads/status.ts'
import { guards, problem } from './problems.ts'

export function answerOfJob(jobId: string): Answer {
  const message = `Bulk upload queued, check /status/${jobId}`
  return { status: 202, body: { status: 'processing', jobId, message } }
}

/** null: it was there a moment ago. */
export function answerOfImage(imageId: string, item: Item | null): Answer {
  if (!item || item.status === 'processing') {
    const message = `Image is being processed, check /status/${imageId}`
    return { status: 202, body: { status: 'processing', imageId, message } }
  }
  const { status, code, url, renditions } = item
  if (status !== 'failed' && (code === null || code === 'unsupported_codec'))
    return { status: 200, body: { status, imageId, url, renditions, ...(code ? { code } : {}) } }
  const fault = faults[code as FaultCode] ?? { status: 422, title: 'The picture could not be processed.' }
  const title = `${fault.title} Its original is kept.`
  return { status: fault.status, body: { type: 'about:blank', title, status: fault.status, code, imageId } }
}

export function respond({ status, body }: Answer): Response {
  if (status >= 400) {
    const { code, title, imageId } = body as { code: string; title: string; imageId: string }
    return problem(status, code, title, {}, { imageId })
  }
  const { jobId, imageId } = body as { jobId?: string; imageId?: string }
  const location: Record<string, string> = status === 202 ? { Location: `/status/${jobId ?? imageId}` } : {}
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...guards, ...location },
  })
}
