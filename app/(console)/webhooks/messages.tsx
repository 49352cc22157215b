'use client'
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { counted } from '../../format.ts'
import { Trouble } from '../../parts/parts.tsx'
import { type Outputs, sentence, useTRPC } from '../../trpc.ts'
import { DeliveryRow } from '../clients/[id]/webhooks/delivery-row.tsx'
import classes from '../clients/[id]/webhooks/webhooks.module.css'
import { useHeldBack } from './use-held-back.ts'

export type MessagePage = Outputs['webhooks']['list']
export const filterWords = { all: 'all', failed: 'failed', waiting: 'waiting', delivered: 'delivered' } as const
export type MessageFilter = keyof typeof filterWords

interface Props {
  view: MessagePage
  /** As long as this is mounted. */
  of: { clientId?: string; state?: Exclude<MessageFilter, 'all'> }
  withClient?: boolean
}

/** The newest, live; earlier ones on demand, as they were then. */
export function Messages({ view, of, withClient = false }: Props) {
  const trpc = useTRPC()
  const { rows, held, show, list } = useHeldBack(view.deliveries)
  const earlier = useInfiniteQuery(
    trpc.webhooks.list.infiniteQueryOptions(of, {
      enabled: false,
      initialCursor: view.nextCursor,
      getNextPageParam: (page) => page.nextCursor ?? undefined,
    }),
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
          <DeliveryRow key={delivery.id} of={delivery} withClient={withClient} />
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
