'use client'
import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useSearchParams } from 'next/navigation'
import { count, counted } from '../../format.ts'
import { Connection, Dimmed, FirstLook } from '../../live/connection.tsx'
import { useLive } from '../../live/use-live.ts'
import { Empty, PageHead, Trouble } from '../../parts/parts.tsx'
import { type Outputs, sentence, useTRPC, useTRPCClient } from '../../trpc.ts'
import { DeliveryRow } from '../clients/[id]/webhooks/delivery-row.tsx'
import classes from '../clients/[id]/webhooks/webhooks.module.css'
import { ReplayFailed } from '../clients/[id]/webhooks/webhooks-page.tsx'
import { useHeldBack } from './use-held-back.ts'

type Page = Outputs['webhooks']['list']
type Counts = Page['counts']
const filters = ['all', 'failed', 'waiting', 'delivered'] as const
type Filter = (typeof filters)[number]

/** What all clients' systems were told, and what they said to that. */
export function EverybodysWebhooksPage({ mayAct }: { mayAct: boolean }) {
  const given = useSearchParams().get('state')
  const filter: Filter = filters.find((each) => each === given) ?? 'all'
  const state = filter === 'all' ? undefined : filter
  const client = useTRPCClient()
  const { view, connection, refused } = useLive<Page>(`webhooks ${filter}`, (handlers) =>
    client.webhooks.follow.subscribe({ state }, handlers),
  )
  if (refused) return <Trouble message={refused.message} />
  const nothing = filter === 'all' && view?.deliveries.length === 0
  return (
    <>
      <PageHead title={view ? headline(view.counts) : 'Webhooks'}>
        <Connection connection={connection} />
        {view && view.counts.failed > 0 && <ReplayFailed failed={view.counts.failed} clientId={null} mayAct={mayAct} />}
      </PageHead>
      {!nothing && (
        <SegmentedControl
          size="xs"
          aria-label="Which messages"
          value={filter}
          onChange={(value) =>
            window.history.replaceState(null, '', value === 'all' ? '/webhooks' : `/webhooks?state=${value}`)
          }
          data={filters.map((value) => ({ value, label: labelOf(value, view?.counts) }))}
        />
      )}
      {!view && (
        <FirstLook connection={connection}>
          <Skeleton height={40} my="md" />
          <Skeleton height={40} my="md" />
        </FirstLook>
      )}
      {view && (
        <Dimmed connection={connection}>
          {view.deliveries.length === 0 ? (
            <None filter={filter} />
          ) : (
            <Messages key={filter} view={view} state={state} />
          )}
        </Dimmed>
      )}
    </>
  )
}

function headline({ failed, waiting }: Counts): string {
  const wait = waiting > 0 ? `${counted(waiting, 'message')} on ${waiting === 1 ? 'its' : 'their'} way` : null
  if (failed > 0) return `${counted(failed, 'message')} failed${wait ? `, ${wait.replace(/ messages?/, '')}` : ''}`
  return wait ?? 'No message failed'
}

function labelOf(filter: Filter, counts: Counts | undefined): string {
  const n = counts && filter !== 'all' ? counts[filter] : null
  return n === null ? filter : `${filter} ${count(n)}`
}

function None({ filter }: { filter: Filter }) {
  if (filter !== 'all')
    return <p className={classes.none}>None of the last 30 days. The other messages are under “all”.</p>
  return (
    <Empty title="Nothing was to be told yet">
      An upload that names an address (<code>notifyUrl</code>) is told when its pictures are ready: at once, and again
      for a day where nobody answers. The messages of all clients are listed here for 30 days.
    </Empty>
  )
}

/** The newest, live; earlier ones on demand, as they were then. */
function Messages({ view, state }: { view: Page; state: Exclude<Filter, 'all'> | undefined }) {
  const trpc = useTRPC()
  const { rows, held, show, list } = useHeldBack(view.deliveries)
  const earlier = useInfiniteQuery(
    trpc.webhooks.list.infiniteQueryOptions(
      { state },
      { enabled: false, initialCursor: view.nextCursor, getNextPageParam: (page) => page.nextCursor ?? undefined },
    ),
  )
  const known = new Set(rows.map(({ id }) => id))
  const more = (earlier.data?.pages.flatMap((page) => page.deliveries) ?? []).filter(({ id }) => !known.has(id))
  const isMore = earlier.data ? earlier.hasNextPage : view.nextCursor !== null
  return (
    <>
      {held > 0 && (
        <Button variant="light" size="compact-sm" mt="sm" onClick={show}>
          {counted(held, 'new message')}: show
        </Button>
      )}
      <ul className={classes.list} {...list}>
        {[...rows, ...more].map((delivery) => (
          <DeliveryRow key={delivery.id} of={delivery} withClient />
        ))}
      </ul>
      {earlier.error && <Trouble message={sentence(earlier.error)!} again={() => earlier.refetch()} />}
      {isMore && (
        <Button
          variant="default"
          mt="md"
          loading={earlier.isFetching}
          onClick={() => (earlier.data ? earlier.fetchNextPage() : earlier.refetch())}
        >
          Show earlier ones
        </Button>
      )}
    </>
  )
}
