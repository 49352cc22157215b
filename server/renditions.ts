// What was made of each original, once per client and instructions.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { jsonb } from './jsonb.ts'

export interface MadeRendition {
  /** Hash of the instructions. */
  hash: string
  extension: string
  contentType: string
  bytes: number
  /** Of the rendition itself, hex. */
  fileSha256: string
  width: number
  height: number
  level: string
}

export interface KnownRenditions {
  code: string
  /** Pixels as displayed. */
  width: number | null
  height: number | null
}

/** Those of these originals (hex) that have all of the renditions named beside them, by their place in the list. */
export async function renditionsOf(
  tx: Tx,
  clientId: string,
  wanted: { sha256: string; hashes: string[] }[],
): Promise<Map<number, KnownRenditions>> {
  const numbered = wanted.map((one, n) => ({ n, ...one }))
  const { rows } = await tx.execute<KnownRenditions & { n: number } & Record<string, unknown>>(sql`
    select w.n, case when m.strict then 'ok' else a.rendition_code end as code, a.width, a.height
    from jsonb_to_recordset(${jsonb(numbered)}::jsonb) as w(n int4, sha256 text, hashes text[])
      join assets a on a.client_id = ${clientId} and a.sha256 = decode(w.sha256, 'hex') and a.rendition_code is not null,
      lateral (
        select count(*)::int as made, bool_and(r.level = 'strict') as strict from renditions r
        where r.client_id = a.client_id and r.sha256 = a.sha256 and r.hash = any(w.hashes)
      ) m
    where m.made = cardinality(w.hashes)`)
  // The asset's own code is of whatever was asked for last, which may have been something else.
  return new Map(rows.map(({ n, ...known }) => [n, known]))
}

/** What was made of one original. */
export interface Rendered {
  clientId: string
  sha256: string
  width: number | null
  height: number | null
  code: string
  made: MadeRendition[]
}

/** Writes down what was made. */
export const recordingRenditions = (rendered: Rendered[]) => {
  const made = rendered.flatMap(({ clientId, sha256, made }) => made.map((one) => ({ clientId, sha256, ...one })))
  return sql`
    insert into renditions (client_id, sha256, hash, extension, content_type, bytes, file_sha256, width, height, level)
    select distinct on (r."clientId", r.sha256, r.hash) r."clientId", decode(r.sha256, 'hex'), r.hash, r.extension, r."contentType", r.bytes,
      decode(r."fileSha256", 'hex'), r.width, r.height, r.level
    from jsonb_to_recordset(${jsonb(made)}::jsonb) as r("clientId" uuid, sha256 text, hash text, extension text, "contentType" text, bytes int4,
      "fileSha256" text, width int4, height int4, level text)
    order by r."clientId", r.sha256, r.hash
    on conflict (client_id, sha256, hash) do update set bytes = excluded.bytes, file_sha256 = excluded.file_sha256, level = excluded.level`
}

/** Writes down what was seen of the originals: after their photos and galleries are locked, as whoever stores originals does. */
export const describingOriginals = (rendered: Rendered[]) => {
  const originals = rendered.map(({ made: _, ...original }) => original)
  // Said twice: whatever is known of the table, it is looked up by its key.
  const clients = sql.param([...new Set(rendered.map(({ clientId }) => clientId))])
  const hashes = sql.param(rendered.map(({ sha256 }) => `\\x${sha256}`))
  return sql`
    with seen as (
      select distinct on (s."clientId", s.sha256) s.* from jsonb_to_recordset(${jsonb(originals)}::jsonb)
        as s("clientId" uuid, sha256 text, width int4, height int4, code text) order by s."clientId", s.sha256
    ), locked as (
      select a.client_id, a.sha256, s.width, s.height, s.code from assets a join seen s on a.client_id = s."clientId" and a.sha256 = decode(s.sha256, 'hex')
      where a.client_id = any(${clients}::uuid[]) and a.sha256 = any(${hashes}::bytea[])
      order by a.client_id, a.sha256 for update of a
    )
    update assets a set width = l.width, height = l.height, rendition_code = l.code
    from locked l where a.client_id = l.client_id and a.sha256 = l.sha256`
}
