'use client'
import { Button, Skeleton } from '@mantine/core'
import Link from 'next/link'
import { useEffect, useState } from 'react'
import type { OpenProblem } from '#server/replies.ts'
import { NoRuns } from '../(console)/runs-page.tsx'
import { count, counted } from '../format.ts'
import { Connection, Dimmed, FirstLook } from '../live/connection.tsx'
import { type Live, useLive } from '../live/use-live.ts'
import { Empty, PageHead, Section, TextLink, Trouble } from '../parts/parts.tsx'
// What needs me, what moves, what has ended since yesterday.
import { useTitle } from '../parts/use-title.ts'
import { RunList } from '../run-list/run-list.tsx'
import type { RunRow } from '../run-list/run-row.tsx'
import { OpenProblems } from '../sharing/open-problems.tsx'
import { useTRPCClient } from '../trpc.ts'

interface HomeView {
  attention: Group
  moving: Group
  finished: Group
  problems: OpenProblem[]
}

interface Group {
  runs: RunRow[]
  count: number
}

export function Home() {
  const { view, connection, refused } = useHome()
  const waiting = view?.attention.count
  useTitle(waiting === undefined ? null : waiting > 0 ? `(${waiting}) Home · Pass` : 'Home · Pass')
  if (refused) return <Trouble message={refused.message} />
  return (
    <>
      <PageHead title={view ? headline(view) : 'Home'}>
        <Connection connection={connection} />
        <Button component={Link} href="/uploads/new" variant="default">
          New upload
        </Button>
      </PageHead>
      {!view && (
        <FirstLook connection={connection}>
          <Loading />
        </FirstLook>
      )}
      {view && (
        <Dimmed connection={connection}>
          <OpenProblems problems={view.problems} ofAll />
          <Groups view={view} />
        </Dimmed>
      )}
    </>
  )
}

function Groups({ view: { attention, moving, finished } }: { view: HomeView }) {
  if (attention.count + moving.count + finished.count === 0) return <Quiet />
  return (
    <>
      <HomeSection title="Needs you" group={attention} all="/runs?tab=attention" aside="start, answer or look" />
      <HomeSection title="Moving" group={moving} all="/runs?tab=moving" />
      <HomeSection title="Ended since yesterday" group={finished} all="/runs?order=changed" />
    </>
  )
}

interface HomeSectionProps {
  title: string
  group: Group
  /** The list that has them all. */
  all: string
  aside?: string
}

function HomeSection({ title, group: { runs, count: number }, all, aside }: HomeSectionProps) {
  if (number === 0) return null
  const rest = number - runs.length
  return (
    <Section
      title={title}
      aside={aside ?? counted(number, 'run')}
      actions={<TextLink href={all}>{rest > 0 ? `All ${count(number)}` : 'As a list'}</TextLink>}
    >
      <RunList runs={runs} withClient />
    </Section>
  )
}

/** The first line answers: does anything need me, and does it move? */
function headline({ attention, moving }: HomeView): string {
  const alone = attention.count === 0
  const moves =
    moving.count === 0
      ? `nothing ${alone ? 'is' : 'else is'} moving`
      : moving.count === 1
        ? `one ${alone ? 'run' : 'other'} is moving`
        : `${count(moving.count)} ${alone ? 'runs' : 'others'} are moving`
  if (alone) return `Nothing waits for you, ${moves}`
  return `${attention.count === 1 ? 'One run waits' : `${count(attention.count)} runs wait`} for you, ${moves}`
}

/** Nothing to tell of today: there may be older runs, or none at all. */
function Quiet() {
  const [any, setAny] = useState<boolean>()
  const client = useTRPCClient()
  useEffect(() => {
    void client.search.runs.query({ query: {}, limit: 1 }).then(({ runs }) => setAny(runs.length > 0))
  }, [client])
  if (any === undefined) return null
  if (!any) return <NoRuns />
  return (
    <Empty
      title="All quiet"
      action={
        <Button component={Link} href="/runs" variant="default">
          All runs
        </Button>
      }
    >
      No run needs you, none moves, and none has ended since yesterday.
    </Empty>
  )
}

function useHome(): Live<HomeView> {
  const client = useTRPCClient()
  const [since] = useState(startOfYesterday)
  return useLive<HomeView>('home', (handlers) => client.search.followHome.subscribe({ since }, handlers))
}

function startOfYesterday(): Date {
  const day = new Date()
  day.setDate(day.getDate() - 1)
  day.setHours(0, 0, 0, 0)
  return day
}

function Loading() {
  return (
    <div aria-busy="true" role="status" aria-label="Loading">
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={40} my="md" />
      ))}
    </div>
  )
}
