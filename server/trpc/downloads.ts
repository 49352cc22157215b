// What a run's readers take away as a file or look at on paper: certificate, report, redirects.
import { Readable } from 'node:stream'
import { headers } from 'next/headers'
import { signedIn } from '#server/accounts.ts'
import { type CertificateSummary, certificateSummary, writeCertificate } from '#server/certificates.ts'
import { publicKeyPem } from '#server/certificates-key.ts'
import { openEvidence } from '#server/evidence.ts'
import type { House } from '#server/house.ts'
import { log } from '#server/log.ts'
import { redirectsCsv, redirectsNetlify, redirectsNginx, redirectsOf } from '#server/redirects.ts'
import { notFound, Refusal } from '#server/refusal.ts'
import { writeReport } from '#server/reports.ts'
import { recordDownload, runReader } from '#server/run-readers.ts'
import { NoSuchObject } from '#server/store/store.ts'
import { consoleHouse } from './house.ts'

interface Download {
  name: string
  type: string
  text(house: House, runId: string, query: URLSearchParams): AsyncIterator<string>
}

const to = (query: URLSearchParams) => query.get('to') ?? undefined

const downloads = {
  certificate: {
    name: 'certificate.ndjson',
    type: 'application/x-ndjson',
    text: (house, runId) => writeCertificate(house, runId),
  },
  report: { name: 'report.ndjson', type: 'application/x-ndjson', text: (house, runId) => writeReport(house, runId) },
  csv: {
    name: 'redirects.csv',
    type: 'text/csv; charset=utf-8',
    text: (house, runId, query) => redirectsCsv(redirectsOf(house, runId, to(query))),
  },
  nginx: {
    name: 'redirects.nginx.conf',
    type: 'text/plain; charset=utf-8',
    text: (house, runId, query) => redirectsNginx(redirectsOf(house, runId, to(query))),
  },
  netlify: {
    name: '_redirects',
    type: 'text/plain; charset=utf-8',
    text: (house, runId, query) => redirectsNetlify(redirectsOf(house, runId, to(query))),
  },
} satisfies Record<string, Download>

/** The file as it is written, never whole in memory; a refusal as JSON with its code. */
export async function answerDownload(request: Request, runId: string, what: string): Promise<Response> {
  try {
    const house = await consoleHouse()
    const { searchParams } = new URL(request.url)
    const reader = await runReader(house, runId, await signedIn(house, request.headers), searchParams.get('token'))
    if (!Object.hasOwn(downloads, what)) throw new Refusal('not_found', 404, 'There is no such file.')
    const { name, type, text } = downloads[what as keyof typeof downloads] as Download
    const parts = text(house, runId, searchParams)
    // What cannot be written at all is refused before anything is sent.
    const first = await parts.next()
    await recordDownload(house, reader, runId, what)
    const file = name.startsWith('_') ? name : `${runId.slice(0, 8)}-${name}`
    return new Response(streamOf(first, parts), {
      headers: {
        'Content-Type': type,
        'Content-Disposition': `attachment; filename="${file}"`,
        'Cache-Control': 'private, no-store',
      },
    })
  } catch (error) {
    return refused(error)
  }
}

/** A kept page as text, or its screenshot: for staff, whatever the page would do in a browser. `?key=` of the object. */
export async function answerEvidence(request: Request, runId: string): Promise<Response> {
  try {
    const house = await consoleHouse()
    const { isStaff } = await runReader(house, runId, await signedIn(house, request.headers), null)
    if (!isStaff) throw notFound('piece of evidence')
    const key = new URL(request.url).searchParams.get('key') ?? ''
    const { stream, bytes, contentType } = await openEvidence(house, runId, key)
    return new Response(Readable.toWeb(stream) as ReadableStream, {
      headers: {
        'Content-Type': contentType,
        'Content-Length': `${bytes}`,
        'Content-Disposition': 'inline',
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "default-src 'none'; sandbox",
        'Cache-Control': 'private, no-store',
      },
    })
  } catch (error) {
    return refused(error instanceof NoSuchObject ? notFound('piece of evidence') : error)
  }
}

function refused(error: unknown): Response {
  const { code, status, message } =
    error instanceof Refusal ? error : new Refusal('internal', 500, 'Something went wrong on our side.')
  if (!(error instanceof Refusal)) log.error({ err: error }, 'console: download')
  return Response.json({ code, message }, { status, headers: { 'Cache-Control': 'no-store' } })
}

const pieceLength = 65_536 // lines one by one cost more than what is in them

function streamOf(first: IteratorResult<string>, parts: AsyncIterator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let step = first
  return new ReadableStream({
    async pull(controller) {
      let piece = ''
      for (; !step.done && piece.length < pieceLength; step = await parts.next()) piece += step.value
      if (piece !== '') controller.enqueue(encoder.encode(piece))
      if (step.done) controller.close()
    },
    async cancel() {
      await parts.return?.()
    },
  })
}

export type CertificatePage =
  | { summary: CertificateSummary; isStaff: boolean; keyUrl: string }
  | { code: string; message: string }

/** For the page to print; a refusal is told, not thrown. */
export async function certificatePage(runId: string, token: string | null): Promise<CertificatePage> {
  const house = await consoleHouse()
  try {
    const { isStaff } = await runReader(house, runId, await signedIn(house, await headers()), token)
    const keyUrl = `${house.env.CONSOLE_URL}/certificate-key`
    return { summary: await certificateSummary(house, runId), isStaff, keyUrl }
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, message: error.message }
    throw error
  }
}

/** The public key of certificates, as PEM: for everybody. */
export async function answerCertificateKey(): Promise<Response> {
  const { secretKey } = await consoleHouse()
  const headers = { 'Content-Type': 'application/x-pem-file', 'Cache-Control': 'public, max-age=3600' }
  return new Response(publicKeyPem(secretKey), { headers })
}
