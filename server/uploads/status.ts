// What became of an image or of a bulk upload, as its client is told.
import type { House } from '../house.ts'
import { type Instructions, instructionsHash } from '../instructions.ts'
import { imagePath, signedImagePath } from '../signing.ts'

export type Status = 'processing' | 'completed' | 'completed_with_errors' | 'failed'

export interface Item {
  /** In the order sent, from 0. */
  index: number
  filename: string | null
  imageId: string
  status: Status
  /** Why it failed, or why there is not all that was asked for. */
  code: string | null
  /** Of the first rendition that was asked for, else of the original; null while there is none. */
  url: string | null
  /** Addresses by name. */
  renditions: Record<string, string>
}

export interface StatusPage {
  status: Status
  /** Of this page's items, those that have one, in their order. */
  urls: string[]
  counts: { total: number; processing: number; completed: number; failed: number }
  items: Item[]
  nextCursor: string | null
}

/** Signed addresses in answers live for at least so long. */
const addressSeconds = 24 * 3600

/** null where the client has neither an image nor an upload of that id. `limit` at most 1,000. */
export async function statusOf(
  house: House,
  clientId: string,
  id: string,
  page: { cursor?: string; limit?: number } = {},
): Promise<StatusPage | null> {
  if (!isUuid.test(id)) return null
  const [image, run] = await Promise.all([itemOf(house, clientId, id), runOf(house, clientId, id)])
  if (image) return statusOfImage(image)
  return run && statusOfRun(house, run, page)
}

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function statusOfImage(item: Item): StatusPage {
  const { status } = item
  const ready = status === 'completed' || status === 'completed_with_errors'
  const counts = { total: 1, processing: +(status === 'processing'), completed: +ready, failed: +(status === 'failed') }
  return { status, urls: item.url ? [item.url] : [], counts, items: [item], nextCursor: null }
}

interface Run {
  galleryId: number
  open: boolean
  total: number
  processing: number
  published: number
  failed: number
  degraded: number
}

async function runOf({ pool }: Pick<House, 'pool'>, clientId: string, id: string): Promise<Run | null> {
  const { rows } = await pool.query<Run>(
    `select g.id as "galleryId", ${isOpen} as open, g.total,
       g.listed + g.stored + g.rendered as processing, g.published, g.failed + g.skipped as failed, g.degraded
     from runs r join galleries g on g.run_id = r.id and g.source_id is null
     where r.id = $1 and r.client_id = $2 and r.kind = 'upload' and g.deletion_id is null order by g.id limit 1`,
    [id, clientId],
  )
  return rows[0] ?? null
}

async function statusOfRun(
  house: House,
  run: Run,
  { cursor, limit = 100 }: { cursor?: string; limit?: number },
): Promise<StatusPage> {
  const most = Math.min(Math.max(1, limit), 1000)
  const { rows } = await house.pool.query<PhotoRow>(
    `${photoRows} where p.gallery_id = $1 and p.ref > $2 and p.state <> 'deleted' order by p.gallery_id, p.ref limit $3`,
    [run.galleryId, cursor ?? '', most],
  )
  const items = rows.map((row) => itemFrom(house, row))
  const last = rows.at(-1)
  return {
    status: runStatus(run),
    urls: items.flatMap(({ url }) => (url ? [url] : [])),
    counts: { total: run.total, processing: run.processing, completed: run.published, failed: run.failed },
    items,
    nextCursor: rows.length === most && last ? last.ref : null,
  }
}

function runStatus({ open, total, processing, published, failed, degraded }: Run): Status {
  if (processing > 0 && open) return 'processing'
  if (processing > 0) return published > 0 ? 'completed_with_errors' : 'failed'
  if (failed > 0) return failed === total ? 'failed' : 'completed_with_errors'
  return degraded > 0 ? 'completed_with_errors' : 'completed'
}

/** One image of the client; null where it has none of that id. */
export async function itemOf(house: House, clientId: string, publicId: string): Promise<Item | null> {
  const { rows } = await house.pool.query<PhotoRow>(
    `${photoRows} where p.public_id = $1 and p.client_id = $2 and p.state <> 'deleted'`,
    [publicId, clientId],
  )
  return rows[0] ? itemFrom(house, rows[0]) : null
}

const isOpen = `r.state in ('running', 'paused', 'blocked')`

interface PhotoRow {
  publicId: string
  /** The image that this entry of a run stands for. */
  imageId: string | null
  ref: string
  filename: string | null
  state: string
  code: string | null
  rendition: string | null
  isPublic: boolean
  isUpload: boolean
  /** Its run still works on what is not ready. */
  open: boolean
  named: Record<string, unknown>
  wanted: { name: string; code: string | null }[]
  made: string[]
}

const photoRows = `
  select p.public_id as "publicId", p.handle->>'imageId' as "imageId", p.ref, p.filename, p.state, p.code, p.rendition,
    p.access is not distinct from 'public' as "isPublic", r.kind = 'upload' as "isUpload", ${isOpen} as open, r.renditions as named,
    (select coalesce(json_agg(json_build_object('name', w.name, 'code', w.code) order by w.position), '[]')
      from wanted_renditions w where w.photo_id = p.id) as wanted,
    (select coalesce(json_agg(m.hash), '[]') from renditions m where m.client_id = p.client_id and m.sha256 = p.sha256) as made
  from photos p join runs r on r.id = p.run_id`

function itemFrom(house: House, row: PhotoRow): Item {
  const { filename, state, wanted, isUpload } = row
  const imageId = (isUpload && row.imageId) || row.publicId
  const missing = wanted.find(({ code }) => code !== 'ok' && code !== null)?.code ?? null
  const common = { index: indexOf(row.ref), filename, imageId }
  const none = { url: null, renditions: {} }
  if (state === 'deleted') return { ...common, status: 'failed', code: 'gone', ...none }
  if (state === 'skipped' || state === 'failed' || state === 'gone')
    return { ...common, status: 'failed', code: apiCode(row.code), ...none }
  const isWaiting = state === 'listed' || state === 'stored'
  if (isWaiting && isUpload && !row.open) return { ...common, status: 'failed', code: 'cancelled', ...none }
  if (isWaiting || wanted.some(({ code }) => code === null))
    return { ...common, status: 'processing', code: null, ...none }
  const addressOf = (name: string | null) =>
    house.env.MEDIA_URL +
    (isUpload && row.isPublic
      ? imagePath(imageId, name)
      : signedImagePath(house, imageId, name, { seconds: addressSeconds }))
  const names = wanted.flatMap(({ name, code }) => (code === 'ok' ? [name] : []))
  const ofRun = Object.entries(row.named)
    .filter(([, instructions]) => row.made.includes(instructionsHash(instructions as Instructions)))
    .map(([name]) => name)
  const renditions = Object.fromEntries([...new Set([...names, ...ofRun])].map((name) => [name, addressOf(name)]))
  const code = missing ?? (row.rendition === 'ok' ? null : row.rendition)
  return {
    ...common,
    status: missing && missing !== 'unsupported_codec' ? 'completed_with_errors' : 'completed',
    code,
    url: renditions[names[0] ?? ofRun[0] ?? ''] ?? addressOf(null),
    renditions,
  }
}

/** Entries of bulk uploads are named by their place. */
function indexOf(ref: string): number {
  return /^\d{7}$/.test(ref) ? Number(ref) : 0
}

/** The place of an entry, as its name in the run's gallery: in order as text. */
export const refOf = (index: number) => String(index).padStart(7, '0')

/** The ledger's words for what can happen to a file on its way from an address, in those of the API. */
const apiCodes: Record<string, string> = {
  source_unreachable: 'source_error',
  truncated: 'source_error',
  gone_at_source: 'source_error',
  address_refused: 'url_not_allowed',
}

const apiCode = (code: string | null) => (code === null ? null : (apiCodes[code] ?? code))
