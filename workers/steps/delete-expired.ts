// Removes what a deletion was for, once its grace is over. Running twice is harmless: each piece removes what is left.
import { beginRemoval, endRemoval, remove } from '#server/deletion-removal.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

export async function deleteExpired(job: Job<'delete-expired'>, { house }: Pick<Tools, 'house'>): Promise<void> {
  const removal = await beginRemoval(house, job.payload.deletionId)
  if (!removal) return
  const through = await remove(house, removal, (work) => job.checkpoint(work), job.signal)
  if (through) await job.finish((tx) => endRemoval(tx, removal))
}
