// The bytes of announced files by tus 1.0 (https://tus.io/protocols/resumable-upload): a file that was cut off goes on
// where it stood. What is whole is looked at and settled before the last request is answered.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import type { House } from '#server/house.ts'
import type { Arrival, Arrivals } from '#server/manifests/arrivals.ts'
import { forgetPart, isPartOf, partId, spooledFile } from '#server/manifests/parts.ts'
import { maxFileBytes } from '#server/uploads/receive.ts'
import { answerTo, guards, notFound, problem } from './problems.ts'

/** Answers one request of a sender of the run. `X-Pass-Arrival` tells what became of a whole file: `here`, `unwanted`, or why it was refused. */
export type Tus = (request: Request, runId: string) => Promise<Response>

/** `directory` holds what has come so far. */
export function tusServer(house: House, arrivals: Arrivals, directory: string): Tus {
  const runs = new WeakMap<Request, string>()
  const runOf = (request: Request) => runs.get(request)!
  const server = new Server({
    path: '/uploads/bytes',
    datastore: new FileStore({ directory }),
    maxSize: maxFileBytes,
    generateUrl: (_, { path, id }) => `${house.env.MEDIA_URL}${path}/${id}`,
    namingFunction: (request) => partId(runOf(request), randomUUID()),
    async onIncomingRequest(request, id) {
      if (!isPartOf(id, runOf(request))) throw thrown(notFound())
    },
    async onUploadCreate(request, { metadata, size }) {
      const path = metadata?.path
      if (!path || size === undefined)
        throw thrown(problem(422, 'invalid_parameter', 'Upload-Metadata needs a path, and Upload-Length is needed.'))
      const expected = await arrivals.expect(runOf(request), path, size).catch((error: unknown) => {
        throw thrown(answerTo(error))
      })
      if (expected === 'unwanted') throw thrown(problem(409, 'already_here', 'This file is not waited for.'))
      return {}
    },
    async onUploadFinish(request, upload) {
      // Gone whatever happens: who is told that it failed sends it again.
      try {
        const spooled = await spooledFile(join(directory, upload.id))
        const arrival = await arrivals.receive(runOf(request), upload.metadata!.path!, spooled)
        return { headers: { 'X-Pass-Arrival': said(arrival) } }
      } catch (error) {
        throw thrown(answerTo(error))
      } finally {
        await forgetPart(directory, upload.id)
      }
    },
    onResponseError: async (_, error) => {
      if (!(error instanceof Thrown)) return undefined
      return { status_code: error.status_code, body: await error.answer.clone().text() }
    },
  })
  return async (request, runId) => {
    runs.set(request, runId)
    const answer = await server.handleWeb(request)
    if (answer.status < 400) return withGuards(answer)
    return withGuards(await asProblem(answer))
  }
}

const said = (arrival: Arrival) => (arrival.state === 'refused' ? arrival.code : arrival.state)

/** tus answers what is thrown with its status and its text. */
class Thrown extends Error {
  readonly answer: Response
  readonly status_code: number
  constructor(answer: Response) {
    super(answer.statusText)
    this.name = 'Thrown'
    this.answer = answer
    this.status_code = answer.status
  }
}

const thrown = (answer: Response) => new Thrown(answer)

/** The protocol's own refusals carry a line of text; those of ours are problems already. */
async function asProblem(answer: Response): Promise<Response> {
  const text = await answer.text()
  const own = text.startsWith('{')
  const code = codes[answer.status] ?? 'invalid_parameter'
  const made = own ? new Response(text, { status: answer.status }) : problem(answer.status, code, text.trim())
  const headers = new Headers(answer.headers)
  headers.delete('content-length')
  headers.set('Content-Type', 'application/problem+json')
  return new Response(made.body, { status: answer.status, headers })
}

const codes: Record<number, string> = {
  404: 'not_found',
  410: 'not_found',
  409: 'offset_differs',
  413: 'file_too_large',
  500: 'internal_error',
}

function withGuards(answer: Response): Response {
  const headers = new Headers(answer.headers)
  for (const name of [...headers.keys()].filter((name) => name.startsWith('access-control-'))) headers.delete(name)
  for (const [name, value] of Object.entries(guards)) headers.set(name, value)
  headers.set('Cache-Control', 'no-store')
  return new Response(answer.body, { status: answer.status, headers })
}
