import type { Findings } from './figures.ts'
import type { Bench } from './setting.ts'
export async function ledgerBench(_: Bench): Promise<Findings> {
  return { figures: [], notes: [] }
}
