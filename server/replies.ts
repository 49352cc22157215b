// What a photographer says of what arrived: that it is right, or what is not. Both go into the run's timeline; a problem
// waits for staff until one of them settles it.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import { recordEvent } from './events.ts'
import type { Actor, House } from './house.ts'
import { storable } from './jsonb.ts'
import { announce } from './live.ts'
import { notFound, Refusal } from './refusal.ts'

export interface Reply {
  id: string
  kind: 'approved' | 'problem'
  words: string | null
  /** Of the gallery that it is about; null: of all. */
  gallery: string | null
  /** Photos in all and safe when it was said. */
  total: number
  safe: number
  saidBy: string
  saidAt: Date
  settledAt: Date | null
  answer: string | null
}

/** Everything is right as it is. `name` is how they call themselves. Throws Refusal `nothing_yet`. */
export async function approve(house: House, actor: Actor, clientId: string, name: string): Promise<void> {
  await say(house, clientId, async (tx, about) => {
    const saidBy = saidAs(name, actor)
    const { rows } = await tx.execute<{ id: string }>(sql`
      insert into replies (client_id, run_id, kind, total, safe, said_by)
      values (${clientId}, ${about.runId}, 'approved', ${about.total}, ${about.safe}, ${saidBy}) returning id`)
    const facts = { photos: about.total, safe: about.safe }
    await recordEvent(tx, about.runId, saidBy, 'approved', facts)
    await recordAudit(tx, saidBy, 'client.approve', rows[0]!.id, facts, clientId)
  })
}

/** Something is missing or wrong, of everything or of one gallery. Throws Refusal `nothing_yet`, `not_found`, `too_many`. */
export async function reportProblem(
  house: House,
  actor: Actor,
  clientId: string,
  said: { name: string; words: string; galleryPublicId?: string | null },
): Promise<{ id: string }> {
  return say(house, clientId, async (tx, about) => {
    const gallery = said.galleryPublicId ? await galleryOf(tx, clientId, said.galleryPublicId) : null
    await refuseFlood(tx, clientId)
    const saidBy = saidAs(said.name, actor)
    const words = storable(said.words)
    const { rows } = await tx.execute<{ id: string }>(sql`
      insert into replies (client_id, run_id, gallery_id, kind, words, total, safe, said_by)
      values (${clientId}, ${about.runId}, ${gallery?.id ?? null}, 'problem', ${words}, ${about.total}, ${about.safe}, ${saidBy})
      returning id`)
    const { id } = rows[0]!
    await recordEvent(tx, about.runId, saidBy, 'problem_reported', { words }, gallery?.id ?? null)
    await recordAudit(tx, saidBy, 'client.report_problem', id, {}, clientId)
    return { id }
  })
}

/** What a client has said, newest first; at most 100. */
export async function repliesOf(house: Pick<House, 'pool'>, clientId: string): Promise<Reply[]> {
  const { rows } = await house.pool.query<Reply>(
    `${replies} where r.client_id = $1 order by r.said_at desc limit 100`,
    [clientId],
  )
  return rows
}

export interface OpenProblem extends Reply {
  runId: string
  client: { id: string; name: string }
}

/** Problems that nobody has settled yet, of all clients or one, the longest waiting first; at most 500. */
export async function openProblems(house: Pick<House, 'pool'>, clientId?: string): Promise<OpenProblem[]> {
  const { rows } = await house.pool.query<OpenProblem>(
    `select p.*, json_build_object('id', c.id, 'name', c.name) as client from (
       ${replies} where r.kind = 'problem' and r.settled_at is null and ($1::uuid is null or r.client_id = $1)
     ) p join clients c on c.id = p."clientId" and c.deletion_id is null order by p."saidAt" limit 500`,
    [clientId ?? null],
  )
  return rows
}

/** With what the photographer is answered on their page. Throws Refusal `not_found`; settled already: nothing happens. */
export async function settleProblem(house: House, actor: Actor, id: string, answer: string | null): Promise<void> {
  const runId = await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ runId: string; clientId: string; settled: boolean }>(sql`
      select run_id as "runId", client_id as "clientId", settled_at is not null as settled from replies
      where id = ${id} and kind = 'problem' for update`)
    const problem = rows[0]
    if (!problem) throw notFound('problem')
    if (problem.settled) return problem.runId
    await tx.execute(sql`
      update replies set settled_by = ${actor}, settled_at = now(), answer = ${answer ? storable(answer) : null} where id = ${id}`)
    await recordEvent(tx, problem.runId, actor, 'problem_settled', answer ? { answer } : {})
    await recordAudit(tx, actor, 'client.settle_problem', id, {}, problem.clientId)
    return problem.runId
  })
  announce(house, runId)
}

const replies = `
  select r.id, r.client_id as "clientId", r.run_id as "runId", r.kind, r.words, g.title as gallery, r.total, r.safe, r.said_by as "saidBy",
    r.said_at as "saidAt", r.settled_at as "settledAt", r.answer
  from replies r left join galleries g on g.id = r.gallery_id`

interface About {
  runId: string
  total: number
  safe: number
}

/** One transaction that knows the client's newest run and its counts now. */
async function say<T>(house: House, clientId: string, work: (tx: Tx, about: About) => Promise<T>): Promise<T> {
  const [runId, result] = await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<About & Record<string, unknown>>(sql`
      select r.id as "runId", coalesce(sum(g.total), 0)::int as total, coalesce(sum(g.published), 0)::int as safe
      from (select id, client_id from runs where client_id = ${clientId} and state <> 'cancelled' and started_at is not null
        order by created_at desc, id desc limit 1) r
      left join galleries g on g.client_id = r.client_id and g.deletion_id is null group by r.id`)
    const about = rows[0]
    if (!about) throw new Refusal('nothing_yet', 409, 'There is nothing to say about yet.')
    return [about.runId, await work(tx, about)] as const
  })
  announce(house, runId)
  return result
}

async function galleryOf(tx: Tx, clientId: string, publicId: string): Promise<{ id: number }> {
  const { rows } = await tx.execute<{ id: string }>(sql`
    select id from galleries where public_id = ${publicId} and client_id = ${clientId} and deletion_id is null`)
  if (!rows[0]) throw notFound('album')
  return { id: Number(rows[0].id) }
}

/** More in an hour than a person writes. */
const problemsAnHour = 30

async function refuseFlood(tx: Tx, clientId: string): Promise<void> {
  const { rows } = await tx.execute<{ n: number }>(sql`
    select count(*)::int as n from replies where client_id = ${clientId} and said_at > now() - interval '1 hour'`)
  if (rows[0]!.n >= problemsAnHour)
    throw new Refusal('too_many', 429, 'That is a lot at once. Please try again in an hour.')
}

/** Somebody with a link says who they are; who signed in is known. */
function saidAs(name: string, actor: Actor): string {
  return actor.startsWith('link ') ? `${storable(name.trim())} (${actor})` : actor
}
