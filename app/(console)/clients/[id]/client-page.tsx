'use client'
import { Button, Modal, Skeleton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { counted } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { Connection, Dimmed } from '../../../live/connection.tsx'
import { useRuns } from '../../../live/use-runs.ts'
import { Empty, PageHead, Section, TextLink, Trouble } from '../../../parts/parts.tsx'
import { ShortId } from '../../../parts/short-id.tsx'
import { useTitle } from '../../../parts/use-title.ts'
import { RunList } from '../../../run-list/run-list.tsx'
import { Sharing } from '../../../sharing/sharing.tsx'
import { AddSource } from '../../../sources/source-form.tsx'
import { expectTest, SourceRow, useSources } from '../../../sources/source-rows.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'
import classes from '../clients.module.css'
import { ClientActs } from './acts.tsx'
import { LastRuns } from './last-runs.tsx'
import { ClientPlaces } from './places.tsx'
import { Keeping } from './retention.tsx'

const runsShown = 20

export function ClientPage({ clientId }: { clientId: string }) {
  const client = useQuery(useTRPC().clients.get.queryOptions({ id: clientId }))
  const runs = useRuns(clientId, runsShown + 1)
  const name = client.data?.name
  useTitle(name && `${name} · Pass`)
  if (client.error && !client.data) return <Trouble message={sentence(client.error)!} again={() => client.refetch()} />
  return (
    <>
      <PageHead
        title={name ?? <Skeleton width={240} height={32} />}
        crumbs={[{ href: '/clients', text: 'Clients' }, ...(client.data?.email ? [{ text: client.data.email }] : [])]}
      >
        <ShortId id={clientId} what="client" />
        <Connection connection={runs.connection} />
      </PageHead>
      <ClientPlaces clientId={clientId} here="" />
      <Sources clientId={clientId} />
      <LockedGalleries clientId={clientId} />
      {client.data && <Sharing clientId={clientId} email={client.data.email} problems={runs.view?.problems ?? []} />}
      <Section
        title="Runs"
        actions={
          <Button component={Link} href={`/uploads/new?client=${clientId}`} size="compact-sm" h={30} variant="default">
            New upload
          </Button>
        }
      >
        <Dimmed connection={runs.connection}>
          {!runs.view && <Skeleton height={40} my="md" />}
          {runs.view && runs.view.runs.length > 0 && <LastRuns runs={runs.view.runs} />}
          {runs.view && <RunList runs={runs.view.runs.slice(0, runsShown)} withClient={false} />}
          {runs.view && runs.view.runs.length > runsShown && (
            <p className={classes.line}>
              <TextLink href={`/runs?client=${clientId}`}>All runs of this client</TextLink>
            </p>
          )}
          {runs.view?.runs.length === 0 && (
            <Empty title="No run yet">
              Once a source is connected, a migration shows what is there before anything is copied.
            </Empty>
          )}
        </Dimmed>
      </Section>
      <ClientActs clientId={clientId} />
      {name && <Keeping clientId={clientId} name={name} />}
    </>
  )
}

/** Galleries that are private here because nobody has told their password. */
function LockedGalleries({ clientId }: { clientId: string }) {
  const list = useQuery(useTRPC().passwords.list.queryOptions({ clientId }))
  if (!list.data || list.data.galleries.length === 0) return null
  const { missing } = list.data
  return (
    <Section
      title="Gallery passwords"
      actions={
        <Button component={Link} href={`/clients/${clientId}/passwords`} size="compact-sm" h={30} variant="default">
          {missing > 0 ? 'Fill in' : 'Look at them'}
        </Button>
      }
    >
      <p className={classes.line}>
        {missing > 0
          ? `${counted(missing, 'gallery', 'galleries')} ${missing === 1 ? 'is' : 'are'} private here until ${missing === 1 ? 'its' : 'their'} password is filled in.`
          : 'Every gallery that needs a password has one.'}
      </p>
    </Section>
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
