// For tests: photos that were copied, as the ledger is told of them.
import { createHash } from 'node:crypto'
import type { House } from './house.ts'
import type { Outcome } from './ledger.ts'
import { originalKey } from './store/store.ts'

type Stored = Extract<Outcome, { to: 'stored' }>

/** A made-up SHA-256, in hex: another one for each number. */
export const sha = (n: number) => n.toString(16).padStart(64, '0')

/** Copied: of its id alone, unless told otherwise, and nothing is to be made of it. */
export const storedOutcome = (
  { id, attempts = 0 }: { id: number; attempts?: number },
  more: Partial<Stored> = {},
): Stored => ({
  id,
  attempts,
  to: 'stored',
  sha256: sha(id),
  bytes: 10,
  contentType: 'image/jpeg',
  isOriginal: true,
  render: false,
  ...more,
})

/** Copied, with an original of its own in the store. */
export async function copied(
  house: Pick<House, 'store'>,
  run: { id: string; clientId: string },
  { id, ref }: { id: number; ref: string },
): Promise<Stored> {
  const body = Buffer.from(`original of ${run.id} ${ref}`)
  const object = { sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length }
  await house.store.put(originalKey(run.clientId, object.sha256), body, { ...object, contentType: 'image/jpeg' })
  return storedOutcome({ id }, object)
}
