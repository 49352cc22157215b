// A chunk of photos through one step: several at once, results written as they come, a poison photo found by halving.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordEvidence } from '#server/evidence.ts'
import type { House } from '#server/house.ts'
import { type Chunk, type ChunkPhoto, claim, type Outcome, settle } from '#server/ledger.ts'
import { announce, announcePhotos } from '#server/live.ts'
import { measurePhotos } from '#server/measures.ts'
import type { Rendered } from '#server/renditions.ts'
import { blockRun } from '#server/runs.ts'
import { worksUnsigned } from '#server/standing.ts'
import { captured } from './capture.ts'
import { evidenceLine, maskedPage } from './evidence.ts'
import { masked } from './masking.ts'
import { halve, isPoison } from './poison.ts'
import { nextTrySeconds, type Policy, policyOf } from './policy.ts'
import { type Job, StaleAttempt } from './run.ts'

export interface ChunkStep {
  queue: 'fetch-photos' | 'render-photos'
  from: 'listed' | 'stored'
  /** Photos of one chunk at once. */
  parallel: number
  /** Once, before the first of them. */
  before?(photos: ChunkPhoto[], run: NonNullable<Chunk['run']>): Promise<void>
  /** What becomes of one photo; what it throws is mapped by the class of the error. */
  each(photo: ChunkPhoto, run: NonNullable<Chunk['run']>): Promise<Outcome>
  /** What was made of a photo's original, to be written down when it is settled. */
  madeOf?(outcome: Outcome): Rendered | null
  /** The provider is bringing the gallery back; the photos wait with it. False: nobody asks for it any more. */
  onThaw?(photo: ChunkPhoto, run: NonNullable<Chunk['run']>, usualHours: number | null): Promise<boolean>
}

/**
 * Results are written this long after they came, so that a lost worker repeats little; once later, where the end of the
 * chunk is that near and writes them too: for small pictures each time is a tenth of the work.
 */
const writeMilliseconds = 1000

type ChunkJob = Job<'fetch-photos' | 'render-photos'>

export async function workChunk(job: ChunkJob, house: House, step: ChunkStep): Promise<void> {
  const { run, photos } = await claim(house.db, job.payload.photoIds, step.from)
  if (!run) return
  /** Where it is an upload, the sender may be waiting for the photo. */
  const tell = (batch: Outcome[]) => {
    const ended = new Set(batch.filter(({ to }) => to !== 'again').map(({ id }) => id))
    const told = run.sourceId === null ? photos.filter(({ id }) => ended.has(id)) : []
    void announcePhotos(
      house,
      told.map(({ publicId }) => publicId),
    )
    announce(house, run.id)
    measurePhotos(step.queue, batch)
  }
  if (job.deaths > 0 && !job.suspect) {
    await halve(job, house, run.id, photos)
    return
  }
  if (isPoison(job)) {
    const killed: Outcome[] = photos.map(({ id, attempts }) => ({
      id,
      attempts,
      to: 'failed',
      code: 'resource_limit',
      detail: 'every worker that took it ended',
    }))
    await job.finish((tx) => settle(tx, house.queues, run, step.queue, step.from, killed))
    tell(killed)
    return
  }
  const settled = (tx: Tx, outcomes: Outcome[]) => {
    const made = outcomes.flatMap((outcome) => step.madeOf?.(outcome) ?? [])
    return settle(tx, house.queues, run, step.queue, step.from, outcomes, made)
  }
  await step.before?.(photos, run)
  const waiting = [...photos]
  let left = photos.length
  let nearItsEnd = false
  let results: Outcome[] = []
  let moving = true
  let thawing = false
  let broken: unknown
  let person: Extract<Policy, { kind: 'person' }> | undefined
  let unrecognised: { galleryId: number; policy: Extract<Policy, { kind: 'attempt' }> } | undefined

  const write = async () => {
    const batch = results
    results = []
    if (batch.length === 0 || broken) return
    moving = await job.checkpoint(async (tx) => {
      await settled(tx, batch)
      return stillMoves(tx, run.id, step.from)
    })
    tell(batch)
  }

  let writing: Promise<void> = Promise.resolve()
  const writer = setInterval(() => {
    if (results.length === 0) return
    nearItsEnd = !nearItsEnd && results.length >= left
    if (nearItsEnd) return
    writing = writing.then(write).catch((error: unknown) => {
      broken ??= error
    })
  }, writeMilliseconds)

  const hand = async () => {
    try {
      while (waiting.length > 0 && moving && !thawing && !job.signal.aborted && !person && !broken) {
        const outcome = await outcomeOf(waiting.shift()!)
        left--
        if (outcome) results.push(outcome)
      }
    } catch (error) {
      broken ??= error
    }
  }

  const outcomeOf = async (photo: ChunkPhoto): Promise<Outcome | null> => {
    try {
      const each = () => step.each(photo, run)
      if (!run.captures) return await each()
      const { galleryId, filename, ref } = photo
      const about = { runId: run.id, galleryId, step: step.queue, what: filename ?? ref, signal: job.signal }
      return await captured(house, about, each)
    } catch (error) {
      if (error instanceof StaleAttempt) throw error
      const policy = policyOf(error, job.signal)
      if (policy.kind === 'person') person ??= policy
      if (policy.kind === 'attempt' && policy.evidence) unrecognised ??= { galleryId: photo.galleryId, policy }
      if (policy.kind === 'thaw' && step.onThaw) {
        thawing = await step.onThaw(photo, run, policy.usualHours)
        if (!thawing) return outcomeBy({ kind: 'attempt', code: 'thawing' }, photo, error as Error)
      }
      return outcomeBy(policy, photo, error as Error)
    }
  }

  await Promise.all(Array.from({ length: Math.min(step.parallel, photos.length) }, hand))
  clearInterval(writer)
  await writing
  if (broken) throw broken
  if (person) await blockRun(house, run.id, person.code, person.todo, person.generation)
  if (unrecognised) {
    const { galleryId, policy } = unrecognised
    await recordEvidence(house, run.id, galleryId, step.queue, policy.code, maskedPage(policy.evidence!))
  }
  // What was not begun goes back: to the queue where this worker stops, to the sweep where the run or gallery does.
  const notBegun: Outcome[] = job.signal.aborted
    ? waiting.map((photo) => ({
        id: photo.id,
        attempts: photo.attempts,
        to: 'again',
        code: 'worker_stopped',
        afterSeconds: 0,
        counts: false,
      }))
    : []
  await job.finish((tx) => settled(tx, [...results, ...notBegun]))
  tell(results)
}

/** null: it stays as it is and the sweep finds it when the run or the gallery moves again. */
function outcomeBy(policy: Policy, photo: ChunkPhoto, error: Error): Outcome | null {
  const { id, attempts } = photo
  const isUnrecognised = policy.kind === 'attempt' && policy.evidence !== undefined
  const detail = isUnrecognised ? evidenceLine(policy.evidence!) : masked(error.message)
  switch (policy.kind) {
    case 'stopped':
      return { id, attempts, to: 'again', code: 'worker_stopped', afterSeconds: 0, counts: false }
    case 'later':
      return { id, attempts, to: 'again', code: policy.code, afterSeconds: policy.seconds, counts: false, detail }
    case 'settle':
      return { id, attempts, to: 'skipped', code: policy.code, detail }
    case 'person':
    case 'thaw':
      return null
    case 'attempt': {
      const afterSeconds = nextTrySeconds(attempts)
      if (afterSeconds === null) return { id, attempts, to: 'failed', code: policy.code, detail }
      return { id, attempts, to: 'again', code: policy.code, afterSeconds, counts: true, detail }
    }
  }
}

async function stillMoves(tx: Parameters<typeof settle>[0], runId: string, from: ChunkStep['from']): Promise<boolean> {
  const moves = sql.raw(from === 'stored' ? worksUnsigned('runs') : "runs.state = 'running'")
  const { rows } = await tx.execute(sql`select from runs where id = ${runId} and ${moves}`)
  return rows.length > 0
}
