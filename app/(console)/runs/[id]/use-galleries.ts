'use client'
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { type Outputs, useTRPC } from '../../../trpc.ts'

export type GalleryRow = Outputs['runs']['galleries']['galleries'][number]
type State = GalleryRow['state']

const pageRows = 200
const refreshMilliseconds = 2000

interface Wanted {
  runId: string
  states: State[] | null
  search: string
  /** Something counted in the run changed. */
  changed: string
  /** Rows keep their places while somebody reads them: nothing is looked at again by itself. */
  held: boolean
  /** First and last row on screen. */
  visible: [number, number]
}

/** Pages by keyset, loaded as far as one has scrolled; only those on screen are looked at again. */
export function useGalleries({ runId, states, search, changed, held, visible }: Wanted) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const filter = `${states?.join() ?? ''} ${search}`
  const [chain, setChain] = useState<{ filter: string; cursors: (string | null)[] }>({ filter, cursors: [null] })
  const cursors = chain.filter === filter ? chain.cursors : [null]
  const input = useCallback(
    (cursor: string | null) => ({
      id: runId,
      ...(states ? { states } : {}),
      ...(search ? { search } : {}),
      cursor,
      limit: pageRows,
    }),
    // biome-ignore lint/correctness/useExhaustiveDependencies: the filter's text stands for its parts
    [runId, filter],
  )
  const pages = useQueries({
    queries: cursors.map((cursor) => ({
      ...trpc.runs.galleries.queryOptions(input(cursor)),
      staleTime: Number.POSITIVE_INFINITY,
    })),
  })
  const rows = pages.flatMap((page) => page.data?.galleries ?? [])
  const next = pages.at(-1)?.data?.nextCursor ?? null
  const counts = pages.findLast((page) => page.data)?.data?.counts

  useEffect(() => {
    if (next !== null && visible[1] >= rows.length - 50) setChain({ filter, cursors: [...cursors, next] })
  })

  const refresh = useCallback(
    (from: number, to: number) => {
      for (const cursor of cursors.slice(Math.floor(from / pageRows), Math.floor(to / pageRows) + 1)) {
        void queryClient.invalidateQueries(trpc.runs.galleries.queryFilter(input(cursor)))
      }
    },
    [cursors, input, queryClient, trpc],
  )
  useThrottled(changed, refreshMilliseconds, () => {
    if (!held) refresh(visible[0], visible[1])
  })

  const reload = () => {
    setChain({ filter, cursors: [null] })
    void queryClient.invalidateQueries(trpc.runs.galleries.queryFilter({ id: runId }))
  }
  return {
    rows,
    counts,
    more: next !== null,
    pending: pages[0]?.isPending ?? true,
    error: pages.find((page) => page.error)?.error ?? null,
    reload,
  }
}

/** Calls at most once in that time, and once more after the last change. */
function useThrottled(key: string, milliseconds: number, call: () => void): void {
  const latest = useRef(call)
  latest.current = call
  const last = useRef({ key, at: 0 })
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    if (last.current.key === key) return
    last.current.key = key
    if (timer.current) return
    const wait = Math.max(0, last.current.at + milliseconds - Date.now())
    timer.current = setTimeout(() => {
      timer.current = undefined
      last.current.at = Date.now()
      latest.current()
    }, wait)
  }, [key, milliseconds])
  useEffect(() => () => clearTimeout(timer.current), [])
}
