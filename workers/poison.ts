// A chunk that a worker died with is retried in halves until the photo that kills is alone. Chunks that died beside it
// come the same way and part from it there: photos alone are suspects, and one process works on one suspect at a time.
import { sql } from 'drizzle-orm'
import type { House } from '#server/house.ts'
import { jsonb } from '#server/jsonb.ts'
import { chunksOf } from '#server/ledger.ts'
import { type Job, suspectPriority } from './run.ts'

/** A suspect that ended so many workers is not tried again; fewer may have been chance (a host lost, a kill). */
const deathsAlone = 4

type ChunkJob = Job<'fetch-photos' | 'render-photos'>

export function isPoison(job: ChunkJob): boolean {
  return job.suspect && job.deaths >= deathsAlone
}

/** What is left of the chunk as two jobs, or as one suspect, in place of this one. */
export async function halve(job: ChunkJob, house: House, runId: string, photos: { id: number }[]): Promise<void> {
  const middle = Math.ceil(photos.length / 2)
  const ids = photos.map((photo) => photo.id)
  const jobs = [ids.slice(0, middle), ids.slice(middle)]
    .filter((half) => half.length > 0)
    .flatMap((half) => chunksOf(job.queue, runId, half))
    .map((half) => ({ ...half, priority: half.payload.photoIds.length === 1 ? suspectPriority : 0 }))
  await job.finish(async (tx) => {
    const rows = jobs.flatMap((half) => half.payload.photoIds.map((photo) => ({ id: half.id, photo })))
    await tx.execute(sql`
      update photos p set job_id = j.id from jsonb_to_recordset(${jsonb(rows)}::jsonb) as j(id uuid, photo int8) where p.id = j.photo`)
    await house.queues.enqueue(tx, job.queue, jobs)
  })
}
