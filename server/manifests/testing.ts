// For tests: senders of upload runs, over real HTTP.
import { getRequestListener } from '@hono/node-server'
import { DetailedError, Upload } from 'tus-js-client'
import { createClient } from '../clients.ts'
import type { House } from '../house.ts'
import { answerTo } from '../media/problems.ts'
import { senderRoutes } from '../media/senders.ts'
import { aSite } from '../testing-site.ts'
import { openReception } from '../uploads/receive.ts'
import { type AnnouncedFile, announceFiles, completeManifest } from './announce.ts'
import { createUpload } from './create.ts'
import type { Layout } from './layout.ts'
import { uploadToken } from './tokens.ts'

export interface MediaOrigin extends AsyncDisposable {
  url: string
}

/** The routes of senders alone, on a port of their own. */
export async function mediaOrigin(house: House): Promise<MediaOrigin> {
  const reception = openReception(house)
  const app = senderRoutes(house, reception).onError(answerTo)
  const { origin: url, close } = await aSite(getRequestListener(app.fetch))
  // Addresses of begun uploads name the origin that senders know.
  house.env.MEDIA_URL = url
  return {
    url,
    async [Symbol.asyncDispose]() {
      await close()
      await reception.close()
    },
  }
}

export interface Told {
  /** `here`, `unwanted`, or why it was refused. */
  arrival: string | null
}

/** One file as the console sends it. Throws what the media process answered. */
export function sendFile(url: string, token: string, file: AnnouncedFile, bytes: Buffer): Promise<Told> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: `${url}/uploads/bytes`,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { path: file.path, modified: `${file.modified}` },
      uploadDataDuringCreation: true,
      storeFingerprintForResuming: false,
      retryDelays: null as unknown as number[],
      onError: (error) => reject(error instanceof DetailedError ? new Refused(error) : error),
      onSuccess: ({ lastResponse }) => resolve({ arrival: lastResponse.getHeader('X-Pass-Arrival') ?? null }),
    })
    upload.start()
  })
}

class Refused extends Error {
  readonly status: number
  readonly code: string
  constructor({ message, originalResponse }: DetailedError) {
    super(message)
    this.status = originalResponse?.getStatus() ?? 0
    this.code = originalResponse ? (JSON.parse(originalResponse.getBody()) as { code: string }).code : ''
  }
}

export const file = (path: string, bytes = 1000, modified = 1): AnnouncedFile => ({ path, bytes, modified })

/** The same list once more. */
export const again = (files: AnnouncedFile[], more = {}) => ({ from: 0, files, add: false, replace: false, ...more })

export interface AnUpload {
  id: string
  clientId: string
  token: string
}

const folders: Layout = { into: 'folders', root: null, title: 'Loose' }

/** Announced and complete; a client of its own where none is named. */
export async function anUpload(
  house: House,
  files: AnnouncedFile[],
  more: { layout?: Layout; clientId?: string; galleryId?: string; renditions?: string[] } = {},
): Promise<AnUpload> {
  const { layout = folders, renditions = ['thumb'], galleryId } = more
  const target = galleryId ? { publicId: galleryId } : undefined
  const clientId = more.clientId ?? (await createClient(house, 'test', { name: `c ${Math.random()}` })).id
  const { id } = await createUpload(house, 'test', { clientId, renditions, layout, target })
  await announceFiles(house, 'test', id, { from: 0, files, add: true, replace: false })
  await completeManifest(house, 'test', id, files.length)
  return { id, clientId, token: uploadToken(house, { runId: id, actor: 'test' }).token }
}

/** What the ledger has of each file: its gallery, set, place and state. */
export async function ledgerOf(house: House, runId: string) {
  const { rows } = await house.pool.query<{
    path: string
    gallery: string
    set: string | null
    position: number
    state: string
    code: string | null
    sha256: string | null
  }>(
    `select p.ref as path, g.title as gallery, nullif(s.title, '') as "set", l.position, p.state, p.code, encode(p.sha256, 'hex') as sha256
     from photos p join galleries g on g.id = p.gallery_id join sets s on s.gallery_id = g.id
       join placements l on l.set_id = s.id and l.photo_id = p.id
     where p.run_id = $1 order by g.ordinal, s.position, l.position`,
    [runId],
  )
  return rows
}
