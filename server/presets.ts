// Instructions by name. `thumb` and `web` are built in; a client's own come before everybody's of the same name. What
// was asked for by name keeps the instructions that the name meant then.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import {
  type Instructions,
  InvalidInstructions,
  instructionsHash,
  parseInstructions,
  presetNames,
  resolvePreset,
} from './instructions.ts'
import { jsonb } from './jsonb.ts'
import { notFound, Refusal } from './refusal.ts'
import { withPicture } from './watermarks.ts'

export interface Preset {
  /** null: built in. */
  id: string | null
  name: string
  scope: 'builtin' | 'everybody' | 'client'
  /** As they were written: a watermark is named. */
  instructions: Record<string, unknown>
  updatedBy: string | null
  updatedAt: Date | null
}

/** Built-in ones, everybody's, then the client's own where one is named; by name within each. */
export async function listPresets(house: Pick<House, 'db'>, clientId?: string | null): Promise<Preset[]> {
  const { rows } = await house.db.execute<Preset & Record<string, unknown> & { updatedAt: string }>(sql`
    select id, name, case when client_id is null then 'everybody' else 'client' end as scope, instructions,
      updated_by as "updatedBy", updated_at as "updatedAt" from presets
    where client_id is null or client_id = ${clientId ?? null}::uuid order by client_id nulls first, name limit 2000`)
  const builtIn = presetNames.map((name) => ({
    ...{ id: null, name, scope: 'builtin' as const, updatedBy: null, updatedAt: null },
    instructions: resolvePreset(name),
  }))
  return [...builtIn, ...rows.map((row) => ({ ...row, updatedAt: new Date(row.updatedAt) }))]
}

export interface NewPreset {
  /** null: everybody's. */
  clientId: string | null
  name: string
  /** As parseInstructions takes them; no preset of a preset. */
  instructions: unknown
}

/**
 * A new one, or in place of the one of that name. Throws Refusal `invalid_name`, `invalid_instructions` 400, `not_found`,
 * and `invalid_watermark` where a client's preset names a picture that it does not have.
 */
export async function savePreset(house: House, actor: Actor, input: NewPreset): Promise<{ id: string }> {
  const name = input.name.trim()
  if (!namePattern.test(name) || hashLike.test(name))
    throw new Refusal('invalid_name', 422, 'A name is 1 to 64 small letters, digits, dashes and underscores.')
  if (reserved.has(name)) throw new Refusal('invalid_name', 422, `“${name}” is built in: choose another name.`)
  const instructions = checked(input.instructions)
  return house.db.transaction(async (tx) => {
    if (input.clientId) {
      const client = await tx.execute(sql`select from clients where id = ${input.clientId} for key share`)
      if (client.rows.length === 0) throw notFound('client')
      await withPicture(tx, input.clientId, instructions)
    }
    const { rows } = await tx.execute<{ id: string }>(sql`
      insert into presets (client_id, name, instructions, updated_by)
      values (${input.clientId}, ${name}, ${jsonb(instructions)}::jsonb, ${actor})
      on conflict (client_id, name) do update set instructions = excluded.instructions, updated_by = excluded.updated_by, updated_at = now()
      returning id`)
    const { id } = rows[0]!
    await recordAudit(tx, actor, 'preset.save', id, { name, instructions }, input.clientId)
    return { id }
  })
}

/** What was asked for by it stays. Throws Refusal `not_found`. */
export async function removePreset(house: House, actor: Actor, id: string): Promise<void> {
  await house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ name: string; clientId: string | null }>(
      sql`delete from presets where id = ${id} returning name, client_id as "clientId"`,
    )
    if (!rows[0]) throw notFound('preset')
    await recordAudit(tx, actor, 'preset.remove', id, { name: rows[0].name }, rows[0].clientId)
  })
}

/** Complete, or where they are wrong: `pointer` is the JSON pointer of the value at fault. */
export type Check = { ok: true; instructions: Instructions } | { ok: false; pointer: string; sentence: string }

/** For somebody who is writing them: says what is wrong instead of throwing. */
export function checkInstructions(value: unknown): Check {
  try {
    return { ok: true, instructions: checked(value) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { cause } = error
    return { ok: false, pointer: cause instanceof InvalidInstructions ? cause.pointer : '', sentence: error.message }
  }
}

/** One rendition that is wanted: by the name of its preset, or else by the hash of its instructions. */
export interface Wish {
  name: string
  instructions: Instructions
  /** Of the instructions. */
  hash: string
}

/**
 * What a caller asks for, instructions or `{"preset":…}`, complete and with the client's own watermark picture in it.
 * Throws InvalidInstructions (an unknown preset too), Refusal `invalid_watermark`.
 */
export async function wishOf(house: Pick<House, 'db'>, clientId: string, value: unknown): Promise<Wish> {
  const preset = presetOf(value)
  const known = preset === null ? null : await instructionsOf(house.db, clientId, preset)
  if (preset !== null && known === null) throw new InvalidInstructions('/preset', 'there is no such preset')
  const instructions = await withPicture(house.db, clientId, known ?? parseInstructions(value))
  const hash = instructionsHash(instructions)
  return { name: preset ?? hash, instructions, hash }
}

/**
 * Instructions of each preset named, as runs keep them; `['none']` gives none.
 * Throws Refusal `unknown_preset`, `invalid_watermark`.
 */
export async function renditionsByName(
  tx: Tx,
  clientId: string,
  names: string[],
): Promise<Record<string, Instructions>> {
  const wishes: Record<string, Instructions> = {}
  if (names.includes('none')) return wishes
  for (const name of names) {
    const instructions = await instructionsOf(tx, clientId, name)
    if (!instructions) {
      const { rows } = await tx.execute<{ name: string }>(
        sql`select distinct name from presets where client_id is null or client_id = ${clientId} order by name limit 50`,
      )
      const there = [...presetNames, ...rows.map((row) => row.name)].join(', ')
      throw new Refusal('unknown_preset', 422, `There is no preset “${name}”; there are ${there}.`)
    }
    wishes[name] = await withPicture(tx, clientId, instructions)
  }
  return wishes
}

const namePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/
/** Renditions without a preset are named so. */
const hashLike = /^[0-9a-f]{16}$/
const reserved = new Set<string>([...presetNames, 'none', 'original'])

/** The name in `{"preset":"…"}` and nothing else; null for anything that is not that. */
function presetOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'preset')) return null
  const { preset, ...rest } = value as { preset: unknown }
  // Judged as what it is: a preset beside something else, or a name that is none.
  return typeof preset === 'string' && Object.keys(rest).length === 0 ? preset : null
}

async function instructionsOf(tx: Tx, clientId: string, name: string): Promise<Instructions | null> {
  const builtIn = presetNames.find((known) => known === name)
  if (builtIn) return resolvePreset(builtIn)
  const { rows } = await tx.execute<{ instructions: unknown }>(sql`
    select instructions from presets where name = ${name} and (client_id is null or client_id = ${clientId})
    order by client_id nulls last limit 1`)
  return rows[0] ? parseInstructions(rows[0].instructions) : null
}

/** Throws Refusal `invalid_instructions`, caused by InvalidInstructions. */
function checked(value: unknown): Instructions {
  if (typeof value === 'object' && value !== null && 'preset' in value)
    throw new Refusal('invalid_instructions', 400, 'A preset is instructions itself: it cannot name another preset.')
  try {
    return parseInstructions(value)
  } catch (error) {
    if (error instanceof InvalidInstructions)
      throw new Refusal('invalid_instructions', 400, error.message, { cause: error })
    throw error
  }
}
