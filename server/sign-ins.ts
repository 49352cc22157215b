// For workers: a source's credentials opened, and the session that all of them share. One sign-in at a time for a source,
// whichever process asks.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { databaseIsAway } from './availability.ts'
import type { House } from './house.ts'
import { announce } from './live.ts'
import { notFound, Refusal } from './refusal.ts'
import { resumeRun } from './runs.ts'
import { open, seal } from './sealing.ts'
import { announceRuns } from './sources.ts'
import { wantsSession } from './standing.ts'

type Whose = { id: string; clientId: string }

/** What all workers go on with: the session kept last and how many sign-ins there were. */
export async function keptSession(house: House, source: Whose): Promise<{ generation: number; kept: unknown }> {
  const { rows } = await house.pool.query<{ session: Buffer | null; generation: number }>(
    'select session, session_generation as generation from sources where id = $1',
    [source.id],
  )
  if (!rows[0]) throw notFound('source')
  const { session, generation } = rows[0]
  return {
    generation,
    kept: session ? open(house.secretKey, session, [source.clientId, source.id, 'session']) : undefined,
  }
}

/**
 * Signs in once for all workers: whoever comes second waits and takes what the first one got. `seen` is the
 * generation the caller found expired.
 */
export async function renewSession(
  house: House,
  source: Whose,
  seen: number,
  signIn: () => Promise<{ kept: unknown; endsAt: Date | null }>,
): Promise<{ generation: number; kept: unknown }> {
  return alone(house, source, async (client) => {
    const current = await keptSession(house, source)
    if (current.generation > seen && current.kept !== undefined) return current
    await takeOffered(client, source.id)
    const { kept, endsAt } = await signIn()
    const sealed = seal(house.secretKey, kept as object, [source.clientId, source.id, 'session'])
    const { rows } = await client.query<{ generation: number }>(
      'update sources set session = $2, session_generation = session_generation + 1, session_ends_at = $3 where id = $1 returning session_generation as generation',
      [source.id, sealed, endsAt],
    )
    return { generation: rows[0]!.generation, kept }
  })
}

/**
 * Signs in with what was handed over while the session before still works, and lets it take over: every worker goes on
 * with it. Where `signIn` throws, everything stays as it was. False where nothing was handed over.
 */
export async function proveOffered(
  house: House,
  source: Whose,
  signIn: (credentials: Record<string, string>) => Promise<{ kept: unknown; endsAt: Date | null }>,
): Promise<boolean> {
  return alone(house, source, async (client) => {
    const { rows } = await client.query<{ offered: Buffer | null }>('select offered from sources where id = $1', [
      source.id,
    ])
    const sealed = rows[0]?.offered
    if (!sealed) return false
    const { kept, endsAt } = await signIn(
      open(house.secretKey, sealed, [source.clientId, source.id, 'credentials']) as Record<string, string>,
    )
    await client.query(
      `update sources set ${takesOver}, session = $2, session_generation = session_generation + 1, session_ends_at = $3,
         health = 'ok', todo = null where id = $1 and offered is not null`,
      [source.id, seal(house.secretKey, kept as object, [source.clientId, source.id, 'session']), endsAt],
    )
    return true
  })
}

/** What was handed over was not taken; the session before goes on. */
export async function refuseOffered(house: House, sourceId: string, why: string): Promise<void> {
  await house.pool.query(
    'update sources set offered = null, offered_hash = null, checked_at = now(), todo = $2 where id = $1',
    [sourceId, `The new sign-in was not taken, so the one before is still used. ${why}`],
  )
  await announceRuns(house, sourceId)
}

/** It could not be tried, for the provider did not answer: it stays, and comes first at the next sign-in. */
export async function postponeOffered(house: House, sourceId: string): Promise<void> {
  await house.pool.query('update sources set checked_at = now(), todo = $2 where id = $1', [
    sourceId,
    'The new sign-in could not be tried yet, for the provider did not answer; it is used when the old one ends.',
  ])
  await announceRuns(house, sourceId)
}

/** Sealed for the same place, so it only moves. */
const takesOver =
  'credentials = offered, given_hash = offered_hash, offered = null, offered_hash = null, given_at = now()'

/** What was handed over comes first where a sign-in is due anyway. */
async function takeOffered(client: PoolClient, sourceId: string): Promise<void> {
  await client.query(`update sources set ${takesOver}, health = 'untested' where id = $1 and offered is not null`, [
    sourceId,
  ])
}

async function alone<T>(house: House, source: { id: string }, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await house.pool.connect()
  const lock = `session:${source.id}`
  let broken: Error | undefined
  try {
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [lock])
    return await work(client)
  } finally {
    await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [lock]).catch((error: Error) => {
      broken = error
    })
    client.release(broken)
  }
}

/** Throws Refusal `credentials_missing` where they were forgotten. */
export async function openCredentials(house: House, source: Whose): Promise<Record<string, string>> {
  const { rows } = await house.pool.query<{ credentials: Buffer | null }>(
    'select credentials from sources where id = $1',
    [source.id],
  )
  const sealed = rows[0]?.credentials
  if (!sealed)
    throw new Refusal(
      'credentials_missing',
      409,
      'The credentials of this source are not kept any more: enter them again.',
    )
  return open(house.secretKey, sealed, [source.clientId, source.id, 'credentials']) as Record<string, string>
}

/** Credentials that the provider has replaced: whoever signs in next gets these. The old ones are void, so Postgres is waited for. */
export async function rotateCredentials(
  house: House,
  source: Whose,
  credentials: Record<string, string>,
  kept: 'credentials' | 'offered' = 'credentials',
): Promise<void> {
  const sealed = seal(house.secretKey, credentials, [source.clientId, source.id, 'credentials'])
  for (let waited = 0; ; waited++) {
    try {
      await house.pool.query(`update sources set ${kept} = $2 where id = $1`, [source.id, sealed])
      return
    } catch (error) {
      if (!databaseIsAway(error) || waited >= rotationPatienceSeconds) throw error
      await sleep(1000)
    }
  }
}

/** As long as a worker that is asked to end may take. */
const rotationPatienceSeconds = 25

/** Somebody is signed in again: the run of this source that only waited for that goes on. */
export async function goOnSignedIn(house: House, sourceId: string): Promise<void> {
  for (const id of await runsWithoutSession(house, sourceId)) await resumeRun(house, 'worker', id)
}

/**
 * What was handed over after the run stood still could not be tried, for the provider did not answer: the run goes on with
 * it, for its steps try again by themselves.
 */
export async function goOnUntried(house: House, sourceId: string): Promise<void> {
  for (const id of await runsWithoutSession(
    house,
    sourceId,
    'and state_at < (select given_at from sources where id = $1)',
  ))
    await resumeRun(house, 'worker', id)
}

/** The session that was handed over was not taken either: the run that waits for one says why. */
export async function stillUnsigned(house: House, sourceId: string, code: string, todo: string): Promise<void> {
  for (const id of await runsWithoutSession(house, sourceId)) {
    await house.pool.query(`update runs set code = $2, todo = $3 where id = $1 and state = 'blocked'`, [id, code, todo])
    announce(house, id)
  }
}

async function runsWithoutSession(house: House, sourceId: string, more = ''): Promise<string[]> {
  const { rows } = await house.pool.query<{ id: string }>(
    `select id from runs where source_id = $1 and ${wantsSession('runs')} ${more}`,
    [sourceId],
  )
  return rows.map((row) => row.id)
}
