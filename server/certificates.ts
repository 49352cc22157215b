// The completeness certificate of a run: what became of every photo, signed, so that it can be checked later without the
// ledger. What it looks like stands in `certificates-format.ts`, how it is checked in `certificates-check.ts`.
import {
  type GalleryEntry,
  galleryData,
  type Header,
  type Row,
  rowData,
  type Statement,
  Tally,
} from './certificates-format.ts'
import { type Differences, type Kept, keep } from './certificates-kept.ts'
import { publicKeyOf, signText } from './certificates-key.ts'
import { type Found, type Gallery, galleriesOf, galleryOf, type Run, rowsOf, runOf } from './certificates-ledger.ts'
import { leafHash, MerkleTree } from './certificates-tree.ts'
import type { House } from './house.ts'

export type CertificateHouse = Pick<House, 'pool' | 'secretKey'>

/**
 * Lines, each with its newline. Memory does not grow with the run. It tells the library as it is when it is written, as
 * the report does. Throws Refusal `not_found`.
 */
export async function* writeCertificate(house: CertificateHouse, runId: string): AsyncGenerator<string> {
  const run = await runOf(house, runId)
  const header = headerOf(house, run)
  yield line(header)
  const whole = new Whole()
  for await (const gallery of galleriesOf(house, runId)) {
    const count = new Count()
    for await (const page of rowsOf(house, gallery)) {
      let lines = ''
      for (const found of page) lines += line(count.add(gallery, found))
      yield lines
    }
    yield line(whole.add(gallery, count.result()))
  }
  const text = JSON.stringify(whole.statement(header, run))
  yield line({ type: 'signature', statement: text, signature: signText(house.secretKey, text) })
}

export interface CertificateSummary {
  statement: Statement
  signature: string
  galleries: (GalleryEntry & { differences: Differences })[]
}

/** The same without its rows, out of what is kept of each gallery. Throws Refusal `not_found`. */
export async function certificateSummary(house: CertificateHouse, runId: string): Promise<CertificateSummary> {
  const run = await runOf(house, runId)
  const whole = new Whole()
  const galleries: CertificateSummary['galleries'] = []
  for await (const gallery of galleriesOf(house, runId)) {
    const result = await resultOf(house, gallery)
    galleries.push({ ...whole.add(gallery, result), differences: result.differences })
  }
  const statement = whole.statement(headerOf(house, run), run)
  return { statement, signature: signText(house.secretKey, JSON.stringify(statement)), galleries }
}

/** Goes through a gallery that was just published, so that nobody waits for that later. */
export async function keepProof(house: Pick<House, 'pool'>, galleryId: number): Promise<void> {
  const gallery = await galleryOf(house, galleryId)
  if (gallery) await resultOf(house, gallery)
}

/** The rows of one gallery, as a certificate written now would have them; none where the run has no such gallery. */
export async function* certifiedRows(house: CertificateHouse, runId: string, galleryRef: string): AsyncGenerator<Row> {
  for await (const gallery of galleriesOf(house, runId)) {
    if (gallery.ref !== galleryRef) continue
    const count = new Count()
    for await (const page of rowsOf(house, gallery)) for (const found of page) yield count.add(gallery, found)
  }
}

const line = (value: object) => `${JSON.stringify(value)}\n`

function headerOf(house: CertificateHouse, run: Run): Header {
  return {
    type: 'certificate',
    version: 1,
    run: run.id,
    kind: run.kind,
    provider: run.provider,
    client: { id: run.clientId, name: run.clientName },
    issuedAt: new Date().toISOString(),
    publicKey: publicKeyOf(house.secretKey),
  }
}

const mostExamples = 20

/** Makes rows of what is found in one gallery, and counts them. */
class Count {
  readonly #tree = new MerkleTree()
  readonly #tally = new Tally()
  readonly #differences: Differences = { counts: {}, examples: [] }
  #last = 0

  add(gallery: Gallery, { id, photo, kind, owner, filename, state, code, ...found }: Found): Row {
    const { set, position, bytes, sha256 } = found
    const verdict = verdictOf(state, code)
    const values = {
      gallery: gallery.ref,
      n: this.#tally.rows,
      photo,
      kind,
      owner,
      set,
      position,
      bytes,
      sha256,
      verdict,
    }
    this.#tally.add(values)
    const leaf = leafHash(rowData(values))
    this.#tree.add(leaf)
    if (verdict !== 'published' && id !== this.#last) {
      const { counts, examples } = this.#differences
      counts[verdict] = (counts[verdict] ?? 0) + 1
      if (examples.length < mostExamples) examples.push({ photo, filename, verdict })
    }
    this.#last = id
    return { type: 'row', ...values, leaf: leaf.toString('hex') }
  }

  result(): Kept {
    const { rows, photos, safe, bytes, own } = this.#tally
    return {
      tally: { rows, photos, safe, bytes, own },
      root: this.#tree.root().toString('hex'),
      differences: this.#differences,
    }
  }
}

function verdictOf(state: string, code: string | null): string {
  if (state === 'published') return 'published'
  return state === 'skipped' || state === 'failed' ? `${state}:${code ?? 'unknown'}` : 'moving'
}

/** Makes entries of galleries, and the statement over all of them. */
class Whole {
  readonly #tree = new MerkleTree()
  readonly #sum = { galleries: 0, verified: 0, rows: 0, photos: 0, safe: 0, bytes: 0 }

  add(gallery: Gallery, { tally, root }: Kept): GalleryEntry {
    const { ref, path, title, access, cover, stated, state, code } = gallery
    const verdict = state === 'published' ? 'verified' : (code ?? state)
    const { photos, safe, bytes, rows } = tally
    const told = { n: this.#tree.size, ref, path, title, access, cover, verdict, stated }
    const values = { ...told, photos, safe, bytes, rows, root }
    const leaf = leafHash(galleryData(values))
    this.#tree.add(leaf)
    const sum = this.#sum
    sum.galleries++
    sum.verified += verdict === 'verified' ? 1 : 0
    sum.rows += rows
    sum.photos += tally.own.photos
    sum.safe += tally.own.safe
    sum.bytes += tally.own.bytes
    return { type: 'gallery', ...values, leaf: leaf.toString('hex') }
  }

  statement({ type: _, version, ...about }: Header, { state, startedAt, finishedAt }: Run): Statement {
    const { galleries, verified, photos, safe } = this.#sum
    const ended = state === 'done' || state === 'done_with_problems'
    return {
      type: 'pass completeness certificate',
      version,
      ...about,
      runState: state,
      startedAt: startedAt?.toISOString() ?? null,
      finishedAt: finishedAt?.toISOString() ?? null,
      ...this.#sum,
      root: this.#tree.root().toString('hex'),
      complete: ended && verified === galleries && safe === photos,
    }
  }
}

async function resultOf(house: Pick<House, 'pool'>, gallery: Gallery): Promise<Kept> {
  // Photos of other galleries move without this one.
  if (gallery.kept && !gallery.shared) return gallery.kept
  const count = new Count()
  for await (const page of rowsOf(house, gallery)) for (const found of page) count.add(gallery, found)
  const result = count.result()
  if (!gallery.shared) await keep(house, gallery.id, gallery.version, result)
  return result
}
