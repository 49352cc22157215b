// What a test arranges or asks in the ledger itself.
import { sql } from 'drizzle-orm'
import type { Db } from '#db/client.ts'

/** Uploads of one new client, the first the newest; their ids in that order. */
export async function addRuns(db: Db, client: string, states: string[]): Promise<{ clientId: string; ids: string[] }> {
  const made = await db.execute<{ id: string }>(
    sql`insert into clients (name, email) values (${client}, ${`${crypto.randomUUID()}@studio.example`}) returning id`,
  )
  const clientId = made.rows[0]!.id
  const added = await db.execute<{ id: string }>(sql`
    insert into runs (client_id, kind, state, resume_to, renditions, created_by, created_at, started_at, finished_at, totals)
    select ${clientId}, 'upload', state::run_state, case when state = 'paused' then 'running' end::run_state, '{}', 'tom@pass.test',
      now() - n * interval '1 second', now() - interval '1 hour', case when state = 'done' then now() end,
      case when state = 'done' then '{"galleries": 1, "found": 10, "published": 10, "failed": 0, "skipped": 0, "bytes": 1}'::jsonb end
    from unnest(${sql.param(states)}::text[]) with ordinality as given(state, n) order by n returning id`)
  // Something to wait for: else a worker sees that nothing is left to do, and ends them.
  await db.execute(sql`
    insert into galleries (client_id, run_id, ref, title, position, ordinal, state, waiting_since, ask_again_at)
    select client_id, id, id, 'Archived', 0, 0, 'waiting', now(), now() + interval '1 day' from runs where client_id = ${clientId} and state = 'running'`)
  return { clientId, ids: added.rows.map(({ id }) => id) }
}

export async function addOne(db: Db, clientId: string, state: string): Promise<string> {
  const { rows: added } = await db.execute<{ id: string }>(sql`
    insert into runs (client_id, kind, state, renditions, created_by) values (${clientId}, 'upload', ${state}::run_state, '{}', 'tom@pass.test') returning id`)
  await announce(db, added[0]!.id)
  return added[0]!.id
}

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
