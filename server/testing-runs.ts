// For tests of what becomes of whole runs: photos brought to their ends, and runs of other tests out of the way.
import type { House } from './house.ts'
import { type Outcome, settle } from './ledger.ts'
import { recordPage } from './listing.ts'
import { publishGallery } from './reconcile.ts'
import { type RunState, runFacts } from './runs.ts'
import { forgetJobs, foundPhoto, type MovingRun } from './testing.ts'
import { storedOutcome } from './testing-outcomes.ts'

/** Runs of other tests are left as they are, and alone. */
export async function leaveOthersAlone(house: House): Promise<void> {
  await house.pool.query(
    "update runs set state = 'failed' where state in ('surveying', 'planned', 'running', 'paused', 'blocked')",
  )
  await forgetJobs(house)
}

export const stateOf = async (house: House, runId: string) => (await runFacts(house, runId)).state
export const force = (house: House, runId: string, state: RunState, resumeTo: RunState | null = null) =>
  house.pool.query('update runs set state = $2, resume_to = $3 where id = $1', [runId, state, resumeTo])

/** Photos p0, p1 … of gallery `n`, each brought to its end as told. */
export async function settled(
  house: House,
  run: MovingRun,
  n: number,
  ends: ('rendered' | 'skipped' | 'truncated' | 'source_error' | 'listed')[],
) {
  const gallery = run.galleries[n]!
  const photos = ends.map((_, i) => foundPhoto(gallery.ref, `p${i}`))
  await recordPage(house.db, house.queues, gallery, { photos, next: null }, null)
  const { rows } = await house.pool.query<{ id: number; publicId: string; state: string }>(
    'select id, public_id as "publicId", state from photos where gallery_id = $1 order by id',
    [gallery.id],
  )
  const outcomes = rows.flatMap(({ id, state }, i): Outcome[] => {
    const end = ends[i]!
    if (end === 'listed' || state !== 'listed') return []
    if (end === 'rendered') return [storedOutcome({ id })]
    if (end === 'skipped') return [{ id, attempts: 0, to: 'skipped', code: 'gone_at_source' }]
    return [{ id, attempts: 0, to: 'failed', code: end }]
  })
  await settle(house.db, house.queues, run, 'fetch-photos', 'listed', outcomes)
  return rows
}

export const published = (
  house: House,
  run: MovingRun,
  n: number,
  verdict: Parameters<typeof publishGallery>[3] = null,
) => house.db.transaction((tx) => publishGallery(tx, house.queues, run.galleries[n]!, verdict))
