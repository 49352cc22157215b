// Writes one list of runs as a file. Running twice writes it twice, and tells of it once: the row says that it is ready.
import { announceExport } from '#server/live.ts'
import { recordExport, writeExport } from '#server/run-exports.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

export async function exportRuns(
  job: Job<'export-runs'>,
  { house, temp }: Pick<Tools, 'house' | 'temp'>,
): Promise<void> {
  const written = await writeExport(house, job.payload.exportId, { temp, signal: job.signal })
  if (!written) return
  await job.finish((tx) => recordExport(tx, house, written))
  await announceExport(house, written.askedBy)
}
