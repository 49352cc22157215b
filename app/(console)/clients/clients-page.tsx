'use client'
import { Button, Skeleton, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { WaitingDeletions } from '../../deletion/waiting.tsx'
import { count, counted } from '../../format.ts'
import { Icon } from '../../icons.tsx'
import { Ago, Empty, PageHead, Trouble } from '../../parts/parts.tsx'
import { State } from '../../states/state.tsx'
import { runStates, wordsOf } from '../../states/states.ts'
import { type Outputs, sentence, useTRPC } from '../../trpc.ts'
import classes from './clients.module.css'
import { NewClient } from './new-client.tsx'

type Client = Outputs['clients']['list'][number]

export function ClientsPage() {
  const trpc = useTRPC()
  const router = useRouter()
  const clients = useQuery(trpc.clients.list.queryOptions())
  const [search, setSearch] = useState('')
  const [adding, add] = useDisclosure(false)
  const needle = search.trim().toLowerCase()
  const found = clients.data?.filter(({ name, email }) => `${name} ${email ?? ''}`.toLowerCase().includes(needle))
  return (
    <>
      <PageHead title={clients.data ? counted(clients.data.length, 'client') : 'Clients'}>
        <TextInput
          aria-label="Search clients"
          placeholder="Name or e-mail"
          leftSection={<Icon name="search" />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          className={classes.search}
        />
        <Button onClick={add.open} leftSection={<Icon name="plus" size={14} />}>
          Add a client
        </Button>
      </PageHead>
      {clients.isPending && [1, 2, 3, 4, 5].map((row) => <Skeleton key={row} height={32} my="md" />)}
      {clients.error && !clients.data && <Trouble message={sentence(clients.error)!} again={() => clients.refetch()} />}
      {clients.data?.length === 0 && (
        <Empty title="No clients yet" action={<Button onClick={add.open}>Add a client</Button>}>
          A client is a photographer or a studio. Their sources, runs and pictures are kept apart from everybody else’s.
        </Empty>
      )}
      {needle && found?.length === 0 && (
        <Empty
          title="Nobody by that name"
          action={
            <Button variant="default" onClick={() => setSearch('')}>
              Clear the search
            </Button>
          }
        >
          No client’s name or e-mail has “{search}” in it.
        </Empty>
      )}
      {found && found.length > 0 && <ClientTable clients={found} />}
      <WaitingDeletions />
      <NewClient opened={adding} onClose={add.close} onMade={(id) => router.push(`/clients/${id}`)} />
    </>
  )
}

function ClientTable({ clients }: { clients: Client[] }) {
  return (
    <ul className={classes.list}>
      {clients.map((client) => (
        <li key={client.id}>
          <Link href={`/clients/${client.id}`} className={classes.row}>
            <span className={classes.name}>
              <b>{client.name}</b>
              <span>{client.email ?? ''}</span>
            </span>
            <span className={classes.dim}>
              {client.sources === 0 ? 'no source yet' : counted(client.sources, 'source')}
              {client.runs > 0 && ` · ${count(client.runs)} ${client.runs === 1 ? 'run' : 'runs'}`}
            </span>
            <span>{client.lastRun && <State of={wordsOf(runStates, client.lastRun.state)} />}</span>
            <span className={classes.when}>
              since <Ago time={client.createdAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
