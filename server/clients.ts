import { sql } from 'drizzle-orm'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { storable } from './jsonb.ts'
import { notFound, Refusal } from './refusal.ts'

export interface ClientRow {
  id: string
  name: string
  email: string | null
  createdAt: Date
  sources: number
  runs: number
  lastRun: { id: string; state: string } | null
}

/** Throws Refusal `client_exists` where the name is taken, `client_deleted` where its owner waits to be deleted. */
export async function createClient(
  house: House,
  actor: Actor,
  input: { name: string; email?: string | null },
): Promise<{ id: string }> {
  const client = await enterClient(house, actor, input)
  if (!client.created) throw new Refusal('client_exists', 409, `There is a client named “${input.name}” already.`)
  return { id: client.id }
}

export async function findOrCreateClient(house: House, actor: Actor, name: string): Promise<{ id: string }> {
  const { id } = await enterClient(house, actor, { name })
  return { id }
}

async function enterClient(
  house: House,
  actor: Actor,
  input: { name: string; email?: string | null },
): Promise<{ id: string; created: boolean }> {
  const name = storable(input.name.trim())
  if (!name) throw new Refusal('invalid_name', 422, 'A client needs a name.')
  return house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ id: string }>(sql`
      insert into clients (name, email) values (${name}, ${input.email ?? null}) on conflict (name) do nothing returning id`)
    if (rows[0]) {
      await recordAudit(tx, actor, 'client.create', rows[0].id, { name }, rows[0].id)
      return { id: rows[0].id, created: true }
    }
    const known = await tx.execute<{ id: string; deleted: boolean }>(
      sql`select id, deletion_id is not null as deleted from clients where name = ${name}`,
    )
    const { id, deleted } = known.rows[0]!
    if (deleted) {
      const sentence = `The client named “${name}” is waiting to be deleted: restore it, or take another name.`
      throw new Refusal('client_deleted', 409, sentence)
    }
    return { id, created: false }
  })
}

const clientRows = `
  select c.id, c.name, c.email, c.created_at as "createdAt",
    (select count(*)::int from sources s where s.client_id = c.id) as sources,
    (select count(*)::int from runs r where r.client_id = c.id) as runs,
    (select json_build_object('id', r.id, 'state', r.state) from runs r where r.client_id = c.id order by r.created_at desc limit 1) as "lastRun"
  from clients c`

export async function listClients(house: House): Promise<ClientRow[]> {
  const { rows } = await house.pool.query<ClientRow>(
    `${clientRows} where c.deletion_id is null order by lower(c.name) limit 5000`,
  )
  return rows
}

/** Throws Refusal `not_found`. */
export async function clientNamed(house: Pick<House, 'pool'>, name: string): Promise<{ id: string }> {
  const { rows } = await house.pool.query<{ id: string }>(
    'select id from clients where name = $1 and deletion_id is null',
    [name],
  )
  if (!rows[0]) throw notFound('client')
  return rows[0]
}

export async function getClient(house: House, clientId: string): Promise<ClientRow> {
  const { rows } = await house.pool.query<ClientRow>(`${clientRows} where c.id = $1 and c.deletion_id is null`, [
    clientId,
  ])
  if (!rows[0]) throw notFound('client')
  return rows[0]
}
