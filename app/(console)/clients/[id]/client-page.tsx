'use client'
import { Button, Modal, Skeleton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Icon } from '../../../icons.tsx'
import { Connection, Dimmed } from '../../../live/connection.tsx'
import { useRuns } from '../../../live/use-runs.ts'
import { Empty, PageHead, Section, Trouble } from '../../../parts/parts.tsx'
import { RunList } from '../../../run-list/run-list.tsx'
import { AddSource } from '../../../sources/source-form.tsx'
import { expectTest, SourceRow, useSources } from '../../../sources/source-rows.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'

export function ClientPage({ clientId }: { clientId: string }) {
  const client = useQuery(useTRPC().clients.get.queryOptions({ id: clientId }))
  const runs = useRuns(clientId)
  const name = client.data?.name
  useEffect(() => {
    if (name) document.title = `${name} · Pass`
  }, [name])
  if (client.error && !client.data) return <Trouble message={sentence(client.error)!} again={() => client.refetch()} />
  return (
    <>
      <PageHead
        title={name ?? <Skeleton width={240} height={32} />}
        crumbs={[{ href: '/clients', text: 'Clients' }, ...(client.data?.email ? [{ text: client.data.email }] : [])]}
      >
        <Connection connection={runs.connection} />
      </PageHead>
      <Sources clientId={clientId} />
      <Section title="Runs">
        <Dimmed connection={runs.connection}>
          {!runs.view && <Skeleton height={40} my="md" />}
          {runs.view && runs.view.runs.length > 0 && <RunList runs={runs.view.runs} withClient={false} />}
          {runs.view?.runs.length === 0 && (
            <Empty title="No run yet">
              Once a source is connected, a migration shows what is there before anything is copied.
            </Empty>
          )}
        </Dimmed>
      </Section>
    </>
  )
}

function Sources({ clientId }: { clientId: string }) {
  const sources = useSources(clientId)
  const [adding, add] = useDisclosure(false)
  const button = (
    <Button
      size="compact-sm"
      h={30}
      variant={sources.data?.length === 0 ? 'filled' : 'default'}
      leftSection={<Icon name="plus" size={14} />}
      onClick={add.open}
    >
      Add a source
    </Button>
  )
  return (
    <Section title="Sources" actions={sources.data?.length ? button : undefined}>
      {sources.isPending && <Skeleton height={40} my="md" />}
      {sources.error && !sources.data && <Trouble message={sentence(sources.error)!} again={() => sources.refetch()} />}
      {sources.data?.map((source) => (
        <SourceRow key={source.id} source={source} />
      ))}
      {sources.data?.length === 0 && (
        <Empty title="No source yet" action={button}>
          A source is the client’s account at another gallery host. Its credentials are sealed the moment they are
          entered: nobody can read them here again.
        </Empty>
      )}
      <Modal opened={adding} onClose={add.close} title="Add a source">
        <AddSource
          clientId={clientId}
          onBack={add.close}
          onAdded={(id) => {
            expectTest(id)
            add.close()
          }}
        />
      </Modal>
    </Section>
  )
}
