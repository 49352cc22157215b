// What a test arranges or asks in the ledger itself.
import { sql } from 'drizzle-orm'
import type { Db } from '#db/client.ts'

/** A photo of a finished run that failed after every attempt, its bytes never having come. Returns its file name. */
export async function failOnePhoto(db: Db, runId: string): Promise<string> {
  const { rows } = await db.execute<{ filename: string }>(sql`
    with chosen as (
      select id, gallery_id, bytes from photos where run_id = ${runId} and state = 'published' order by id limit 1
    ), photo as (
      update photos p set state = 'failed', step = 'fetch-photos', code = 'truncated', attempts = 8, sha256 = null, bytes = null, rendition = null
      from chosen c where p.id = c.id returning p.id, p.filename
    ), attempt as (
      insert into attempts (photo_id, attempt, step, code, detail)
      select id, 8, 'fetch-photos', 'truncated', 'the body ended before its stated length' from photo
    ), gallery as (
      update galleries g set published = published - 1, failed = failed + 1, bytes_stored = bytes_stored - c.bytes
      from chosen c where g.id = c.gallery_id
    ), run as (
      update runs set state = 'done_with_problems', totals = null where id = ${runId}
    ) select filename from photo`)
  await announce(db, runId)
  return rows[0]!.filename
}

/** As workers do after a commit. */
export async function announce(db: Db, runId: string): Promise<void> {
  await db.execute(sql`select pg_notify('pass_run', ${runId})`)
}

export async function runState(db: Db, runId: string): Promise<{ state: string; published: number; found: number }> {
  const { rows } = await db.execute<{ state: string; published: number; found: number }>(sql`
    select r.state, coalesce(sum(g.published), 0)::int as published, coalesce(sum(g.total), 0)::int as found
    from runs r left join galleries g on g.run_id = r.id where r.id = ${runId} group by r.state`)
  return rows[0]!
}
