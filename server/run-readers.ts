// Who may read what a run proves: staff, and the photographer whose run it is, signed in or by a link.
import type { SignedIn } from './accounts.ts'
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { notFound, Refusal } from './refusal.ts'
import { secondFactorRequired } from './settings.ts'
import { openShareLink } from './share-links.ts'

export interface RunReader {
  actor: Actor
  clientId: string
  /** One of the house: sees the console around it. */
  isStaff: boolean
}

/**
 * Of another client's run a photographer is told that there is none. `token`: of a link, where nobody is signed in.
 * Throws Refusal `signed_out`, `second_factor_needed`, `link_closed`, `not_found`.
 */
export async function runReader(
  house: Pick<House, 'pool'>,
  runId: string,
  person: SignedIn | null,
  token: string | null,
): Promise<RunReader> {
  const asking = await readerOf(house, person, token)
  const { rows } = await house.pool.query<{ clientId: string }>(
    `select r.client_id as "clientId" from runs r join clients c on c.id = r.client_id
     where r.id::text = $1 and c.deletion_id is null`,
    [runId],
  )
  const clientId = rows[0]?.clientId
  if (!clientId || (asking.of !== 'everybody' && asking.of !== clientId)) throw notFound('run')
  return { actor: asking.actor, clientId, isStaff: asking.of === 'everybody' }
}

/** Writes down that somebody took a copy. */
export async function recordDownload(
  house: Pick<House, 'db'>,
  { actor, clientId }: RunReader,
  runId: string,
  what: string,
): Promise<void> {
  await house.db.transaction((tx) => recordAudit(tx, actor, 'run.download', runId, { what }, clientId))
}

/** `of`: the client whose runs they may read. */
async function readerOf(
  house: Pick<House, 'pool'>,
  person: SignedIn | null,
  token: string | null,
): Promise<{ actor: Actor; of: string | null }> {
  if (!person) {
    if (token === null) throw new Refusal('signed_out', 401, 'You are not signed in.')
    const link = await openShareLink(house, token)
    if (!link) throw new Refusal('link_closed', 403, 'This link does not work any more. Ask for a new one.')
    return { actor: `link ${link.id.slice(0, 8)}`, of: link.clientId }
  }
  if (person.role === 'photographer') return { actor: person.email, of: person.clientId }
  if (!person.secondFactor && (await secondFactorRequired(house)))
    throw new Refusal('second_factor_needed', 403, 'Set up a second factor first: your account page shows how.')
  return { actor: person.email, of: 'everybody' }
}
