'use client'
import { Button, Select, Skeleton, TextInput } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { exactly } from '../../format.ts'
import { Icon } from '../../icons.tsx'
import { Connection, Dimmed } from '../../live/connection.tsx'
import { useLive } from '../../live/use-live.ts'
import { Ago } from '../../parts/ago.tsx'
import { Empty, PageHead, TextLink, Trouble } from '../../parts/parts.tsx'
import { type Outputs, sentence, useTRPC, useTRPCClient } from '../../trpc.ts'
import classes from './audit.module.css'
import { useFilter } from './use-filter.ts'
import { choicesOfActs, wordOfDetail, wordOfKind, wordsOfAct } from './words.ts'

type Act = Outputs['audit']['list']['acts'][number]

/** Who did what, when, to whom: newest first, never changed. */
export function AuditPage() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const { filter, isOn, set } = useFilter()
  const key = JSON.stringify(filter)
  const newest = useLive<number | null>(`audit ${key}`, (handlers) => client.audit.follow.subscribe(filter, handlers))
  const list = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions(filter, {
      getNextPageParam: (page) => page.nextCursor ?? undefined,
      placeholderData: keepPreviousData,
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
    }),
  )
  const acts = list.data?.pages.flatMap((page) => page.acts) ?? []
  const isThere = list.data !== undefined && !list.isPlaceholderData
  const isBehind = isThere && newest.view != null && newest.view !== (acts[0]?.id ?? null)
  const nothing = isThere && acts.length === 0
  return (
    <>
      <PageHead title="Who did what">
        <Connection connection={newest.connection} />
        <Button
          component="a"
          href={`/audit/export?${new URLSearchParams(filter)}`}
          download
          variant="default"
          size="compact-sm"
          h={30}
          leftSection={<Icon name="file" size={14} />}
        >
          {isOn ? 'These as CSV' : 'All as CSV'}
        </Button>
      </PageHead>
      <Filters />
      {list.isPending && <Skeleton height={240} mt="md" />}
      {list.error && !list.data && <Trouble message={sentence(list.error)!} again={() => list.refetch()} />}
      {isBehind && (
        <Button variant="light" size="compact-sm" mt="md" onClick={() => list.refetch()}>
          Newer acts: show
        </Button>
      )}
      {nothing && isOn && (
        <Empty
          title="Nothing matches"
          action={
            <Button
              variant="default"
              onClick={() => set({ actor: null, act: null, client: null, from: null, to: null })}
            >
              Clear the filters
            </Button>
          }
        >
          Nobody did this in that time.
        </Empty>
      )}
      {nothing && !isOn && (
        <Empty title="Nothing was done yet">
          Whatever somebody makes, changes, shares or downloads is written down here, and no row is ever changed.
        </Empty>
      )}
      {acts.length > 0 && (
        <Dimmed connection={newest.connection}>
          <table className={classes.table} aria-label="Acts">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">Client</th>
                <th scope="col">Upon</th>
              </tr>
            </thead>
            <tbody>
              {acts.map((act) => (
                <ActRow key={act.id} act={act} />
              ))}
            </tbody>
          </table>
        </Dimmed>
      )}
      {list.hasNextPage && (
        <Button variant="default" mt="md" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          Show earlier ones
        </Button>
      )}
    </>
  )
}

function Filters() {
  const trpc = useTRPC()
  const { typed, set, isOn } = useFilter()
  const facets = useQuery(trpc.audit.facets.queryOptions())
  const clients = useQuery(trpc.clients.list.queryOptions())
  const actors = facets.data?.actors ?? []
  return (
    <search className={classes.filters} aria-label="Which acts">
      <Select
        className={classes.choice}
        label="Person"
        placeholder="anybody"
        size="xs"
        searchable
        clearable
        limit={200}
        data={typed.actor && !actors.includes(typed.actor) ? [typed.actor, ...actors] : actors}
        value={typed.actor}
        onChange={(actor) => set({ actor })}
      />
      <Select
        className={classes.choice}
        label="Act"
        placeholder="anything"
        size="xs"
        searchable
        clearable
        data={choicesOfActs(facets.data?.acts ?? [])}
        value={typed.act}
        onChange={(act) => set({ act })}
      />
      <Select
        className={`${classes.choice} ${classes.client}`}
        label="Client"
        placeholder="any"
        size="xs"
        searchable
        clearable
        limit={200}
        data={(clients.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        value={typed.client}
        onChange={(client) => set({ client })}
      />
      <TextInput
        label="From"
        size="xs"
        type="date"
        value={typed.from ?? ''}
        max={typed.to ?? undefined}
        onChange={(event) => set({ from: event.currentTarget.value || null })}
      />
      <TextInput
        label="Until"
        size="xs"
        type="date"
        value={typed.to ?? ''}
        min={typed.from ?? undefined}
        onChange={(event) => set({ to: event.currentTarget.value || null })}
      />
      {isOn && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          h={30}
          onClick={() => set({ actor: null, act: null, client: null, from: null, to: null })}
        >
          Clear
        </Button>
      )}
    </search>
  )
}

function ActRow({ act: { at, actor, act, client, subject, data } }: { act: Act }) {
  const [open, setOpen] = useState(false)
  const details = Object.entries(data)
  return (
    <tr data-testid="act">
      <td className={classes.dim}>
        <Ago time={at} />
      </td>
      <td>{actor}</td>
      <td>
        <span>{wordsOfAct(act)}</span> <code className={classes.code}>{act}</code>
      </td>
      <td>{client && <TextLink href={`/clients/${client.id}`}>{client.name}</TextLink>}</td>
      <td className={classes.subject}>
        <Subject act={act} subject={subject} />
        {details.length > 0 && (
          <button type="button" className={classes.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name={open ? 'chevronDown' : 'chevronRight'} size={12} />
            {open ? 'details' : summaryOf(details)}
          </button>
        )}
        {open && (
          <dl className={classes.details}>
            {details.map(([name, value]) => (
              <div key={name}>
                <dt>{wordOfDetail(name)}</dt>
                <dd>{textOf(value)}</dd>
              </div>
            ))}
          </dl>
        )}
      </td>
    </tr>
  )
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

function Subject({ act, subject }: { act: string; subject: string }) {
  if (!uuid.test(subject)) return <span className={classes.wrap}>{subject}</span>
  const short = <code className={classes.code}>{subject.slice(0, 8)}</code>
  if (act.startsWith('run.')) return <TextLink href={`/runs/${subject}`}>run {short}</TextLink>
  if (act.startsWith('client.')) return <TextLink href={`/clients/${subject}`}>client {short}</TextLink>
  return (
    <span title={subject}>
      {wordOfKind(act)} {short}
    </span>
  )
}

const moment = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/

/** Moments as the person reads times; lists and numbers as they are. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return moment.test(value) ? exactly(new Date(value)) : value
  return JSON.stringify(value)
}

const longest = 40

function summaryOf(details: [string, unknown][]): string {
  const text = details.map(([name, value]) => `${wordOfDetail(name)} ${textOf(value)}`).join(', ')
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
