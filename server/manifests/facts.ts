// What is known of an upload run of a folder besides its ledger.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { House } from '../house.ts'
import { notFound } from '../refusal.ts'
import type { Layout } from './layout.ts'

export interface Manifest {
  runId: string
  clientId: string
  layout: Layout
  complete: boolean
  targetId: number | null
}

/** Throws Refusal `not_found`: there is no such run, or it is none of a folder. */
export async function manifestOf(tx: Tx, runId: string): Promise<Manifest> {
  const { rows } = await tx.execute<Manifest & Record<string, unknown>>(sql`
    select run_id as "runId", client_id as "clientId", layout, complete_at is not null as complete, target_id as "targetId"
    from manifests where run_id = ${runId}`)
  if (!rows[0]) throw notFound('upload')
  return rows[0]
}

export interface UploadFacts {
  runId: string
  layout: Layout
  /** Whether the whole list is in. */
  complete: boolean
  /** The gallery that its photos are seen in too. */
  target: { publicId: string; title: string } | null
  /** Files whose bytes were here already, and how many bytes that spared. */
  duplicates: number
  duplicateBytes: number
}

/** null where the run is no upload of a folder. */
export async function uploadFacts(house: Pick<House, 'pool'>, runId: string): Promise<UploadFacts | null> {
  const { rows } = await house.pool.query<UploadFacts>(
    `select m.run_id as "runId", m.layout, m.complete_at is not null as complete, m.duplicates, m.duplicate_bytes as "duplicateBytes",
       case when g.id is not null then json_build_object('publicId', g.public_id, 'title', g.title) end as target
     from manifests m left join galleries g on g.id = m.target_id where m.run_id = $1`,
    [runId],
  )
  return rows[0] ?? null
}

/** Files of the list whose bytes have not come. */
export async function filesLacking(house: Pick<House, 'pool'>, runId: string): Promise<number> {
  const { rows } = await house.pool.query<{ listed: number }>(
    'select coalesce(sum(listed), 0)::int as listed from galleries where run_id = $1',
    [runId],
  )
  return rows[0]!.listed
}

/**
 * SQL, of a row of `galleries` by its alias: photos may be placed in it. The own galleries of uploads that go to another
 * one are not meant.
 */
export const takesUploads = (g: string) =>
  `(not ${g}."virtual" and ${g}.gone_at is null and ${g}.deletion_id is null and not exists (select from manifests t where t.run_id = ${g}.run_id and t.target_id is not null))`

export interface Target {
  publicId: string
  title: string
  path: string[]
  photos: number
  /** Where it came from; null: uploaded. */
  provider: string | null
}

/** Galleries of a client that an upload may go to, by title; at most 50. */
export async function uploadTargets(house: Pick<House, 'pool'>, clientId: string, search = ''): Promise<Target[]> {
  const pattern = `%${search.trim().replace(/[\\%_]/g, '\\$&')}%`
  const { rows } = await house.pool.query<Target>(
    `with recursive up as (
       select g.id, f.parent_id as next, array[f.title] as path from galleries g join folders f on f.id = g.folder_id
       where g.client_id = $1
       union all
       select u.id, f.parent_id, f.title || u.path from up u join folders f on f.id = u.next
     )
     select g.public_id as "publicId", g.title, coalesce(u.path, '{}') as path, g.total as photos, s.provider
     from galleries g left join up u on u.id = g.id and u.next is null left join sources s on s.id = g.source_id
     where g.client_id = $1 and ${takesUploads('g')} and g.title ilike $2
     order by lower(g.title), g.id limit 50`,
    [clientId, pattern],
  )
  return rows
}
