'use client'
import { type UseQueryResult, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import type { TRPCClientErrorLike } from '@trpc/client'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { AppRouter } from '#server/trpc/router.ts'
import { type Outputs, useTRPC } from '../../../trpc.ts'

export type GalleryRow = Outputs['runs']['galleries']['galleries'][number]
type State = GalleryRow['state']

const pageRows = 200
const refreshMilliseconds = 2000

/** Which of a run's galleries. */
export interface Chosen {
  runId: string
  states: State[] | null
  search: string
}

/** What was chosen, from when its first rows are there or are refused; until then what was shown before. */
export function useShown<C extends Chosen>(chosen: C): C {
  const { isPending } = useQuery(pageOf(useTRPC(), chosen, null))
  const [shown, setShown] = useState(chosen)
  const isOther = shown.states !== chosen.states || shown.search !== chosen.search
  if (isOther && !isPending) setShown(chosen)
  return isOther && !isPending ? chosen : shown
}

/** One choice as long as this is mounted. */
interface Wanted extends Chosen {
  /** Something counted in the run changed. */
  changed: string
  /** Rows keep their places while somebody reads them: nothing is looked at again by itself. */
  held: boolean
  /** First and last row on screen. */
  visible: [number, number]
  /** Those that were loaded when the list was left. */
  cursors?: (string | null)[]
}

/** Pages by keyset, loaded as far as one has scrolled; only those on screen are looked at again. */
export function useGalleries({ runId, states, search, changed, held, visible, ...left }: Wanted) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [cursors, setCursors] = useState(left.cursors ?? [null])
  const queryOf = (cursor: string | null) => pageOf(trpc, { runId, states, search }, cursor)
  // biome-ignore lint/correctness/useExhaustiveDependencies: of one run, one set of states and one search
  const queries = useMemo(() => cursors.map(queryOf), [cursors])
  const { rows, next, pending, error } = useQueries({ queries, combine: combined })

  const wantsMore = next !== null && visible[1] >= rows.length - 50
  useEffect(() => {
    if (wantsMore) setCursors((before) => (before.includes(next) ? before : [...before, next]))
  }, [wantsMore, next])

  const reload = () => {
    setCursors([null])
    void queryClient.invalidateQueries(trpc.runs.galleries.queryFilter({ id: runId }))
  }
  useThrottled(changed, refreshMilliseconds, () => {
    if (held) return
    // In one state galleries come and go, and with them the borders of the pages.
    if (states) return reload()
    const [first, last] = visible.map((row) => Math.floor(row / pageRows)) as [number, number]
    for (const cursor of cursors.slice(first, last + 1))
      void queryClient.invalidateQueries({ queryKey: queryOf(cursor).queryKey })
  })
  return { rows, cursors, more: next !== null, pending, error, reload }
}

function pageOf(trpc: ReturnType<typeof useTRPC>, { runId, states, search }: Chosen, cursor: string | null) {
  return trpc.runs.galleries.queryOptions(
    { id: runId, states: states ?? undefined, search: search || undefined, cursor, limit: pageRows },
    { staleTime: Number.POSITIVE_INFINITY },
  )
}

type Looked = UseQueryResult<Outputs['runs']['galleries'], TRPCClientErrorLike<AppRouter>>

function combined(pages: Looked[]) {
  return {
    rows: pages.flatMap((page) => page.data?.galleries ?? []),
    next: pages.at(-1)?.data?.nextCursor ?? null,
    pending: pages[0]?.isPending ?? true,
    error: pages.find((page) => page.error)?.error ?? null,
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
