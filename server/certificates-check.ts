// A certificate held against itself, its signature and the store. The ledger is asked only where something was changed in
// a way that the file alone cannot name: whoever recomputes the hashes of a row still does not come to the signed root.
import pLimit from 'p-limit'
import {
  type GalleryEntry,
  galleryData,
  galleryLine,
  type Header,
  headerLine,
  type Row,
  rowData,
  rowLine,
  type Statement,
  signatureLine,
  statement as statementShape,
  Tally,
} from './certificates-format.ts'
import { isSigned, publicKeyOf } from './certificates-key.ts'
import { parsed, suspects } from './certificates-suspects.ts'
import { leafHash, MerkleTree } from './certificates-tree.ts'
import type { House } from './house.ts'
import { Refusal } from './refusal.ts'
import { originalKey } from './store/store.ts'
import { look, looksAtOnce } from './verify.ts'

/**
 * Of the file: `not_understood` a line that is none of a certificate; `cut_off` it does not come to its end; `signature`
 * the statement was not signed by its key; `foreign_key` it was signed by another house; `other_run`; `statement` another
 * header, count or root than the signed one. Of a gallery: `gallery_changed`, `gallery_order`, `gallery_root` its rows do
 * not come to it. Of a row: `row_changed`, `row_order`, `row_missing`. Of the store: `missing`, `size`, `hash`.
 */
export type CertificateProblem =
  | 'not_understood'
  | 'cut_off'
  | 'signature'
  | 'foreign_key'
  | 'other_run'
  | 'statement'
  | 'gallery_changed'
  | 'gallery_order'
  | 'gallery_root'
  | 'row_changed'
  | 'row_order'
  | 'row_missing'
  | 'missing'
  | 'size'
  | 'hash'

export interface CertificateFinding {
  problem: CertificateProblem
  /** In the file, from 1; null: of no line. */
  line: number | null
  gallery: string | null
  photo: string | null
  set: string | null
  position: number | null
  /** The object in the store, or what of the statement differs. */
  key: string | null
}

export interface CertificateTotals {
  galleries: number
  rows: number
  /** Originals looked at; one that several rows share counts once for each 500 rows. */
  objects: number
  bytes: number
  findings: number
  /** As the rows come to it. */
  root: string
}

/**
 * Yields what differs, as it is met; returns the totals. `read` gives the lines of the file, without their newlines, from
 * the beginning each time. `deep` reads and hashes every original. Throws Refusal `not_a_certificate`.
 */
export async function* checkCertificate(
  house: Pick<House, 'pool' | 'secretKey' | 'store'>,
  read: () => AsyncIterable<string>,
  options: { run: string; deep: boolean },
): AsyncGenerator<CertificateFinding, CertificateTotals> {
  const check = new Check(house, options)
  for await (const text of read()) yield* check.take(text)
  yield* check.end()
  yield* suspects(house, read, check, options.run)
  return check.totals()
}

const ofStore = new Set<CertificateProblem>(['missing', 'size', 'hash'])

const rowsAtOnce = 500

class Check {
  readonly #house: Pick<House, 'secretKey' | 'store'>
  readonly #options: { run: string; deep: boolean }
  readonly #whole = new MerkleTree()
  readonly #sum = { galleries: 0, verified: 0, rows: 0, photos: 0, safe: 0, bytes: 0 }
  readonly #totals = { objects: 0, bytes: 0, findings: 0 }
  /** Of the findings, those that the file itself shows. */
  #ofFile = 0
  #line = 0
  #header: Header | undefined
  #statement: Statement | undefined
  #signed = false
  #tree = new MerkleTree()
  #tally = new Tally()
  #next = 0
  #nextGallery = 0
  #waiting: { row: Row; line: number }[] = []
  /** Of the gallery in hand, something was named. */
  #named = false
  /** Galleries whose rows do not come to their root, none of them named. */
  readonly suspects = new Set<string>()
  /** The galleries do not come to the signed root, and none of them says why. */
  suspectAll = false

  constructor(house: Pick<House, 'secretKey' | 'store'>, options: { run: string; deep: boolean }) {
    this.#house = house
    this.#options = options
  }

  async *take(text: string): AsyncGenerator<CertificateFinding> {
    this.#line++
    const value = parsed(text)
    if (this.#line === 1) return yield* this.#begin(value)
    const row = rowLine.safeParse(value)
    if (row.success && !this.#signed) return yield* this.#row(row.data)
    const gallery = galleryLine.safeParse(value)
    if (gallery.success && !this.#signed) return yield* this.#gallery(gallery.data)
    const signature = signatureLine.safeParse(value)
    if (signature.success && !this.#signed) return yield* this.#sign(signature.data)
    this.#named = true
    yield this.found('not_understood')
  }

  *#begin(value: unknown): Generator<CertificateFinding> {
    const header = headerLine.safeParse(value)
    if (!header.success) throw new Refusal('not_a_certificate', 422, 'This file is not a certificate of ours.')
    this.#header = header.data
    if (header.data.run !== this.#options.run) yield this.found('other_run', { key: header.data.run })
  }

  async *#row(row: Row): AsyncGenerator<CertificateFinding> {
    const leaf = leafHash(rowData(row))
    const problems: CertificateProblem[] = []
    if (leaf.toString('hex') !== row.leaf) problems.push('row_changed')
    if (row.n !== this.#next) problems.push('row_order')
    this.#named ||= problems.length > 0
    this.#next = row.n + 1
    this.#tree.add(leaf)
    this.#tally.add(row)
    for (const problem of problems) yield this.#of(row, problem, this.#line)
    this.#waiting.push({ row, line: this.#line })
    if (this.#waiting.length >= rowsAtOnce) yield* this.#lookAtStore()
  }

  async *#gallery(gallery: GalleryEntry): AsyncGenerator<CertificateFinding> {
    yield* this.#lookAtStore()
    const leaf = leafHash(galleryData(gallery))
    const at = { gallery: gallery.ref }
    const changed = leaf.toString('hex') !== gallery.leaf
    const ordered = gallery.n === this.#nextGallery
    if (changed) yield this.found('gallery_changed', at)
    if (!ordered) yield this.found('gallery_order', at)
    if (!this.#comesTo(gallery)) {
      yield this.found('gallery_root', at)
      if (!this.#named) this.suspects.add(gallery.ref)
    }
    this.#whole.add(leaf)
    this.#count(gallery)
    this.#nextGallery = gallery.n + 1
    this.#next = 0
    this.#named = false
    this.#tree = new MerkleTree()
    this.#tally = new Tally()
  }

  #comesTo({ root, rows, photos, safe, bytes }: GalleryEntry): boolean {
    const tally = this.#tally
    const counted = tally.rows === rows && tally.photos === photos && tally.safe === safe && tally.bytes === bytes
    return counted && this.#tree.root().toString('hex') === root
  }

  #count({ verdict }: GalleryEntry): void {
    const [sum, { rows, own }] = [this.#sum, this.#tally]
    sum.galleries++
    sum.verified += verdict === 'verified' ? 1 : 0
    sum.rows += rows
    sum.photos += own.photos
    sum.safe += own.safe
    sum.bytes += own.bytes
  }

  *#sign({ statement, signature }: { statement: string; signature: string }): Generator<CertificateFinding> {
    this.#signed = true
    const said = statementShape.safeParse(parsed(statement))
    if (!said.success) return yield this.found('not_understood')
    this.#statement = said.data
    if (!isSigned(said.data.publicKey, statement, signature)) yield this.found('signature')
    if (said.data.publicKey !== publicKeyOf(this.#house.secretKey))
      yield this.found('foreign_key', { key: said.data.publicKey })
  }

  async *end(): AsyncGenerator<CertificateFinding> {
    yield* this.#lookAtStore()
    if (!this.#header) throw new Refusal('not_a_certificate', 422, 'This file is empty.')
    if (!this.#statement || this.#tree.size > 0) yield { ...this.found('cut_off'), line: null }
    if (!this.#statement) return
    const { type: _, ...header } = this.#header
    const counted = { ...header, ...this.#sum, root: this.#whole.root().toString('hex') }
    const before = this.#ofFile
    for (const [key, value] of Object.entries(counted)) {
      const said = this.#statement[key as keyof typeof counted]
      if (JSON.stringify(said) === JSON.stringify(value)) continue
      this.suspectAll ||= key === 'root' && before === 0
      yield { ...this.found('statement', { key }), line: null }
    }
  }

  async *#lookAtStore(): AsyncGenerator<CertificateFinding> {
    const client = this.#header!.client.id
    const inTime = pLimit(looksAtOnce(this.#options.deep))
    const looking = new Map<string, Promise<CertificateProblem | null>>()
    const batch = this.#waiting.flatMap(({ row, line }) => {
      const { bytes, sha256 } = row
      if (sha256 === null || bytes === null) return []
      const key = originalKey(client, sha256)
      const name = `${key} ${bytes}`
      if (!looking.has(name)) {
        this.#totals.objects++
        this.#totals.bytes += bytes
        const object = { key, bytes, sha256 }
        looking.set(
          name,
          inTime(() => look(this.#house, object, this.#options.deep)) as Promise<CertificateProblem | null>,
        )
      }
      return [{ row, line, key, name }]
    })
    this.#waiting = []
    await Promise.all(looking.values())
    for (const { row, line, key, name } of batch) {
      const problem = await looking.get(name)!
      if (problem) yield { ...this.#of(row, problem, line), key }
    }
  }

  #of({ gallery, photo, set, position }: Row, problem: CertificateProblem, line: number): CertificateFinding {
    return { ...this.found(problem, { gallery, photo, set, position }), line }
  }

  /** Counts it too. */
  found(problem: CertificateProblem, more: Partial<CertificateFinding> = {}): CertificateFinding {
    this.#totals.findings++
    this.#ofFile += ofStore.has(problem) ? 0 : 1
    return { problem, line: this.#line, gallery: null, photo: null, set: null, position: null, key: null, ...more }
  }

  totals(): CertificateTotals {
    const { galleries, rows } = this.#sum
    return { galleries, rows, ...this.#totals, root: this.#whole.root().toString('hex') }
  }
}
