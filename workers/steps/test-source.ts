// Signs in anew and says how that went; running twice only looks twice. What was handed over while the session before
// works is tried beside it. A run that waited for somebody who is signed in goes on.
import { log } from '#server/log.ts'
import { goOnSignedIn, goOnUntried, postponeOffered, refuseOffered, stillUnsigned } from '#server/sign-ins.ts'
import { recordHealth } from '#server/sources.ts'
import { masked } from '../masking.ts'
import { type Policy, policyOf } from '../policy.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

export async function testSource(job: Job<'test-source'>, { house, sessions }: Tools): Promise<void> {
  const { sourceId } = job.payload
  const policyFor = (error: unknown): Policy => {
    const policy = policyOf(error, job.signal)
    log.info({ sourceId, policy: policy.kind, err: masked((error as Error).message) }, 'source tested')
    if (policy.kind === 'stopped') throw error
    return policy
  }
  let proven: boolean
  try {
    proven = await sessions.prove(sourceId)
  } catch (error) {
    const policy = policyFor(error)
    if (policy.kind === 'person') return refuseOffered(house, sourceId, policy.todo)
    // It stays, and comes first at the next sign-in.
    return postponeOffered(house, sourceId)
  }
  try {
    if (!proven) await sessions.fresh(sourceId)
    await recordHealth(house, sourceId, 'ok', null, await sessions.with(sourceId, (session) => session.account()))
    await goOnSignedIn(house, sourceId)
  } catch (error) {
    const policy = policyFor(error)
    if (policy.kind === 'person') {
      await recordHealth(house, sourceId, policy.code === 'challenge' ? 'challenge' : 'refused', policy.todo)
      await stillUnsigned(house, sourceId, policy.code, policy.todo)
      return
    }
    await recordHealth(
      house,
      sourceId,
      'unreachable',
      'The provider could not be reached or answered something unknown: check the endpoints, then try again.',
    )
    await goOnUntried(house, sourceId)
  }
}
