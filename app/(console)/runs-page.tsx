'use client'
import { Button, Skeleton } from '@mantine/core'
import Link from 'next/link'
import { counted } from '../format.ts'
import { Connection, Dimmed, FirstLook } from '../live/connection.tsx'
import { useRuns } from '../live/use-runs.ts'
import { Empty, PageHead, Section, Trouble } from '../parts/parts.tsx'
import { RunList, type RunRow } from '../run-list/run-list.tsx'
import { OpenProblems } from '../sharing/open-problems.tsx'

/** What needs a person first, then what moves, then what is over. */
const groups: { title: string; aside: string; has: (run: RunRow) => boolean }[] = [
  {
    title: 'Waiting for you',
    aside: 'start, answer or look',
    has: ({ state, totals }) =>
      ['blocked', 'planned', 'failed'].includes(state) || (state === 'done_with_problems' && totals.failed > 0),
  },
  { title: 'Moving', aside: '', has: ({ state }) => state === 'running' || state === 'surveying' },
  { title: 'Paused', aside: '', has: ({ state }) => state === 'paused' },
  { title: 'Finished', aside: '', has: () => true },
]

export function RunsPage() {
  const { view, connection, refused } = useRuns()
  if (refused) return <Trouble message={refused.message} />
  return (
    <>
      <PageHead title={view ? headline(view.runs) : 'Runs'}>
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
      <OpenProblems />
      {view?.runs.length === 0 && <NoRuns />}
      {view && (
        <Dimmed connection={connection}>
          {grouped(view.runs).map(({ title, aside, runs }) => (
            <Section key={title} title={title} aside={aside || counted(runs.length, 'run')}>
              <RunList runs={runs} withClient />
            </Section>
          ))}
          {view.nextCursor && <p>Older runs are on the pages of their clients.</p>}
        </Dimmed>
      )}
    </>
  )
}

/** The first line answers: does anything need me, and does it move? */
function headline(runs: RunRow[]): string {
  const [waiting, moving] = [groups[0]!, groups[1]!].map(({ has }) => runs.filter(has).length) as [number, number]
  if (runs.length === 0) return 'Runs'
  const moves = moving === 0 ? 'nothing is moving' : moving === 1 ? 'one run is moving' : `${moving} runs are moving`
  if (waiting === 0) return `Nothing waits for you, ${moves}`
  return `${waiting === 1 ? 'One run waits' : `${waiting} runs wait`} for you, ${moves}`
}

/** Each run stands in the first group that has it. */
function grouped(runs: RunRow[]) {
  return groups
    .map(({ title, aside, has }, index) => ({
      title,
      aside,
      runs: runs.filter((run) => has(run) && !groups.slice(0, index).some((earlier) => earlier.has(run))),
    }))
    .filter((group) => group.runs.length > 0)
}

function NoRuns() {
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
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={40} my="md" />
      ))}
    </div>
  )
}
