// What a provider showed where something else was expected: in the run's timeline, and whole in the object store.
import { hash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { recordEvent } from './events.ts'
import type { House } from './house.ts'
import { log } from './log.ts'
import { notFound } from './refusal.ts'
import { evidenceKey, type Store, type StoredObject, StoreError } from './store/store.ts'

/** Masked already: nothing in it signs in. */
export interface ShownPage {
  /** The field or the selector. */
  expected: string
  url: string
  status: number
  contentType: string | null
  excerpt: string
  /** PNG. */
  screenshot?: Uint8Array
}

export interface KeptPage extends Omit<ShownPage, 'screenshot'> {
  /** Keys in the object store; null where the excerpt is all there is, or the store did not take it. */
  page: string | null
  screenshot: string | null
}

export interface Evidence extends Omit<KeptPage, 'page' | 'screenshot'> {
  /** An answer that was not recognised, or the requests that led to a failure while these were to be kept. */
  kind: 'unrecognised' | 'captured'
  at: Date
  gallery: { publicId: string; title: string } | null
  step: string
  code: string
  page: KeptObject | null
  screenshot: KeptObject | null
}

export interface KeptObject {
  key: string
  /** Serves it for five minutes; null where the store has no addresses: see `openEvidence`. */
  address: string | null
}

const KiB = 1024
const excerptCharacters = 4000
const pageBytes = 256 * KiB
const addressSeconds = 300
/** Of pages that photos of one gallery came to: more say nothing new. */
const mostOfGallery = 3

/** Puts what is too long for the timeline into the object store, with `whole` what is short too. A store that fails keeps no step from being settled. */
export async function keepEvidence(
  house: Pick<House, 'pool' | 'store'>,
  runId: string,
  shown: ShownPage,
  { whole = false }: { whole?: boolean } = {},
): Promise<KeptPage> {
  const { screenshot, excerpt, ...facts } = shown
  const { rows } = await house.pool.query<{ client: string }>('select client_id as client from runs where id = $1', [
    runId,
  ])
  const client = rows[0]?.client
  if (!client) throw notFound('run')
  const isLong = whole || excerpt.length > excerptCharacters
  const extension = /\bjson\b/i.test(shown.contentType ?? '') ? 'json' : 'html'
  return {
    ...facts,
    excerpt: excerpt.slice(0, excerptCharacters),
    page: isLong ? await put(house.store, client, Buffer.from(excerpt).subarray(0, pageBytes), extension) : null,
    screenshot: screenshot ? await put(house.store, client, screenshot, 'png') : null,
  }
}

/** A page that photos came to, or requests that led to a failure: told in the timeline, a few times a gallery. */
export async function recordEvidence(
  house: Pick<House, 'db' | 'pool' | 'store'>,
  runId: string,
  galleryId: number | null,
  step: string,
  code: string,
  shown: ShownPage,
  kind: Evidence['kind'] = 'unrecognised',
): Promise<void> {
  const { rows } = await house.pool.query<{ n: number }>(
    'select count(*)::int as n from events where run_id = $1 and gallery_id is not distinct from $2 and kind = $3',
    [runId, galleryId, kind],
  )
  if (rows[0]!.n >= mostOfGallery) return
  const kept = await keepEvidence(house, runId, shown, { whole: kind === 'captured' })
  await house.db.transaction((tx) => recordEvent(tx, runId, 'worker', kind, { step, code, ...kept }, galleryId))
}

/** The newest first; of one cause where it is named. */
export async function evidenceOf(
  house: Pick<House, 'db' | 'store'>,
  runId: string,
  limit: number,
  code?: string,
): Promise<Evidence[]> {
  const { rows } = await house.db.execute<{
    kind: Evidence['kind']
    at: string
    gallery: Evidence['gallery']
    data: KeptPage & { step: string; code: string }
  }>(sql`
    select e.kind, e.at, e.data,
      case when g.id is not null then json_build_object('publicId', g.public_id, 'title', g.title) end as gallery
    from events e left join galleries g on g.id = e.gallery_id
    where e.run_id = ${runId} and e.kind in ('unrecognised', 'captured') and (${code ?? null}::text is null or e.data->>'code' = ${code ?? null})
    order by e.id desc limit ${limit}`)
  return Promise.all(
    rows.map(async ({ kind, at, gallery, data }) => ({
      kind,
      at: new Date(at),
      gallery,
      step: data.step,
      code: data.code,
      expected: data.expected,
      url: data.url,
      status: data.status,
      contentType: data.contentType,
      excerpt: data.excerpt,
      page: await objectOf(house.store, data.page),
      screenshot: await objectOf(house.store, data.screenshot),
    })),
  )
}

/**
 * A kept page as text, or a screenshot; only what the run's own timeline names. Never serve a page as HTML: it is not
 * ours. Read the stream to its end or destroy it. Throws Refusal, NoSuchObject.
 */
export async function openEvidence(
  house: House,
  runId: string,
  key: string,
): Promise<Pick<StoredObject, 'bytes' | 'contentType'> & Pick<Awaited<ReturnType<Store['get']>>, 'stream'>> {
  const { rows } = await house.pool.query(
    `select from events where run_id = $1 and kind in ('unrecognised', 'captured') and $2 in (data->>'page', data->>'screenshot') limit 1`,
    [runId, key],
  )
  if (rows.length === 0) throw notFound('piece of evidence')
  const { bytes, stream } = await house.store.get(key)
  return { bytes, stream, contentType: key.endsWith('.png') ? 'image/png' : asText }
}

const asText = 'text/plain; charset=utf-8'

async function put(
  store: Store,
  client: string,
  body: Uint8Array,
  extension: 'png' | 'html' | 'json',
): Promise<string | null> {
  const sha256 = hash('sha256', body)
  const key = evidenceKey(client, sha256, extension)
  const contentType = extension === 'png' ? 'image/png' : asText
  try {
    await store.put(key, body, { sha256, bytes: body.length, contentType, proven: true })
    return key
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    log.warn({ key, err: error.message }, 'evidence is not kept')
    return null
  }
}

async function objectOf(store: Store, key: string | null | undefined): Promise<KeptObject | null> {
  return key ? { key, address: await store.signedUrl(key, addressSeconds) } : null
}
