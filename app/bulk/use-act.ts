'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { mostInACall, type RunAct, type RunPriority } from '#server/run-acts.ts'
import { type Outputs, sentence, useTRPC, useTRPCClient } from '../trpc.ts'

type Report = Outputs['bulk']['runs']

export interface Progress {
  asked: number
  done: number
  refused: Report['refused']
  /** The rest was not asked for: somebody stopped it, or the console did not answer. */
  ended: 'whole' | 'stopped' | { because: string } | null
}

interface ActOptions {
  note?: string
  to?: string
  priority?: RunPriority
}

/** Some runs at a time, so that one sees how far it is and can stop; nothing is left out of the report. */
export function useAct() {
  const client = useTRPCClient()
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [progress, setProgress] = useState<Progress | null>(null)
  const isStopped = useRef(false)
  const act = async (act: RunAct, ids: string[], options: ActOptions) => {
    isStopped.current = false
    let so: Progress = { asked: ids.length, done: 0, refused: [], ended: null }
    setProgress(so)
    for (let from = 0; from < ids.length && so.ended === null; from += mostInACall) {
      if (isStopped.current) so = { ...so, ended: 'stopped' }
      else
        try {
          const part = await client.bulk.runs.mutate({ act, ids: ids.slice(from, from + mostInACall), ...options })
          so = { ...so, done: so.done + part.done, refused: [...so.refused, ...part.refused] }
        } catch (error) {
          so = { ...so, ended: { because: sentence(error as Parameters<typeof sentence>[0]) ?? '' } }
        }
      setProgress(so)
    }
    setProgress({ ...so, ended: so.ended ?? 'whole' })
    void queryClient.invalidateQueries(trpc.runs.pathFilter())
    void queryClient.invalidateQueries(trpc.search.run.pathFilter())
  }
  return {
    progress,
    act,
    stop: () => {
      isStopped.current = true
    },
    forget: () => setProgress(null),
  }
}
