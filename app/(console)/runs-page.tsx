'use client'
import { Button, Skeleton } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter, useSearchParams } from 'next/navigation'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { BulkBar } from '../bulk/bulk-bar.tsx'
import { count, counted } from '../format.ts'
import { Connection, Dimmed, FirstLook } from '../live/connection.tsx'
import { Empty, PageHead, Trouble } from '../parts/parts.tsx'
import { ExportList } from '../run-list/export-list.tsx'
import { type Filter, isNarrowed, tabWords } from '../run-list/filter.ts'
import classes from '../run-list/filters.module.css'
import { Filters } from '../run-list/filters.tsx'
import { RunTable } from '../run-list/run-table.tsx'
import { Tabs } from '../run-list/tabs.tsx'
import { useFilter } from '../run-list/use-filter.ts'
import { useRunRows } from '../run-list/use-run-rows.ts'
import { type Selection, useSelection } from '../run-list/use-selection.ts'
import { ViewsMenu } from '../run-list/views-menu.tsx'
import { sentence, useTRPC } from '../trpc.ts'

export function RunsPage() {
  const { filter, address, query, change } = useFilter()
  const row = useSearchParams().get('row')
  const selection = useSelection()
  const [reading, setReading] = useState(false)
  const [visible, setVisible] = useState<[number, number]>([0, 20])
  const held = reading || selection.count > 0 || visible[0] > 0
  const list = useRunRows({ query, held, visible })
  const { rows, counts, connection, refused, pending, error } = list
  const onVisible = useCallback((next: [number, number]) => setVisible(next), [])
  const showAll = () => {
    // The button that was pressed goes, and nobody is told that it had the keyboard.
    setReading(false)
    list.reload()
  }
  useExactId(filter.text)
  if (refused) return <Trouble message={refused.message} />
  const total = counts?.[filter.tab] ?? null
  const isEmpty = !pending && !list.changing && rows.length === 0
  return (
    <>
      <PageHead
        title={counts ? (isNarrowed(filter) ? found(counts.all) : headline(counts.attention, counts.moving)) : 'Runs'}
      >
        <Connection connection={connection} />
        <ViewsMenu address={address} />
      </PageHead>
      <Filters filter={filter} change={change} />
      <Tabs
        label="By state"
        words={tabWords}
        counts={counts}
        tab={filter.tab}
        onChange={(tab) => {
          selection.clear()
          change({ tab })
        }}
      />
      <Reading onChange={setReading}>
        <div className={classes.line}>
          <span>{total !== null && (list.more ? `${counted(total, 'run')}` : counted(rows.length, 'run'))}</span>
          <Waiting fresh={list.fresh} moved={list.moved} held={held} show={showAll} />
          <ExportList query={query} total={total} />
        </div>
        {rows.length > 0 && (
          <Dimmed connection={connection}>
            <RunTable
              rows={rows}
              now={list.now}
              total={total}
              selection={selection}
              onVisible={onVisible}
              place={address}
              row={row}
              more={list.more}
              fetchMore={list.fetchMore}
            />
          </Dimmed>
        )}
      </Reading>
      {pending && (
        <FirstLook connection={connection}>
          <Loading />
        </FirstLook>
      )}
      {error && rows.length === 0 && <Trouble message={sentence(error)!} again={list.reload} />}
      {isEmpty && !error && <None filter={filter} change={change} />}
      {selection.count > 0 && <Selected selection={selection} total={total} query={query} now={list.now} />}
    </>
  )
}

/** Of what the filters let through nothing is said of the others. */
const found = (all: number) =>
  all === 0 ? 'No run matches' : `${counted(all, 'run')} ${all === 1 ? 'matches' : 'match'}`

function headline(waiting: number, moving: number): string {
  const moves = moving === 0 ? 'nothing moves' : moving === 1 ? 'one moves' : `${count(moving)} move`
  if (waiting === 0) return `No run needs you, ${moves}`
  return `${waiting === 1 ? 'One run needs' : `${count(waiting)} runs need`} you, ${moves}`
}

/**
 * Whoever has the mouse or the keyboard in here reads. What the list says of itself belongs to it: on the way from a row
 * to that button nothing may move, or the button is gone. A page without rows has nothing to read, and shows what comes.
 */
function Reading({ onChange, children }: { onChange: (reading: boolean) => void; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears what its elements hear, and answers to nothing itself
    <div
      onPointerOver={(event) => onChange(event.pointerType === 'mouse')}
      onPointerLeave={({ currentTarget }) => onChange(currentTarget.querySelector(':focus-visible') !== null)}
      onFocus={() => onChange(true)}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) onChange(false)
      }}
    >
      {children}
    </div>
  )
}

/** What has come or gone meanwhile; the list changes when its reader says so. */
function Waiting({ fresh, moved, held, show }: { fresh: number; moved: number; held: boolean; show: () => void }) {
  if (!held || fresh + moved === 0) return null
  const words = [fresh > 0 && `${count(fresh)} new`, moved > 0 && `${count(moved)} moved on`].filter(Boolean).join(', ')
  const toTop = () => {
    window.scrollTo({ top: 0 })
    show()
  }
  return (
    <Button size="compact-sm" h={30} variant="light" onClick={toTop} aria-label={`${words}: show the list as it is`}>
      {words}
    </Button>
  )
}

interface SelectedProps {
  selection: Selection
  total: number | null
  query: ReturnType<typeof useFilter>['query']
  now: ReturnType<typeof useRunRows>['now']
}

function Selected({ selection, total, query, now }: SelectedProps) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [looking, setLooking] = useState(false)
  const { matched, picked } = selection
  const selectMatching = async () => {
    setLooking(true)
    try {
      selection.match(await queryClient.fetchQuery(trpc.bulk.matching.queryOptions(query, { staleTime: 0 })))
    } finally {
      setLooking(false)
    }
  }
  return (
    <BulkBar
      what={matched ?? { runs: [...picked.values()].map(now) }}
      matching={matched ? null : total}
      selectMatching={() => void selectMatching()}
      looking={looking}
      cut={matched?.cut ?? false}
      clear={selection.clear}
    />
  )
}

/** The whole id of a run is no search: it is gone to at once. */
function useExactId(text: string | undefined): void {
  const router = useRouter()
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  useEffect(() => {
    if (!text || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return
    let isLeft = false
    void queryClient.fetchQuery(trpc.search.run.queryOptions({ id: text.toLowerCase() })).then((run) => {
      // In place of the list: the way back leads to where one came from.
      if (run && !isLeft) router.replace(`/runs/${run.id}`)
    })
    return () => {
      isLeft = true
    }
  }, [text, router, trpc, queryClient])
}

function None({ filter, change }: { filter: Filter; change: (next: Partial<Filter>) => void }) {
  const clear = {
    kind: undefined,
    providers: undefined,
    clientId: undefined,
    staff: undefined,
    from: undefined,
    to: undefined,
    failedAt: undefined,
    text: undefined,
  }
  if (isNarrowed(filter))
    return (
      <Empty
        title="Nothing here"
        action={
          <Button variant="default" onClick={() => change({ ...clear, tab: 'all' })}>
            Clear the filters
          </Button>
        }
      >
        {filter.text
          ? `Nothing has “${filter.text}” in it that these filters let through.`
          : 'These filters let nothing through.'}
      </Empty>
    )
  if (filter.tab !== 'all')
    return (
      <Empty
        title={filter.tab === 'attention' ? 'Nothing needs you' : `None is ${tabWords[filter.tab]}`}
        action={
          <Button variant="default" onClick={() => change({ tab: 'all' })}>
            Show all
          </Button>
        }
      >
        {filter.tab === 'attention' ? 'Every run goes on by itself or is over.' : 'The other tabs have what there is.'}
      </Empty>
    )
  return <NoRuns />
}

export function NoRuns() {
  return (
    <Empty
      title="No runs yet"
      action={
        <Button component={Link} href="/runs/new">
          New migration
        </Button>
      }
    >
      A migration brings a client’s galleries over from another host: choose the client, connect their account, look at
      what is there, start.
    </Empty>
  )
}

function Loading() {
  return (
    <div aria-busy="true" role="status" aria-label="Loading">
      {[1, 2, 3, 4, 5, 6].map((row) => (
        <Skeleton key={row} height={40} my="md" />
      ))}
    </div>
  )
}
