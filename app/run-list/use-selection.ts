'use client'
import { useState } from 'react'
import type { Outputs } from '../trpc.ts'
import type { FoundRun } from './use-run-rows.ts'

type Matched = Outputs['bulk']['matching']

export type Selection = ReturnType<typeof useSelection>

/** Rows that were picked one by one, or all that match. A row that leaves the list stays selected. */
export function useSelection() {
  const [picked, setPicked] = useState<ReadonlyMap<string, FoundRun>>(new Map())
  const [matched, setMatched] = useState<Matched | null>(null)
  const has = (id: string) => picked.has(id) || (matched?.ids.includes(id) ?? false)
  return {
    picked,
    matched,
    count: matched?.ids.length ?? picked.size,
    has,
    /** Of all that match none can be taken out again: what is picked then begins anew. */
    toggle(run: FoundRun) {
      const next = new Map(matched ? [] : picked)
      if (!next.delete(run.id)) next.set(run.id, run)
      setMatched(null)
      setPicked(next)
    },
    add(runs: FoundRun[]) {
      setPicked(new Map([...picked, ...runs.map((run) => [run.id, run] as const)]))
    },
    match: setMatched,
    clear() {
      setPicked(new Map())
      setMatched(null)
    },
  }
}
