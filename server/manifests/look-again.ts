// Announced files that are in the listing already, held against it: what is here stays, what is not is wanted.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { jsonb } from '../jsonb.ts'
import type { Compared } from './announce.ts'
import type { EnteredFile } from './enter.ts'

/** Left out for a reason that another try may have ended. */
const triedAgain = new Set(['unreadable_file', 'file_changed', 'not_sent'])

/** With how many left the state that they had come to. `replace`: files that differ from what was sent are wanted too. */
export async function lookAgain(
  tx: Tx,
  files: EnteredFile[],
  replace: boolean,
): Promise<Compared & { wantedAgain: number }> {
  const given = files
    .filter(({ galleryId }) => galleryId !== null)
    .map(({ n, ref, galleryId, bytes, modified }) => ({ n, ref, gallery: galleryId, bytes, modified: `${modified}` }))
  const { rows } = await tx.execute<Known>(sql`
    select g.n, p.id::int8 as id, p.state, p.code, p.stated_bytes = g.bytes and p.change_token = g.modified as same
    from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as g(n int4, ref text, gallery int8, bytes int8, modified text)
    join photos p on p.gallery_id = g.gallery and p.ref = g.ref and (p.kind = 'file') = false`)
  const known = new Map(rows.map((row) => [row.n, row]))
  const compared: Compared = { lacking: [], changed: [], unknown: [], refused: [] }
  const wanted: (EnteredFile & { id: number })[] = []
  for (const file of files) {
    const { n } = file
    const photo = known.get(n)
    if (!photo) {
      compared.unknown.push(n)
      continue
    }
    const { id, state, code, same } = photo
    const here = state !== 'listed' && state !== 'skipped'
    if (state === 'skipped' && same && !triedAgain.has(code ?? ''))
      compared.refused.push({ n, code: code ?? 'excluded' })
    else if (state === 'deleted' || (here && same)) continue
    else if (here && !(replace && file.code === null)) compared.changed.push(n)
    else {
      compared.lacking.push(n)
      if (state !== 'listed' || !same) wanted.push({ ...file, id: Number(id) })
    }
  }
  if (wanted.length > 0) await want(tx, wanted)
  const wantedAgain = wanted.filter(({ n }) => known.get(n)!.state !== 'listed').length
  return { ...compared, wantedAgain }
}

type Known = { n: number; id: number; state: string; code: string | null; same: boolean } & Record<string, unknown>

/** Whatever they were, they are listed as they are announced now; an original that was here stays in the store. */
async function want(tx: Tx, files: (EnteredFile & { id: number })[]): Promise<void> {
  const rows = files.map(({ id, bytes, modified }) => ({ id, bytes, modified: `${modified}` }))
  await tx.execute(sql`
    with given as (
      select * from jsonb_to_recordset(${jsonb(rows)}::jsonb) as g(id int8, bytes int8, modified text)
    ), locked as (
      select p.id, p.gallery_id, p.state, p.bytes, p.stated_bytes, p.rendition from photos p join given g on g.id = p.id
      where p.state not in ('gone', 'deleted') order by p.id for update of p
    ), changed as (
      update photos p set state = 'listed', stated_bytes = g.bytes, change_token = g.modified, attempts = 0, code = null, step = null,
        job_id = null, next_try_at = null, replaced_sha256 = coalesce(p.sha256, p.replaced_sha256), sha256 = null, bytes = null,
        content_type = null, rendition = null, width = null, height = null, taken_at = null
      from locked l join given g on g.id = l.id where p.id = l.id
    )
    update galleries g set
      listed = g.listed + m.n - m.listed, stored = g.stored - m.stored, rendered = g.rendered - m.rendered,
      published = g.published - m.published, skipped = g.skipped - m.skipped, failed = g.failed - m.failed,
      degraded = g.degraded - m.degraded, bytes_stored = g.bytes_stored - m.bytes, bytes_found = g.bytes_found + m.found
    from (
      select l.gallery_id, count(*)::int as n, count(*) filter (where l.state = 'listed')::int as listed,
        count(*) filter (where l.state = 'stored')::int as stored, count(*) filter (where l.state = 'rendered')::int as rendered,
        count(*) filter (where l.state = 'published')::int as published, count(*) filter (where l.state = 'skipped')::int as skipped,
        count(*) filter (where l.state = 'failed')::int as failed,
        count(*) filter (where l.state in ('rendered', 'published') and l.rendition <> 'ok')::int as degraded,
        coalesce(sum(l.bytes), 0)::int8 as bytes, coalesce(sum(g.bytes - l.stated_bytes), 0)::int8 as found
      from locked l join given g on g.id = l.id group by l.gallery_id
    ) m where g.id = m.gallery_id`)
}
