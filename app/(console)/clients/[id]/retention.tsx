'use client'
// How long what of a client is kept, and the way out for all of it.
import { Button, Group, Modal, NumberInput, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { DeleteClient } from '../../../deletion/delete.tsx'
import { WaitingDeletions } from '../../../deletion/waiting.tsx'
import { counted } from '../../../format.ts'
import { Ago } from '../../../parts/ago.tsx'
import { Section } from '../../../parts/parts.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../../../trpc.ts'
import classes from '../clients.module.css'

type Rules = Outputs['retention']['get']

export function Keeping({ clientId, name }: { clientId: string; name: string }) {
  const router = useRouter()
  const trpc = useTRPC()
  const rules = useQuery(trpc.retention.get.queryOptions({ clientId }))
  const role = useQuery(trpc.account.me.queryOptions()).data?.role
  const [changing, change] = useDisclosure(false)
  if (!rules.data) return null
  return (
    <>
      <WaitingDeletions clientId={clientId} />
      <Section
        title="How long it is kept"
        actions={
          (role === 'ops' || role === 'admin') && (
            <Button size="compact-sm" h={30} variant="default" onClick={change.open}>
              Change
            </Button>
          )
        }
      >
        <p className={classes.line}>
          {wordsOf(rules.data)} <Setter rules={rules.data} />
        </p>
        {role && role !== 'admin' && <p className={classes.line}>{notFor(role)}</p>}
        {role === 'admin' && <DeleteClient id={clientId} name={name} onDeleted={() => router.push('/clients')} />}
        <Modal opened={changing} onClose={change.close} title="How long it is kept">
          {changing && <ChangeRules clientId={clientId} rules={rules.data} onClose={change.close} />}
        </Modal>
      </Section>
    </>
  )
}

function notFor(role: string): string {
  if (role === 'ops') return 'Administrators delete a client.'
  return 'Ops and administrators change this; administrators delete a client.'
}

function Setter({ rules: { updatedBy, updatedAt } }: { rules: Rules }) {
  if (!updatedBy || !updatedAt) return 'Nobody has set other rules for this client than everybody’s.'
  return (
    <>
      Set by {updatedBy}, <Ago time={updatedAt} />.
    </>
  )
}

const days = (value: number) => counted(value, 'day')

function wordsOf({ infrequentAfter, archiveAfter, originalsAfter, unfinishedAfter, grace }: Rules): string {
  const moves = [
    infrequentAfter !== null && `to infrequent access after ${days(infrequentAfter)}`,
    archiveAfter !== null && `to the archive after ${days(archiveAfter)}`,
  ].filter(Boolean)
  return [
    moves.length > 0 ? `Originals move ${moves.join(' and ')}.` : 'Originals stay where they are stored.',
    originalsAfter !== null &&
      `Those of a finished migration are removed after ${days(originalsAfter)}, where there are renditions of them.`,
    `Uploads that nobody goes on with are dropped after ${days(unfinishedAfter)}.`,
    `What is deleted can be restored for ${days(grace)}.`,
  ]
    .filter(Boolean)
    .join(' ')
}

const fields = [
  {
    name: 'infrequentAfter',
    label: 'Originals to infrequent access after',
    description: 'Days, 30 or more; empty: never. Takes effect on the bucket with “pass store lifecycle”.',
    may: true,
  },
  {
    name: 'archiveAfter',
    label: 'Originals to the archive after',
    description: 'Days, at least 30 more than infrequent access; empty: never',
    may: true,
  },
  {
    name: 'originalsAfter',
    label: 'Originals of a finished migration are removed after',
    description: 'Days; empty: never. Videos, and what could not be rendered, are kept.',
    may: true,
  },
  { name: 'unfinishedAfter', label: 'Unfinished uploads are dropped after', description: 'Days', may: false },
  { name: 'grace', label: 'What is deleted can be restored for', description: 'Days', may: false },
] as const

type Values = Record<(typeof fields)[number]['name'], number | null>

function ChangeRules({ clientId, rules, onClose }: { clientId: string; rules: Rules; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [values, setValues] = useState<Values>(rules)
  const set = useMutation(
    trpc.retention.set.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.retention.get.queryFilter({ clientId }))
        onClose()
      },
    }),
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    const { infrequentAfter, archiveAfter, originalsAfter, unfinishedAfter, grace } = values
    const needed = { unfinishedAfter: unfinishedAfter ?? rules.unfinishedAfter, grace: grace ?? rules.grace }
    set.mutate({ clientId, infrequentAfter, archiveAfter, originalsAfter, ...needed })
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {fields.map(({ name, label, description, may }) => (
          <NumberInput
            key={name}
            label={label}
            description={description}
            placeholder={may ? 'never' : undefined}
            min={1}
            allowDecimal={false}
            allowNegative={false}
            value={values[name] ?? ''}
            onChange={(value) => setValues({ ...values, [name]: typeof value === 'number' ? value : null })}
          />
        ))}
        <Problem sentence={sentence(set.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={set.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
