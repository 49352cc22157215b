// Signs in anew and says how that went; running twice only looks twice.
import { log } from '#server/log.ts'
import { recordHealth } from '#server/sources.ts'
import { masked } from '../masking.ts'
import { policyOf } from '../policy.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

export async function testSource(job: Job<'test-source'>, { house, sessions }: Tools): Promise<void> {
  const { sourceId } = job.payload
  try {
    await sessions.fresh(sourceId)
    const account = await sessions.with(sourceId, (session) => session.account())
    await recordHealth(house, sourceId, 'ok', null, account.name)
  } catch (error) {
    const policy = policyOf(error, job.signal)
    log.info({ sourceId, policy: policy.kind, err: masked((error as Error).message) }, 'source tested')
    if (policy.kind === 'stopped') throw error
    if (policy.kind !== 'person')
      await recordHealth(
        house,
        sourceId,
        'unreachable',
        'The provider could not be reached or answered something unknown: check the endpoints, then try again.',
      )
    else await recordHealth(house, sourceId, policy.code === 'challenge' ? 'challenge' : 'refused', policy.todo)
  }
}
