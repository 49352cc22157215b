// What becomes of a gallery or a run whose step threw: again later, waiting for the provider or a person, or attention.
import { sql } from 'drizzle-orm'
import { isCapturing } from '#server/captures.ts'
import { recordEvent } from '#server/events.ts'
import { keepEvidence } from '#server/evidence.ts'
import { finishIfSettled, holdRun } from '#server/finish.ts'
import type { House } from '#server/house.ts'
import { announce } from '#server/live.ts'
import { log } from '#server/log.ts'
import type { QueueName } from '#server/queues.ts'
import { blockRun } from '#server/runs.ts'
import { waitForThaw } from '#server/thaw.ts'
import { captured } from './capture.ts'
import { maskedPage } from './evidence.ts'
import { masked } from './masking.ts'
import { nextTrySeconds, type Policy, policyOf } from './policy.ts'
import { type Job, StaleAttempt } from './run.ts'

export interface Subject {
  runId: string
  /** null: the survey of the whole account. */
  galleryId: number | null
}

/** Runs a step's work; what it throws is settled with the job. */
export async function guarded(job: Job, house: House, subject: Subject, work: () => Promise<void>): Promise<void> {
  try {
    if (!(await isCapturing(house, subject.runId))) await work()
    else
      await captured(
        house,
        { ...subject, step: job.queue, what: inWords[job.queue] ?? job.queue, signal: job.signal },
        work,
      )
  } catch (error) {
    if (error instanceof StaleAttempt) throw error
    const policy = policyOf(error, job.signal)
    log.info(
      {
        queue: job.queue,
        ...subject,
        policy: policy.kind,
        code: 'code' in policy ? policy.code : undefined,
        err: masked((error as Error).message),
      },
      'trouble',
    )
    await settleTrouble(job, house, subject, policy, error as Error)
  }
  announce(house, subject.runId)
}

/** What failed, where it is no photo. */
const inWords: Partial<Record<QueueName, string>> = {
  'survey-source': 'the account',
  'list-gallery': 'the list of photos',
  'build-gallery': 'the empty gallery',
}

async function settleTrouble(job: Job, house: House, subject: Subject, policy: Policy, error: Error): Promise<void> {
  const again = (seconds: number) =>
    job.finish((tx) =>
      house.queues.enqueue(tx, job.queue, [
        { runId: subject.runId, payload: job.payload, startAfterSeconds: Math.ceil(seconds) },
      ] as never),
    )
  switch (policy.kind) {
    case 'stopped':
      await again(0)
      return
    case 'later':
      await again(policy.seconds)
      return
    case 'person':
      if (!(await blockRun(house, subject.runId, policy.code, policy.todo, policy.generation))) await again(0)
      return
    case 'thaw':
      await job.finish(async (tx) => {
        if (subject.galleryId !== null) await waitForThaw(tx, subject.runId, subject.galleryId, policy.usualHours)
      })
      return
    case 'settle':
      await giveUp(job, house, subject, policy.code)
      return
    case 'attempt':
      await countTry(job, house, subject, policy, error)
  }
}

async function countTry(
  job: Job,
  house: House,
  subject: Subject,
  policy: Extract<Policy, { kind: 'attempt' }>,
  error: Error,
): Promise<void> {
  const evidence = policy.evidence && (await keepEvidence(house, subject.runId, maskedPage(policy.evidence)))
  const table = subject.galleryId === null ? sql`runs` : sql`galleries`
  const id = subject.galleryId ?? subject.runId
  const last = await job.finish(async (tx) => {
    await holdRun(tx, subject.runId)
    const { rows } = await tx.execute<{ tries: number }>(
      sql`update ${table} set tries = tries + 1 where id = ${id} returning tries`,
    )
    // A page that was not recognised does not get better by asking often: three looks, then a person.
    const tries = rows[0]!.tries - 1 + (policy.evidence ? 3 : 0)
    // Nor does an account's own address that we do not talk to.
    const seconds = forGood(subject, policy) ? null : nextTrySeconds(tries)
    await recordEvent(
      tx,
      subject.runId,
      'worker',
      evidence ? 'unrecognised' : 'trouble',
      { step: job.queue, code: policy.code, detail: masked(error.message).slice(0, 500), ...(evidence ?? {}) },
      subject.galleryId,
    )
    if (seconds !== null && !(policy.evidence && tries >= 5)) {
      await house.queues.enqueue(tx, job.queue, [
        { runId: subject.runId, payload: job.payload, startAfterSeconds: Math.ceil(seconds) },
      ] as never)
      if (subject.galleryId === null) {
        const what = evidence ? `${policy.code}: ${evidence.expected}` : policy.code
        const todo = `The account could not be read yet (${what}): tried again in ${Math.ceil(seconds)} s.`
        await tx.execute(sql`update runs set todo = ${todo} where id = ${subject.runId} and state = 'surveying'`)
      }
      return false
    }
    if (subject.galleryId !== null) await needAttention(tx, subject, policy.code)
    return true
  })
  if (last && subject.galleryId === null) {
    const what = policy.evidence
      ? `The provider answered something unknown (${policy.evidence.expected}): have the connector looked at, then resume.`
      : unreadable(policy.code)
    await blockRun(house, subject.runId, policy.code, what)
  }
}

async function giveUp(job: Job, house: House, subject: Subject, code: string): Promise<void> {
  if (subject.galleryId === null) {
    await blockRun(house, subject.runId, code, unreadable(code))
    return
  }
  await job.finish((tx) => needAttention(tx, subject, code))
}

const forGood = (subject: Subject, policy: { code: string }) =>
  subject.galleryId === null && policy.code === 'address_refused'

const unreadable = (code: string) =>
  code === 'address_refused'
    ? 'The address of this account is one that we do not talk to: correct the endpoint; local ones need ALLOW_LOCAL_SOURCES=1.'
    : `The account could not be read (${code}): try again later by resuming.`

/** The gallery stands as it is and says why; the run goes on with the others. */
export async function needAttention(
  tx: Parameters<typeof recordEvent>[0],
  subject: Subject,
  code: string,
): Promise<void> {
  await holdRun(tx, subject.runId)
  await tx.execute(
    sql`update galleries set state = 'attention', code = ${code} where id = ${subject.galleryId} and state <> 'published'`,
  )
  await recordEvent(tx, subject.runId, 'worker', 'attention', { code }, subject.galleryId)
  await finishIfSettled(tx, subject.runId)
}
