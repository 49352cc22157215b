'use client'
import { Button, Checkbox, Group, Radio, Select, Skeleton, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useState } from 'react'
import { Icon } from '../../../icons.tsx'
import { PageHead } from '../../../parts/parts.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { summaryOf } from '../../../presets/summary.ts'
import { useProviderTitle } from '../../../provider-forms.tsx'
import { AddSource } from '../../../sources/source-form.tsx'
import { expectTest, SourceRow, useSources } from '../../../sources/source-rows.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'
import { NewClient } from '../../clients/new-client.tsx'
import classes from './new-run.module.css'

/** Client, source, renditions; then a look at what is there. Nothing is copied before that. */
export function NewRunPage({ clientId, sourceId }: { clientId: string | null; sourceId: string | null }) {
  const router = useRouter()
  const choose = (client: string | null, source: string | null) => {
    const query = new URLSearchParams({ ...(client ? { client } : {}), ...(source ? { source } : {}) })
    router.replace(`/runs/new?${query}`, { scroll: false })
  }
  return (
    <div className={classes.narrow}>
      <PageHead title="New migration" crumbs={[{ href: '/runs', text: 'Runs' }]} />
      <p className={classes.lead}>Nothing is copied before you have seen what is there.</p>
      <Step number={1} title="Client">
        <ChooseClient clientId={clientId} onChoose={(id) => choose(id, null)} />
      </Step>
      <Step number={2} title="Source" open={clientId !== null}>
        {clientId && (
          <ChooseSource
            key={clientId}
            clientId={clientId}
            sourceId={sourceId}
            onChoose={(id) => choose(clientId, id)}
          />
        )}
      </Step>
      <Step number={3} title="Renditions" open={sourceId !== null}>
        {clientId && sourceId && <ChooseRenditions key={clientId} clientId={clientId} sourceId={sourceId} />}
      </Step>
    </div>
  )
}

export function Step({
  number,
  title,
  open = true,
  children,
}: {
  number: number
  title: string
  open?: boolean
  children: ReactNode
}) {
  return (
    <section className={classes.step} data-open={open || undefined} aria-label={title}>
      <h2>
        <span className={classes.number}>{number}</span>
        {title}
      </h2>
      {open && <div className={classes.body}>{children}</div>}
    </section>
  )
}

export function ChooseClient({
  clientId,
  onChoose,
}: {
  clientId: string | null
  onChoose: (id: string | null) => void
}) {
  const clients = useQuery(useTRPC().clients.list.queryOptions())
  const [adding, add] = useDisclosure(false)
  if (clients.isPending) return <Skeleton height={36} />
  return (
    <>
      <Group align="flex-end" gap="sm">
        <Select
          aria-label="Client"
          placeholder={clients.data?.length ? 'Choose a client' : 'No clients yet'}
          searchable
          className={classes.grow}
          limit={50}
          nothingFoundMessage="Nobody by that name"
          data={clients.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
          value={clientId}
          onChange={onChoose}
        />
        <Button variant="default" onClick={add.open} leftSection={<Icon name="plus" size={14} />}>
          Add a client
        </Button>
      </Group>
      <Problem sentence={sentence(clients.error)} />
      <NewClient opened={adding} onClose={add.close} onMade={onChoose} />
    </>
  )
}

function ChooseSource({
  clientId,
  sourceId,
  onChoose,
}: {
  clientId: string
  sourceId: string | null
  onChoose: (id: string) => void
}) {
  const sources = useSources(clientId)
  const title = useProviderTitle()
  const [wanted, setWanted] = useState(false)
  // Where there is one only, it is meant.
  const only = sources.data?.length === 1 && sourceId === null ? sources.data[0]!.id : null
  // biome-ignore lint/correctness/useExhaustiveDependencies: chosen once, when it is known
  useEffect(() => {
    if (only) onChoose(only)
  }, [only])
  if (sources.isPending) return <Skeleton height={36} />
  if (sources.error) return <Problem sentence={sentence(sources.error)} />
  const adding = wanted || sources.data.length === 0
  return (
    <Stack gap="sm">
      {sources.data.length > 0 && (
        <Radio.Group value={sourceId} onChange={onChoose} aria-label="Source">
          <Stack gap="sm">
            {sources.data.map((source) => (
              <div key={source.id}>
                <Radio value={source.id} label={`${source.title} at ${title(source.provider)}`} mb="sm" />
                {source.id === sourceId && <SourceRow source={source} bare />}
              </div>
            ))}
          </Stack>
        </Radio.Group>
      )}
      {adding ? (
        <AddSource
          clientId={clientId}
          onBack={sources.data.length > 0 ? () => setWanted(false) : undefined}
          onAdded={(id) => {
            expectTest(id)
            setWanted(false)
            onChoose(id)
          }}
        />
      ) : (
        <Group>
          <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setWanted(true)}>
            Add a source
          </Button>
        </Group>
      )}
    </Stack>
  )
}

const builtIn = [
  { name: 'thumb', label: 'Thumbnails', description: 'WebP, 400 px at most: what galleries are shown with' },
  { name: 'web', label: 'Web size', description: 'WebP, 2,048 px at most: what one picture is shown with' },
]

export const usualRenditions = builtIn.map(({ name }) => name)

interface PresetsProps {
  clientId: string
  chosen: string[]
  onChange: (names: string[]) => void
}

/** Presets by name: the built-in ones, everybody's and the client's own. */
export function Presets({ clientId, chosen, onChange }: PresetsProps) {
  const known = useQuery(useTRPC().presets.list.queryOptions({ clientId }))
  // A client's own comes before everybody's of the same name.
  const others = new Map(
    known.data
      ?.filter(({ scope }) => scope !== 'builtin')
      .map(({ name, instructions }) => [name, { name, label: name, description: summaryOf(instructions) }]),
  )
  const presets = [...builtIn, ...others.values()]
  return (
    <Stack>
      <Checkbox.Group value={chosen} onChange={onChange} aria-label="Renditions">
        <Stack gap="sm">
          {presets.map(({ name, label, description }) => (
            <Checkbox key={name} value={name} label={label} description={description} />
          ))}
        </Stack>
      </Checkbox.Group>
      <p className={classes.note}>Originals are always kept, byte for byte.</p>
    </Stack>
  )
}

function ChooseRenditions({ clientId, sourceId }: { clientId: string; sourceId: string }) {
  const router = useRouter()
  const [chosen, setChosen] = useState(usualRenditions)
  const create = useMutation(
    useTRPC().runs.create.mutationOptions({ onSuccess: ({ id }) => router.push(`/runs/${id}`) }),
  )
  return (
    <Stack>
      <Presets clientId={clientId} chosen={chosen} onChange={setChosen} />
      <Problem sentence={sentence(create.error)} />
      <Group>
        <Button
          loading={create.isPending || create.isSuccess}
          rightSection={<Icon name="arrow" />}
          onClick={() =>
            create.mutate({ sourceId, renditions: chosen.length > 0 ? chosen : ['none'], autoStart: false })
          }
        >
          Look at what is there
        </Button>
      </Group>
    </Stack>
  )
}
