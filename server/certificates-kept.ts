// What a gallery comes to in a certificate, kept beside it while its row in the ledger stays as it is: nobody who looks at
// the certificate of a large run waits for every photo to be gone through.
import type { House } from './house.ts'

export interface Kept {
  tally: {
    rows: number
    photos: number
    safe: number
    bytes: number
    own: { photos: number; safe: number; bytes: number }
  }
  root: string
  differences: Differences
}

export interface Differences {
  /** How many photos by verdict, the published ones left out. */
  counts: Record<string, number>
  /** Some of them. */
  examples: { photo: string; filename: string | null; verdict: string }[]
}

/**
 * SQL, of a row of `galleries` by its alias: another text as soon as anything of the row was written. Its content counts too,
 * since `xmin` means nothing in a database that was restored.
 */
export const versionOf = (gallery: string) => `(${gallery}.xmin::text || ' ' || md5(${gallery}::text))`

/** SQL, of the same: what is kept of it as JSON, null where that is nothing or of an older version. */
export const keptOf = (gallery: string) =>
  `(select json_build_object('tally', k.tally, 'root', k.root, 'differences', k.differences) from gallery_proofs k
    where k.gallery_id = ${gallery}.id and k.version = ${versionOf(gallery)})`

/** Nothing is kept where the gallery has changed since. */
export async function keep(
  house: Pick<House, 'pool'>,
  id: number,
  version: string,
  { tally, root, differences }: Kept,
): Promise<void> {
  await house.pool.query(
    `insert into gallery_proofs (gallery_id, version, tally, root, differences)
     select g.id, $2, $3, $4, $5 from galleries g where g.id = $1 and ${versionOf('g')} = $2
     on conflict (gallery_id) do update set version = excluded.version, tally = excluded.tally, root = excluded.root, differences = excluded.differences`,
    [id, version, JSON.stringify(tally), root, JSON.stringify(differences)],
  )
}
