'use client'
import { Skeleton } from '@mantine/core'
import { useSearchParams } from 'next/navigation'
import { useState } from 'react'
import { counted } from '../../format.ts'
import { Connection, Dimmed, FirstLook } from '../../live/connection.tsx'
import { useLive } from '../../live/use-live.ts'
import { Empty, PageHead, Trouble } from '../../parts/parts.tsx'
import { Tabs } from '../../run-list/tabs.tsx'
import { useTRPCClient } from '../../trpc.ts'
import classes from '../clients/[id]/webhooks/webhooks.module.css'
import { ReplayFailed } from '../clients/[id]/webhooks/webhooks-page.tsx'
import { filterWords, type MessageFilter, type MessagePage, Messages } from './messages.tsx'

type Counts = MessagePage['counts']

/** What all clients' systems were told, and what they said to that. */
export function EverybodysWebhooksPage({ mayAct }: { mayAct: boolean }) {
  const given = useSearchParams().get('state')
  const filter = given !== null && Object.hasOwn(filterWords, given) ? (given as MessageFilter) : 'all'
  const state = filter === 'all' ? undefined : filter
  const client = useTRPCClient()
  const { view, connection, refused } = useLive<MessagePage>(`webhooks ${filter}`, (handlers) =>
    client.webhooks.follow.subscribe({ state }, handlers),
  )
  // Those of the tab before, until those of this one are there.
  const [counts, setCounts] = useState<Counts>()
  if (view && view.counts !== counts) setCounts(view.counts)
  if (refused) return <Trouble message={refused.message} />
  const nothing = filter === 'all' && view?.deliveries.length === 0
  return (
    <>
      <PageHead title={view ? headline(view.counts) : 'Webhooks'}>
        <Connection connection={connection} />
        {view && view.counts.failed > 0 && <ReplayFailed failed={view.counts.failed} clientId={null} mayAct={mayAct} />}
      </PageHead>
      {!nothing && (
        <Tabs
          label="Which messages"
          words={filterWords}
          counts={counts ? { all: null, ...counts } : null}
          tab={filter}
          onChange={(tab) =>
            window.history.replaceState(null, '', tab === 'all' ? '/webhooks' : `/webhooks?state=${tab}`)
          }
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
            <Messages key={filter} view={view} of={{ state }} withClient />
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

function None({ filter }: { filter: MessageFilter }) {
  if (filter !== 'all')
    return <p className={classes.none}>None of the last 30 days. The other messages are under “all”.</p>
  return (
    <Empty title="Nothing was to be told yet">
      An upload that names an address (<code>notifyUrl</code>) is told when its pictures are ready: at once, and again
      for a day where nobody answers. The messages of all clients are listed here for 30 days.
    </Empty>
  )
}
