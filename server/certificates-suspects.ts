// What is wrong in a certificate that its own hashes cannot name: whoever recomputes them for a changed row still does not
// come to the signed root. Then the ledger is asked.
import { certificateSummary, certifiedRows } from './certificates.ts'
import type { CertificateFinding, CertificateProblem } from './certificates-check.ts'
import { galleryData, galleryLine, type Row, rowData, rowLine } from './certificates-format.ts'
import { leafHash } from './certificates-tree.ts'
import type { House } from './house.ts'
import { Refusal } from './refusal.ts'

export interface Suspicions {
  /** Galleries whose rows do not come to their root, none of them named. */
  readonly suspects: ReadonlySet<string>
  /** The galleries do not come to the signed root, and none of them says why. */
  readonly suspectAll: boolean
  /** Counts it too. */
  found(problem: CertificateProblem, more?: Partial<CertificateFinding>): CertificateFinding
}

/** One line of the file; undefined where it is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** By the ledger as it is now, row by row: what nobody could name by the file. Nothing where it does not know the run. */
export async function* suspects(
  house: Pick<House, 'pool' | 'secretKey'>,
  read: () => AsyncIterable<string>,
  check: Suspicions,
  run: string,
): AsyncGenerator<CertificateFinding> {
  if (check.suspects.size === 0 && !check.suspectAll) return
  const summary = await certificateSummary(house, run).catch((error) => {
    if (error instanceof Refusal) return null
    throw error
  })
  if (!summary) return
  const now = new Map(summary.galleries.map((gallery) => [gallery.ref, gallery]))
  const told = new Set<string>()
  let line = 0
  let beside: { gallery: string; rows: AsyncGenerator<Row> } | undefined
  const isSuspect = (gallery: string) => check.suspectAll || check.suspects.has(gallery)
  const rowsBeside = (gallery: string) => {
    if (beside?.gallery !== gallery) beside = { gallery, rows: certifiedRows(house, run, gallery) }
    return beside.rows
  }
  for await (const text of read()) {
    line++
    const value = parsed(text)
    const row = rowLine.safeParse(value).data
    if (row && isSuspect(row.gallery)) {
      const { value: ours } = (await rowsBeside(row.gallery).next()) as { value: Row | undefined }
      const leaf = leafHash(rowData(row)).toString('hex')
      if (ours?.leaf !== leaf) yield { ...check.found('row_changed', placeOf(ours ?? row)), line }
    }
    const gallery = galleryLine.safeParse(value).data
    if (!gallery) continue
    told.add(gallery.ref)
    if (isSuspect(gallery.ref))
      for await (const left of rowsBeside(gallery.ref)) yield { ...check.found('row_missing', placeOf(left)), line }
    beside = undefined
    if (check.suspectAll && now.get(gallery.ref)?.leaf !== leafHash(galleryData(gallery)).toString('hex'))
      yield { ...check.found('gallery_changed', { gallery: gallery.ref }), line }
  }
  if (!check.suspectAll) return
  for (const ref of now.keys())
    if (!told.has(ref)) yield { ...check.found('gallery_order', { gallery: ref }), line: null }
}

const placeOf = ({ gallery, photo, set, position }: Row) => ({ gallery, photo, set, position })
