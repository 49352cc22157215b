'use client'
import { useMemo, useState } from 'react'
import type { Outputs } from '../trpc.ts'
import type { FoundRun } from './use-run-rows.ts'

type Matched = Outputs['bulk']['matching']

interface Selected {
  picked: ReadonlyMap<string, FoundRun>
  matched: Matched | null
}

const none: Selected = { picked: new Map(), matched: null }

export type Selection = ReturnType<typeof useSelection>

/** Rows that were picked one by one, or all that match. A row that leaves the list stays selected. */
export function useSelection() {
  const [{ picked, matched }, set] = useState(none)
  const ids = useMemo(() => new Set(matched?.ids), [matched])
  // The same functions whatever is selected: a row that is drawn with one of them is not drawn anew for it.
  const [change] = useState(() => ({
    /** Of all that match none can be taken out again: what is picked then begins anew. */
    toggle: (run: FoundRun) =>
      set(({ picked, matched }) => {
        const next = new Map(matched ? [] : picked)
        if (!next.delete(run.id)) next.set(run.id, run)
        return { picked: next, matched: null }
      }),
    add: (runs: FoundRun[]) =>
      set(({ picked, matched }) => ({
        picked: new Map([...picked, ...runs.map((run) => [run.id, run] as const)]),
        matched,
      })),
    match: (matched: Matched) => set(({ picked }) => ({ picked, matched })),
    clear: () => set(none),
  }))
  return {
    picked,
    matched,
    count: matched?.ids.length ?? picked.size,
    has: (id: string) => picked.has(id) || ids.has(id),
    ...change,
  }
}
