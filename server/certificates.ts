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
import { type Differences, type Kept, keep, keptOf, versionOf } from './certificates-kept.ts'
import { publicKeyOf, signText } from './certificates-key.ts'
import { leafHash, MerkleTree } from './certificates-tree.ts'
import { coveredBy } from './coverage.ts'
import type { House } from './house.ts'
import { notFound } from './refusal.ts'

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
  const { rows } = await house.pool.query<Gallery>(
    `select ${galleryColumns}, '{}'::text[] as path, g.ordinal from galleries g where g.id = $1`,
    [galleryId],
  )
  if (rows[0]) await resultOf(house, rows[0])
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

interface Run {
  id: string
  kind: Header['kind']
  provider: string | null
  clientId: string
  clientName: string
  state: string
  startedAt: Date | null
  finishedAt: Date | null
}

async function runOf(house: CertificateHouse, runId: string): Promise<Run> {
  const { rows } = await house.pool.query<Run>(
    `select r.id, r.kind, s.provider, r.client_id as "clientId", c.name as "clientName", r.state,
       r.started_at as "startedAt", r.finished_at as "finishedAt"
     from runs r join clients c on c.id = r.client_id left join sources s on s.id = r.source_id where r.id = $1`,
    [runId],
  )
  if (!rows[0]) throw notFound('run')
  return rows[0]
}

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

interface Gallery {
  id: number
  version: string
  ref: string
  path: string[]
  title: string
  state: string
  code: string | null
  access: GalleryEntry['access']
  cover: string | null
  stated: number | null
  /** It may place photos of other galleries. */
  shared: boolean
  ordinal: number
  kept: Kept | null
}

const galleryColumns = `g.id, ${versionOf('g')} as version, g.ref, g.title, g.state, g.code, g.access, g.cover_ref as cover,
  coalesce(g.expected_count, g.stated_count) as stated,
  g."virtual" or exists (select from manifests t where t.target_id = g.id) as shared, ${keptOf('g')} as kept`

async function* galleriesOf(house: Pick<House, 'pool'>, runId: string): AsyncGenerator<Gallery> {
  for (let after: Gallery | undefined; ; ) {
    const { rows }: { rows: Gallery[] } = await house.pool.query<Gallery>(
      `with recursive paths as (
         select f.id, array[f.title] as path from folders f where f.parent_id is null and f.source_id = (select source_id from runs where id = $1)
         union all select f.id, p.path || f.title from folders f join paths p on f.parent_id = p.id
       )
       select ${galleryColumns}, coalesce(p.path, '{}') as path, coalesce(m.ordinal, g.ordinal) as ordinal
       from galleries g left join paths p on p.id = g.folder_id
         left join run_galleries m on m.run_id = $1 and m.ref = g.ref and m.covered
       where g.id = ${coveredBy('$1')} and ($2::int is null or (coalesce(m.ordinal, g.ordinal), g.id) > ($2, $3::int8))
       order by coalesce(m.ordinal, g.ordinal), g.id limit 500`,
      [runId, after?.ordinal ?? null, after?.id ?? 0],
    )
    yield* rows
    after = rows.at(-1)
    if (!after || rows.length < 500) return
  }
}

interface Found {
  id: number
  photo: string
  kind: Row['kind']
  owner: string
  filename: string | null
  state: string
  code: string | null
  bytes: number | null
  sha256: string | null
  set: string | null
  position: number | null
}

const photosAtOnce = 2000 // about 1 MB of rows

/** Pages of rows, photos in the order of the ledger as in the report, the places of one by the order of the sets. */
async function* rowsOf(house: Pick<House, 'pool'>, { id, shared }: Gallery): AsyncGenerator<Found[]> {
  const here = "state not in ('gone', 'deleted')"
  // The sum keeps the planner from walking the primary key through everybody else's photos.
  const own = `(select id from photos where gallery_id = $1 and id > $2 and ${here} order by id + 0 limit $3)`
  const others = `union all (select distinct p.id from sets s join placements l on l.set_id = s.id join photos p on p.id = l.photo_id
    where s.gallery_id = $1 and l.photo_id > $2 and p.gallery_id <> $1 and p.${here} order by p.id limit $3)`
  for (let after = 0; ; ) {
    const { rows: ids } = await house.pool.query<{ id: number }>(
      `select id from (${own} ${shared ? others : ''}) here order by id limit $3`,
      [id, after, photosAtOnce],
    )
    const last = ids.at(-1)
    if (!last) return
    const { rows } = await house.pool.query<Found>(
      `select p.id, p.ref as photo, p.kind, o.ref as owner, p.filename, p.state, p.code, p.bytes, encode(p.sha256, 'hex') as sha256,
         l.ref as set, l.position
       from photos p join galleries o on o.id = p.gallery_id left join (
         select l.photo_id, l.position, s.ref, s.position as place, s.id as set_id from sets s join placements l on l.set_id = s.id
         where s.gallery_id = $1 and l.photo_id between $3 and $4
       ) l on l.photo_id = p.id
       where p.id = any($2::int8[]) order by p.id, l.place, l.set_id`,
      [id, ids.map((row) => row.id), ids[0]!.id, last.id],
    )
    yield rows
    if (ids.length < photosAtOnce) return
    after = last.id
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
