'use client'
import { Button, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue, useDisclosure } from '@mantine/hooks'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter, useSearchParams } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import type { ClientTab } from '#server/client-search.ts'
import { WaitingDeletions } from '../../deletion/waiting.tsx'
import { count, counted } from '../../format.ts'
import { Icon } from '../../icons.tsx'
import { Ago } from '../../parts/ago.tsx'
import { Empty, PageHead, Trouble } from '../../parts/parts.tsx'
import { Tabs } from '../../run-list/tabs.tsx'
import { State } from '../../states/state.tsx'
import { wordsOfRun } from '../../states/states.ts'
import { type Outputs, sentence, useTRPC } from '../../trpc.ts'
import classes from './clients.module.css'
import { NewClient } from './new-client.tsx'

type Client = Outputs['search']['clients']['clients'][number]

const tabWords = { all: 'all', attention: 'needs you', moving: 'moving', none: 'no run yet' } as const satisfies Record<
  ClientTab,
  string
>

export function ClientsPage() {
  const router = useRouter()
  const { tab, text, change, isNew } = useClientFilter()
  const [typed, setTyped] = useState(text)
  const [settled] = useDebouncedValue(typed.trim(), 200)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed changes the address
  useEffect(() => {
    if (settled !== text) change({ text: settled })
  }, [settled])
  const [adding, add] = useDisclosure(isNew)
  const pages = useInfiniteQuery(
    useTRPC().search.clients.infiniteQueryOptions(
      { tab, text },
      { getNextPageParam: (page) => page.nextCursor, placeholderData: keepPreviousData },
    ),
  )
  const clients = pages.data?.pages.flatMap((page) => page.clients)
  const counts = pages.data?.pages[0]?.counts ?? null
  const clear = () => {
    setTyped('')
    change({ text: '', tab: 'all' })
  }
  const isNarrowed = text !== '' || tab !== 'all'
  const isEmpty = clients?.length === 0 && !isNarrowed && typed === ''
  return (
    <>
      <PageHead title={counts && counts.all > 0 && text === '' ? counted(counts.all, 'client') : 'Clients'}>
        {!isEmpty && (
          <Button onClick={add.open} leftSection={<Icon name="plus" size={14} />}>
            Add a client
          </Button>
        )}
      </PageHead>
      {!isEmpty && (
        <div className={classes.filters}>
          <TextInput
            data-search
            aria-label="Search clients"
            placeholder="Name or e-mail"
            leftSection={<Icon name="search" />}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            className={classes.search}
          />
          <Tabs
            label="By what they need"
            words={tabWords}
            counts={counts}
            tab={tab}
            onChange={(next) => change({ tab: next })}
          />
        </div>
      )}
      {pages.isPending && [1, 2, 3, 4, 5].map((row) => <Skeleton key={row} height={32} my="md" />)}
      {pages.error && !clients && <Trouble message={sentence(pages.error)!} again={() => pages.refetch()} />}
      {clients?.length === 0 && !isNarrowed && (
        <Empty title="No clients yet" action={<Button onClick={add.open}>Add a client</Button>}>
          A client is a photographer or a studio. Their sources, runs and pictures are kept apart from everybody else’s.
        </Empty>
      )}
      {clients?.length === 0 && isNarrowed && (
        <Empty
          title={text ? 'Nobody by that name' : 'None of them'}
          action={
            <Button variant="default" onClick={clear}>
              Show all
            </Button>
          }
        >
          {text ? `No client’s name or e-mail has “${text}” in it here.` : `No client is under “${tabWords[tab]}”.`}
        </Empty>
      )}
      {clients && clients.length > 0 && (
        <>
          <TableHead />
          <ClientTable clients={clients} />
        </>
      )}
      <More wanted={pages.hasNextPage && !pages.isFetchingNextPage} fetch={() => void pages.fetchNextPage()} />
      <WaitingDeletions />
      <NewClient opened={adding} onClose={add.close} onMade={(id) => router.push(`/clients/${id}`)} />
    </>
  )
}

/** As it stands in the address. */
function useClientFilter() {
  const params = useSearchParams()
  const given = params.get('tab')
  const tab = given !== null && Object.hasOwn(tabWords, given) ? (given as ClientTab) : 'all'
  const text = params.get('q')?.trim() ?? ''
  const change = (next: { tab?: ClientTab; text?: string }) => {
    const query = new URLSearchParams()
    const all = { tab, text, ...next }
    if (all.tab !== 'all') query.set('tab', all.tab)
    if (all.text) query.set('q', all.text)
    window.history.replaceState(null, '', `${window.location.pathname}${query.size > 0 ? `?${query}` : ''}`)
  }
  return { tab, text, change, isNew: params.has('new') }
}

/** Below the last row: whoever comes near it gets the next page. */
function More({ wanted, fetch }: { wanted: boolean; fetch: () => void }) {
  const end = useRef<HTMLDivElement>(null)
  const latest = useRef(fetch)
  latest.current = fetch
  useEffect(() => {
    if (!wanted || !end.current) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      rootMargin: '600px',
    })
    observer.observe(end.current)
    return () => observer.disconnect()
  }, [wanted])
  return <div ref={end} />
}

/** For the eye: each row is one link, and read as a whole. */
function TableHead() {
  return (
    <div className={classes.head} aria-hidden="true">
      <span>Client</span>
      <span>Sources and runs</span>
      <span>Last run</span>
      <span>When</span>
    </div>
  )
}

function ClientTable({ clients }: { clients: Client[] }) {
  return (
    <ul className={classes.list}>
      {clients.map((client) => (
        <li key={client.id} data-row={client.id}>
          <Link href={`/clients/${client.id}`} prefetch={false} className={classes.row}>
            <span className={classes.name}>
              <b>{client.name}</b>
              <span>{client.email ?? ''}</span>
            </span>
            <span className={classes.dim}>
              {client.sources === 0 ? 'no source yet' : counted(client.sources, 'source')}
              {client.runs > 0 && ` · ${count(client.runs)} ${client.runs === 1 ? 'run' : 'runs'}`}
            </span>
            <span>{client.lastRun && <State of={wordsOfRun(client.lastRun)} />}</span>
            <span className={classes.when}>
              {client.lastRun ? (
                <Ago time={client.lastRun.at} ofRow />
              ) : (
                <>
                  since <Ago time={client.createdAt} ofRow />
                </>
              )}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
