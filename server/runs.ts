// A run's life: created, surveyed, planned, started, paused, resumed, cancelled, finished. Each verb is one transaction.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import { tellClient } from './client-mails.ts'
import { recordEvent } from './events.ts'
import { finishIfSettled, freeze } from './finish.ts'
import type { Actor, House } from './house.ts'
import { jsonb } from './jsonb.ts'
import { announce } from './live.ts'
import { enterPlan, forgetPlan } from './plans.ts'
import { renditionsByName } from './presets.ts'
import { notFound, Refusal } from './refusal.ts'
import { clock, sessionCodes, worksUnsigned } from './standing.ts'
import { enqueueMissing } from './sweep.ts'

export type RunState =
  | 'surveying'
  | 'planned'
  | 'running'
  | 'paused'
  | 'blocked'
  | 'done'
  | 'done_with_problems'
  | 'cancelled'
  | 'failed'

export const openStates: RunState[] = ['surveying', 'planned', 'running', 'paused', 'blocked']

export interface RunFacts {
  id: string
  clientId: string
  sourceId: string | null
  state: RunState
  resumeTo: RunState | null
  autoStart: boolean
  renditions: Record<string, unknown>
  only: string[] | null
  /** The run whose account this one looks through again. */
  deltaOf: string | null
  /** See `server/standing.ts`. */
  worksUnsigned: boolean
  /** What the survey has been told of the whole account so far. */
  account: AccountFacts | null
  /** Its client waits to be deleted: nothing of theirs is begun or goes on. */
  hidden: boolean
}

export interface AccountFacts {
  name: string
  galleries: number | null
  photos: number | null
  bytes: number | null
}

export interface NewMigration {
  sourceId: string
  /** Preset names; `['none']` makes none. */
  renditions: string[]
  /** Gallery refs; all where absent. */
  only?: string[]
  /** Go on without a person's yes once the survey is through. */
  autoStart: boolean
}

/** A source has one open run: asking again gives that one (`existed`). Throws Refusal `not_found`, `unknown_preset`. */
export async function createMigration(
  house: House,
  actor: Actor,
  input: NewMigration,
): Promise<{ id: string; existed: boolean }> {
  const { rows } = await house.pool.query<{ clientId: string }>(
    'select s.client_id as "clientId" from sources s join clients c on c.id = s.client_id and c.deletion_id is null where s.id = $1',
    [input.sourceId],
  )
  if (!rows[0]) throw notFound('source')
  const renditions = await renditionsByName(house.db, rows[0].clientId, input.renditions)
  return openMigration(house, actor, { ...input, renditions }, input.renditions)
}

/** `named`: the renditions as the timeline tells them. */
export async function openMigration(
  house: House,
  actor: Actor,
  input: Omit<NewMigration, 'renditions'> & { renditions: Record<string, unknown>; deltaOf?: string },
  named: string[],
): Promise<{ id: string; existed: boolean }> {
  return house.db.transaction(async (tx) => {
    const source = await tx.execute<{ clientId: string }>(
      sql`select client_id as "clientId" from sources where id = ${input.sourceId} for update`,
    )
    const clientId = source.rows[0]?.clientId
    if (!clientId) throw notFound('source')
    const open = await tx.execute<{ id: string }>(sql`
      select id from runs where source_id = ${input.sourceId} and state in ('surveying', 'planned', 'running', 'paused', 'blocked')`)
    if (open.rows[0]) return { id: open.rows[0].id, existed: true }
    const made = await tx.execute<{ id: string }>(sql`
      insert into runs (client_id, source_id, kind, state, state_by, auto_start, renditions, only_refs, delta_of, created_by)
      values (${clientId}, ${input.sourceId}, 'migration', 'surveying', ${actor}, ${input.autoStart}, ${jsonb(input.renditions)}::jsonb,
        ${input.only ? jsonb(input.only) : null}::jsonb, ${input.deltaOf ?? null}, ${actor}) returning id`)
    const id = made.rows[0]!.id
    await house.queues.enqueue(tx, 'survey-source', [{ runId: id, payload: { runId: id } }])
    await recordEvent(tx, id, actor, 'created', {
      renditions: named,
      only: input.only ?? null,
      ...(input.deltaOf ? { deltaOf: input.deltaOf } : {}),
    })
    await recordAudit(tx, actor, 'run.create', id, { kind: 'migration' }, clientId)
    return { id, existed: false }
  })
}

/** planned → running: the plan enters the ledger, listing and building of what is new or changed begin. */
export async function startRun(house: House, actor: Actor, runId: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    if (run.hidden) throw notFound('run')
    if (run.state === 'running') return
    // An upload starts with its whole list.
    if (run.state !== 'planned' || !run.sourceId) throw wrongState(run.state, 'be started')
    await enterState(tx, runId, 'running', actor)
    await tx.execute(sql`update runs set started_at = coalesce(started_at, now()) where id = ${runId}`)
    await enterPlan(tx, run)
    await tx.execute(sql`update galleries set state = 'planned' where run_id = ${runId} and state = 'found'`)
    await recordEvent(tx, runId, actor, 'started')
    await tellClient(tx, runId, 'started', house.queues)
    await goOn(tx, house, runId)
    await recordAudit(tx, actor, 'run.start', runId, {}, run.clientId)
  })
  announce(house, runId)
}

/** Work in flight ends at the next photo; nothing is lost. */
export async function pauseRun(house: House, actor: Actor, runId: string, note?: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    if (run.state === 'paused') return
    if (run.state !== 'running' && run.state !== 'surveying' && run.state !== 'blocked')
      throw wrongState(run.state, 'be paused')
    await enterState(tx, runId, 'paused', actor, {
      resumeTo: run.resumeTo ?? run.state,
      code: 'paused',
      todo: note ?? null,
    })
    await recordEvent(tx, runId, actor, 'paused', note ? { note } : {})
    await recordAudit(tx, actor, 'run.pause', runId, note ? { note } : {}, run.clientId)
  })
  announce(house, runId)
}

/** Goes on where a paused or blocked run stood; galleries that wait for a thaw are asked about at once. */
export async function resumeRun(house: House, actor: Actor, runId: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    if (run.hidden) throw notFound('run')
    if (run.state !== 'paused' && run.state !== 'blocked' && run.state !== 'running' && run.state !== 'surveying')
      throw wrongState(run.state, 'be resumed')
    const state = run.resumeTo ?? run.state
    await enterState(tx, runId, state, actor)
    await tx.execute(sql`update galleries set ask_again_at = now() where run_id = ${runId} and state = 'waiting'`)
    await tx.execute(sql`update galleries set tries = 0 where run_id = ${runId} and tries > 0`)
    await tx.execute(sql`update runs set tries = 0 where id = ${runId}`)
    await recordEvent(tx, runId, actor, 'resumed')
    await goOn(tx, house, runId)
    await recordAudit(tx, actor, 'run.resume', runId, {}, run.clientId)
  })
  announce(house, runId)
}

/** Final. What is stored and published stays; what is not yet copied is not copied any more. */
export async function cancelRun(house: House, actor: Actor, runId: string, note?: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    if (run.state === 'cancelled') return
    if (!openStates.includes(run.state)) throw wrongState(run.state, 'be cancelled')
    await enterState(tx, runId, 'cancelled', actor, { code: 'cancelled', todo: note ?? null })
    await forgetPlan(tx, runId)
    await freeze(tx, runId)
    await recordEvent(tx, runId, actor, 'cancelled', note ? { note } : {})
    await recordAudit(tx, actor, 'run.cancel', runId, note ? { note } : {}, run.clientId)
  })
  announce(house, runId)
}

/**
 * The run waits for a person: `todo` is the sentence that says what to do. Called by workers. False, and nothing done,
 * where `generation` is no longer that of the source's session: what the one before met was mended meanwhile.
 */
export async function blockRun(
  house: House,
  runId: string,
  code: string,
  todo: string,
  generation?: number,
): Promise<boolean> {
  const isMended = await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    if (generation !== undefined && (await sessionGeneration(tx, runId)) !== generation) return true
    // What goes on without a session may meet something that stops it too; that comes first then.
    const harder = run.worksUnsigned && run.state === 'blocked' && !(sessionCodes as readonly string[]).includes(code)
    if (run.state !== 'running' && run.state !== 'surveying' && !harder) return false
    await enterState(tx, runId, 'blocked', 'worker', { resumeTo: harder ? 'running' : run.state, code, todo })
    await recordEvent(tx, runId, 'worker', 'blocked', { code, todo })
    if (needsClient(code)) await tellClient(tx, runId, 'needed', house.queues)
    return false
  })
  announce(house, runId)
  return !isMended
}

/** Whoever hands over others waits for the run's row, or is seen. */
async function sessionGeneration(tx: Tx, runId: string): Promise<number | undefined> {
  const { rows } = await tx.execute<{ generation: number }>(sql`
    select session_generation as generation from sources where id = (select source_id from runs where id = ${runId}) for share`)
  return rows[0]?.generation
}

const needsClient = (code: string) => (sessionCodes as readonly string[]).includes(code)

/** The survey is through: what was found waits for a yes, or starts at once. */
export async function planRun(
  house: House,
  runId: string,
  plan: Record<string, unknown>,
  fields: Record<string, string>,
): Promise<void> {
  const starts = await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    await tx.execute(
      sql`update runs set plan = ${jsonb(plan)}::jsonb, fields = ${jsonb(fields)}::jsonb where id = ${runId}`,
    )
    if (run.state !== 'surveying') return false
    await enterState(tx, runId, 'planned', 'worker')
    await recordEvent(tx, runId, 'worker', 'planned', plan)
    return run.autoStart
  })
  announce(house, runId)
  if (starts) await startRun(house, 'worker', runId)
}

/** Enqueues what there is to do; a run that has nothing left is through. */
export async function goOn(tx: Tx, house: House, runId: string): Promise<void> {
  if ((await enqueueMissing(tx, house.queues, runId)) === 0) await finishIfSettled(tx, runId)
}

/** Before its galleries, always: so verbs and workers wait for each other and never lock each other out. */
export async function lockRun(tx: Tx, runId: string): Promise<RunFacts> {
  const { rows } = await tx.execute<RunFacts & Record<string, unknown>>(
    sql`${sql.raw(facts)} where id = ${runId} for no key update`,
  )
  if (!rows[0]) throw notFound('run')
  return rows[0]
}

export async function runFacts(house: House, runId: string): Promise<RunFacts> {
  const { rows } = await house.pool.query<RunFacts>(`${facts} where id = $1`, [runId])
  if (!rows[0]) throw notFound('run')
  return rows[0]
}

const facts = `
  select id, client_id as "clientId", source_id as "sourceId", state, resume_to as "resumeTo", auto_start as "autoStart", renditions, only_refs as only,
    delta_of as "deltaOf", account, ${worksUnsigned('runs')} as "worksUnsigned",
    exists (select from clients c where c.id = runs.client_id and c.deletion_id is not null) as hidden
  from runs`

export async function enterState(
  tx: Tx,
  runId: string,
  state: RunState,
  actor: Actor,
  more: { resumeTo?: RunState; code?: string; todo?: string | null } = {},
): Promise<void> {
  await tx.execute(sql`
    update runs set state = ${state}::run_state, state_by = ${actor}, state_at = now(), resume_to = ${more.resumeTo ?? null}::run_state,
      ${state === 'paused' || state === 'blocked' ? clock.waits : clock.works},
      code = ${more.code ?? null}, todo = ${more.todo ?? null} where id = ${runId}`)
}

export function wrongState(state: RunState, verb: string): Refusal {
  return new Refusal('wrong_state', 409, `A run that is ${state.replaceAll('_', ' ')} cannot ${verb}.`)
}
