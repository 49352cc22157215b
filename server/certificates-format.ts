// The certificate of a run as newline-delimited JSON, each value as JSON.stringify writes it. First a header; then the
// galleries in the order of the report, each behind its own rows; last the signed statement:
//
//   {"type":"certificate","version":1,"run","kind","provider","client":{"id","name"},"issuedAt","publicKey"}
//   {"type":"row","gallery","n","photo","kind","owner","set","position","bytes","sha256","verdict","leaf"}
//   {"type":"gallery","n","ref","path","title","access","cover","verdict","stated","photos","safe","bytes","rows","root","leaf"}
//   {"type":"signature","statement","signature"}
//
// A row is one photo at one place of one set, photos in the order of the report; without a place `set` and `position` are
// null. `leaf` is the leaf hash of the row's values as `rowData` puts them; the gallery's `root` is the Merkle root of its
// rows (server/certificates-tree.ts). A gallery's `leaf` and the root over all galleries are made the same way. `statement`
// is text, itself JSON, that holds the root; `signature` is Ed25519 over that text as UTF-8.
import { z } from 'zod'

const hex = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().nonnegative()
const version = z.literal(1)
const about = {
  run: z.string(),
  kind: z.enum(['migration', 'upload']),
  provider: z.string().nullable(),
  client: z.strictObject({ id: z.uuid(), name: z.string() }),
  issuedAt: z.string(),
  publicKey: z.string(),
}

export const headerLine = z.strictObject({ type: z.literal('certificate'), version, ...about })

export const rowLine = z.strictObject({
  type: z.literal('row'),
  gallery: z.string(),
  n: count,
  photo: z.string(),
  kind: z.enum(['photo', 'video', 'file']),
  /** The gallery that the photo belongs to: another one in collections. */
  owner: z.string(),
  set: z.string().nullable(),
  position: z.int().nullable(),
  bytes: count.nullable(),
  sha256: hex.nullable(),
  /** `published`, `skipped:<code>`, `failed:<code>`, or `moving`. */
  verdict: z.string(),
  leaf: hex,
})

export const galleryLine = z.strictObject({
  type: z.literal('gallery'),
  n: count,
  ref: z.string(),
  path: z.array(z.string()),
  title: z.string(),
  access: z.enum(['public', 'hidden', 'private', 'password']).nullable(),
  cover: z.string().nullable(),
  /** `verified`, the code of what does not agree, or the state it is in. */
  verdict: z.string(),
  /** The provider's count; null where it tells none. */
  stated: count.nullable(),
  /** Ours: photos in its sets. */
  photos: count,
  /** The store's: those whose original is published. */
  safe: count,
  bytes: count,
  rows: count,
  root: hex,
  leaf: hex,
})

export const signatureLine = z.strictObject({
  type: z.literal('signature'),
  statement: z.string(),
  signature: z.string(),
})

export const statement = z.strictObject({
  type: z.literal('pass completeness certificate'),
  version,
  ...about,
  runState: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  galleries: count,
  verified: count,
  rows: count,
  /** Each in the gallery that it belongs to; the places that collections give it do not count again. */
  photos: count,
  safe: count,
  bytes: count,
  root: hex,
  /** The run has come to its end, every gallery is verified and every photo safe. */
  complete: z.boolean(),
})

export type Header = z.output<typeof headerLine>
export type Row = z.output<typeof rowLine>
export type GalleryEntry = z.output<typeof galleryLine>
export type Statement = z.output<typeof statement>

/** What the leaf of a row is hashed from. */
export function rowData(row: Omit<Row, 'type' | 'leaf'>): string {
  const { gallery, n, photo, kind, owner, set, position, bytes, sha256, verdict } = row
  return JSON.stringify(['pass row 1', gallery, n, photo, kind, owner, set, position, bytes, sha256, verdict])
}

/** What the leaf of a gallery is hashed from. */
export function galleryData(gallery: Omit<GalleryEntry, 'type' | 'leaf'>): string {
  const { n, ref, path, title, access, cover, verdict, stated, photos, safe, bytes, rows, root } = gallery
  const counts = [stated, photos, safe, bytes, rows]
  return JSON.stringify(['pass gallery 1', n, ref, path, title, access, cover, verdict, ...counts, root])
}

/** The photos of one gallery, counted row by row. Rows of one photo follow each other. */
export class Tally {
  rows = 0
  photos = 0
  safe = 0
  bytes = 0
  /** Of these, the ones that belong to the gallery. */
  readonly own = { photos: 0, safe: 0, bytes: 0 }
  #last: string | undefined

  add({ gallery, photo, kind, owner, bytes, verdict }: Omit<Row, 'type' | 'leaf'>): void {
    this.rows++
    const name = JSON.stringify([owner, photo, kind === 'file'])
    if (name === this.#last) return
    this.#last = name
    const safe = verdict === 'published'
    for (const counts of owner === gallery ? [this, this.own] : [this]) {
      counts.photos++
      counts.safe += safe ? 1 : 0
      counts.bytes += safe ? (bytes ?? 0) : 0
    }
  }
}
