'use client'
// The rows of the run list: pages by keyset as far as one has scrolled, one subscription for what is on screen. While
// somebody reads, no row comes, goes or moves by itself: what would is counted, and shown when they say so.
import { useDebouncedValue } from '@mantine/hooks'
import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { RunQuery, RunTab } from '#server/run-search.ts'
import { gatherer } from '../live/gathered.ts'
import { type Live, useLive } from '../live/use-live.ts'
import { type Outputs, useTRPC, useTRPCClient } from '../trpc.ts'

type Page = Outputs['search']['runs']
export type FoundRun = Page['runs'][number]

interface LiveRows {
  counts: Record<RunTab, number>
  fresh: number
  runs: FoundRun[]
}

const blockRows = 40
/** So far before its end a page more is asked for. */
const leadRows = 60
/** Scrolling through rows asks for nothing of them; resting on them does. */
const restMilliseconds = 250
const refreshMilliseconds = 2000

interface Wanted {
  query: RunQuery
  /** Somebody reads, has something selected, or is further down. */
  held: boolean
  /** First and last row on screen. */
  visible: [number, number]
}

export function useRunRows({ query, held, visible }: Wanted) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const options = trpc.search.runs.infiniteQueryOptions(
    { query },
    {
      getNextPageParam: (page) => page.nextCursor,
      placeholderData: keepPreviousData,
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 10 * 60_000,
    },
  )
  const pages = useInfiniteQuery(options)
  const loaded = useHeld(JSON.stringify(query), pages.isPlaceholderData, pages.data, held)
  const { rows, has } = loaded.gathered
  const top = loaded.shown?.pages[0]?.top ?? null

  const live = useLiveRows({ query, top, rows, visible, ready: !pages.isPlaceholderData && pages.data !== undefined })
  const now = (run: FoundRun) => live.latest.get(run.id) ?? run
  const { view } = live
  // biome-ignore lint/correctness/useExhaustiveDependencies: the view brings the latest of its rows
  const moved = useMemo(
    () => [...live.latest.values()].filter((run) => has(run.id) && !belongs(run, query.tab ?? 'all')).length,
    [view, has, query.tab],
  )
  const fresh = Math.max(view?.fresh ?? 0, loaded.waiting)

  const reload = async () => {
    // From the top: rows have come in between, and with them the borders of the pages are others.
    queryClient.setQueryData<InfiniteData<Page, string | null>>(options.queryKey, (data) =>
      data ? { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) } : data,
    )
    loaded.release()
    await queryClient.invalidateQueries({ queryKey: options.queryKey })
  }
  useReload(!held && fresh + moved > 0, reload)

  const nearEnd = visible[1] >= rows.length - leadRows
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  useEffect(() => {
    if (nearEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [nearEnd, hasNextPage, isFetchingNextPage, fetchNextPage])

  return {
    /** As they were loaded. */
    rows,
    /** One of them as it is now. */
    now,
    counts: live.counts,
    connection: live.connection,
    refused: live.refused,
    pending: pages.isPending,
    /** Rows of the filter before, until those of this one are there. */
    changing: pages.isPlaceholderData,
    error: pages.error,
    more: hasNextPage,
    fetchMore: fetchNextPage,
    fresh,
    moved,
    reload,
  }
}

type Pages = InfiniteData<Page, unknown> | undefined

/** What is shown of a list stays while it is held, but for what is added at its end. `key`: another one is another list. */
function useHeld(key: string, isOfOther: boolean, data: Pages, held: boolean) {
  const [list, setList] = useState<{ key: string | null; shown: Pages }>({ key: null, shown: undefined })
  const [released, setReleased] = useState(false)
  const [gather] = useState(() => gatherer<FoundRun>())
  const gathered = gather(useMemo(() => list.shown?.pages.map((page) => page.runs) ?? [], [list.shown]))
  const { goesOn, waiting } = useMemo(() => difference(list.shown, data), [list.shown, data])
  const isAnother = list.key !== key && !isOfOther
  if (data !== undefined && (isAnother || (list.key === key && data !== list.shown && (!held || goesOn || released)))) {
    setList({ key, shown: data })
    setReleased(false)
  }
  return {
    shown: list.shown,
    gathered,
    waiting: list.key !== key ? 0 : waiting,
    release: () => setReleased(true),
  }
}

/** Whether rows have only been added at the end, and else how many are new among those that were there. */
function difference(shown: Pages, data: Pages): { goesOn: boolean; waiting: number } {
  const before = shown?.pages ?? []
  if (before.every((page, at) => data?.pages[at] === page)) return { goesOn: true, waiting: 0 }
  const idsOf = (pages: Page[]) => [...new Set(pages.flatMap((page) => page.runs.map((run) => run.id)))]
  const [old, ids] = [idsOf(before), idsOf(data?.pages ?? [])]
  const known = new Set(old)
  return {
    goesOn: old.every((id, index) => ids[index] === id),
    waiting: ids.slice(0, old.length).filter((id) => !known.has(id)).length,
  }
}

interface Watched {
  query: RunQuery
  top: string | null
  rows: FoundRun[]
  visible: [number, number]
  ready: boolean
}

/** Follows the rows around those on screen, in whole blocks, so that scrolling a little asks for nothing. */
function useLiveRows({ query, top, rows, visible, ready }: Watched) {
  const client = useTRPCClient()
  const [latest] = useState(() => new Map<string, FoundRun>())
  const from = Math.floor(visible[0] / blockRows)
  const to = Math.floor(visible[1] / blockRows) + 1
  const [rested] = useDebouncedValue(`${from} ${to}`, restMilliseconds)
  const ids = rows.slice(...rested.split(' ').map((block) => Number(block) * blockRows)).map((row) => row.id)
  const asked = { query, top, ids }
  const key = JSON.stringify(asked)
  const live = useLive<LiveRows>(ready ? `run list ${key}` : 'run list', (handlers) =>
    ready ? client.search.followRuns.subscribe(asked, handlers) : { unsubscribe() {} },
  )
  const last = useRef<{ query: string; view: LiveRows } | null>(null)
  const queryKey = JSON.stringify(query)
  if (live.view && last.current?.view !== live.view) {
    for (const run of live.view.runs) latest.set(run.id, run)
    last.current = { query: queryKey, view: live.view }
  }
  // Looking at other rows is no loss of the connection.
  const known = last.current?.query === queryKey ? last.current.view : undefined
  const connection: Live<LiveRows>['connection'] =
    live.connection.state === 'connecting' && last.current ? { ...live.connection, state: 'live' } : live.connection
  return {
    latest,
    view: known,
    /** Those of the filter before, until those of this one are there. */
    counts: last.current?.view.counts ?? null,
    connection,
    refused: live.refused,
  }
}

const ofTab: Record<RunTab, (run: FoundRun) => boolean> = {
  all: () => true,
  attention: ({ state, attention, totals }) =>
    ['blocked', 'planned', 'failed'].includes(state) ||
    (state === 'running' && attention > 0) ||
    (state === 'done_with_problems' && totals.failed > 0),
  planned: ({ state }) => state === 'planned',
  moving: ({ state }) => state === 'running' || state === 'surveying',
  paused: ({ state }) => state === 'paused',
  done: ({ state }) => state === 'done',
  problems: ({ state }) => state === 'done_with_problems',
  failed: ({ state }) => state === 'failed',
  cancelled: ({ state }) => state === 'cancelled',
}

const belongs = (run: FoundRun, tab: RunTab) => ofTab[tab](run)

/** At most once in that time, as long as there is reason to. */
function useReload(wanted: boolean, reload: () => Promise<void>): void {
  const latest = useRef(reload)
  latest.current = reload
  const last = useRef(0)
  useEffect(() => {
    if (!wanted) return
    const look = () => {
      last.current = Date.now()
      void latest.current()
    }
    const timer = setTimeout(look, Math.max(0, last.current + refreshMilliseconds - Date.now()))
    return () => clearTimeout(timer)
  }, [wanted])
}
