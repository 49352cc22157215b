// A chunk that a worker died with is retried in halves until the photo that kills is alone.

import { sql } from 'drizzle-orm'
import type { House } from '#server/house.ts'
import { jsonb } from '#server/jsonb.ts'
import { chunksOf } from '#server/ledger.ts'
import type { Job } from './run.ts'

/** A photo alone that ended so many workers is not tried again; fewer may have been chance (a host lost, a kill). */
const deathsAlone = 4

type ChunkJob = Job<'fetch-photos' | 'render-photos'>

/** `photos` are those of the job that still wait: it may have had more, which settled before the first death. */
export function isPoison(job: ChunkJob, photos: unknown[]): boolean {
  return photos.length === 1 && job.deaths >= deathsAlone
}

/** What is left of the chunk as two jobs, in place of this one. */
export async function halve(job: ChunkJob, house: House, runId: string, photos: { id: number }[]): Promise<void> {
  const middle = Math.ceil(photos.length / 2)
  const ids = photos.map((photo) => photo.id)
  const jobs = [ids.slice(0, middle), ids.slice(middle)]
    .filter((half) => half.length > 0)
    .flatMap((half) => chunksOf(job.queue, runId, half))
  await job.finish(async (tx) => {
    const rows = jobs.flatMap((half) => half.payload.photoIds.map((photo) => ({ id: half.id, photo })))
    await tx.execute(sql`
      update photos p set job_id = j.id from jsonb_to_recordset(${jsonb(rows)}::jsonb) as j(id uuid, photo int8) where p.id = j.photo`)
    await house.queues.enqueue(tx, job.queue, jobs)
  })
}
