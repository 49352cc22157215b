// An upload run of a folder begins: whose it is, where its files go, what is made of them. Its listing follows.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from '../audit.ts'
import { recordEvent } from '../events.ts'
import type { Actor, House } from '../house.ts'
import { jsonb, storable } from '../jsonb.ts'
import { announce } from '../live.ts'
import { renditionsByName } from '../presets.ts'
import { notFound, Refusal } from '../refusal.ts'
import { takesUploads } from './facts.ts'
import type { Layout } from './layout.ts'

export interface NewUpload {
  clientId: string
  /** Preset names; `['none']` makes none. */
  renditions: string[]
  layout: Layout
  /**
   * A gallery of the client that the photos are to be seen in too, by its public id, or by its title where there is
   * exactly one; then `layout.into` is `gallery`.
   */
  target?: { publicId: string } | { title: string }
  /** The folder at its sender: what is asked for again goes on with the same run, unless that was cancelled. */
  origin?: string
}

/**
 * Planned until its listing is whole. Throws Refusal `not_found`, `unknown_preset`, `invalid_watermark`,
 * `invalid_layout`, `ambiguous_gallery`.
 */
export async function createUpload(
  house: House,
  actor: Actor,
  input: NewUpload,
): Promise<{ id: string; existed: boolean }> {
  const { clientId, origin, renditions } = input
  const layout = { ...input.layout, title: storable(input.layout.title.trim()) }
  if (layout.title === '') throw new Refusal('invalid_layout', 422, 'A gallery needs a title.')
  if (input.target && layout.into !== 'gallery')
    throw new Refusal('invalid_layout', 422, 'Files go to one gallery that is there, or to galleries by their folders.')
  const made = await house.db.transaction(async (tx) => {
    await requireClient(tx, clientId)
    const known = origin ? await byOrigin(tx, clientId, origin) : undefined
    if (known) return { id: known, existed: true }
    const target = input.target ? await targetOf(tx, clientId, input.target) : null
    const wanted = await renditionsByName(tx, clientId, renditions)
    const { rows } = await tx.execute<{ id: string }>(sql`
      insert into runs (client_id, kind, state, state_by, renditions, created_by, fields)
      values (${clientId}, 'upload', 'planned', ${actor}, ${jsonb(wanted)}::jsonb, ${actor}, ${jsonb(fields)}::jsonb) returning id`)
    const { id } = rows[0]!
    await tx.execute(sql`
      insert into manifests (run_id, client_id, layout, origin, target_id, target_from)
      values (${id}, ${clientId}, ${jsonb(layout)}::jsonb, ${origin ?? null}, ${target?.id ?? null}, ${target?.from ?? 0})`)
    await recordEvent(tx, id, actor, 'created', { renditions: Object.keys(wanted), only: null })
    await recordAudit(tx, actor, 'run.create', id, { kind: 'upload' }, clientId)
    return { id, existed: false }
  })
  announce(house, made.id)
  return made
}

/** What a folder of files has of the kinds of contract §4. */
const fields = { sets: 'kept', order: 'kept', filenames: 'kept' }

async function requireClient(tx: Tx, clientId: string): Promise<void> {
  const { rows } = await tx.execute(
    sql`select from clients where id = ${clientId} and deletion_id is null for key share`,
  )
  if (rows.length === 0) throw notFound('client')
}

/** Two that begin at once with the same folder get one run. */
async function byOrigin(tx: Tx, clientId: string, origin: string): Promise<string | undefined> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`upload ${clientId} ${origin}`}, 0))`)
  const { rows } = await tx.execute<{ id: string }>(sql`
    select r.id from manifests m join runs r on r.id = m.run_id
    where m.client_id = ${clientId} and m.origin = ${origin} and r.state not in ('cancelled', 'failed')
    order by r.created_at desc limit 1`)
  return rows[0]?.id
}

type Target = { id: number; from: number }

/** null: no gallery has that title. */
async function targetOf(tx: Tx, clientId: string, wanted: NonNullable<NewUpload['target']>): Promise<Target | null> {
  const named = 'title' in wanted
  const { rows } = await tx.execute<Target>(sql`
    select g.id, (select coalesce(max(l.position) + 1, 0)::int from sets s join placements l on l.set_id = s.id where s.gallery_id = g.id) as "from"
    from galleries g where g.client_id = ${clientId} and ${sql.raw(takesUploads('g'))}
      and ${named ? sql`g.title = ${storable(wanted.title.trim())}` : sql`g.public_id = ${wanted.publicId}`} limit 2`)
  if (rows.length > 1)
    throw new Refusal('ambiguous_gallery', 409, 'There are several galleries of that title: choose one in the console.')
  if (!rows[0] && !named) throw notFound('gallery')
  return rows[0] ?? null
}
