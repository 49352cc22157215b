'use client'
import { Button, Group, Modal, Skeleton, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Icon } from '../../../../icons.tsx'
import { Ago } from '../../../../parts/ago.tsx'
import { Section, Trouble } from '../../../../parts/parts.tsx'
import { Problem } from '../../../../parts/problem.tsx'
import { summaryOf } from '../../../../presets/summary.ts'
import { type Outputs, sentence, useTRPC } from '../../../../trpc.ts'
import { ClientHead } from '../places.tsx'
import { PresetForm } from './preset-form.tsx'
import classes from './presets.module.css'
import { Watermarks } from './watermarks.tsx'

export type Preset = Outputs['presets']['list'][number]

/** Renditions by name, and the client's own pictures for watermarks. */
export function PresetsPage({ clientId }: { clientId: string }) {
  const presets = useQuery(useTRPC().presets.list.queryOptions({ clientId }))
  const [edited, setEdited] = useState<Preset | 'new' | null>(null)
  return (
    <>
      <ClientHead clientId={clientId} here="/presets" />
      <Section
        title="Presets"
        actions={
          <Button
            size="compact-sm"
            h={30}
            variant="default"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => setEdited('new')}
          >
            Add a preset
          </Button>
        }
      >
        <p className={classes.lead}>
          Renditions by name, for migrations, for uploads, and for programs that ask for{' '}
          <code>{'{"preset":"web"}'}</code>. A changed preset changes what is asked for from then on.
        </p>
        {presets.isPending && <Skeleton height={40} my="md" />}
        {presets.error && !presets.data && (
          <Trouble message={sentence(presets.error)!} again={() => presets.refetch()} />
        )}
        <ul className={classes.list}>
          {presets.data?.map((preset) => (
            <Row key={preset.id ?? preset.name} of={preset} onEdit={() => setEdited(preset)} />
          ))}
        </ul>
      </Section>
      <Watermarks clientId={clientId} />
      <Modal
        opened={edited !== null}
        onClose={() => setEdited(null)}
        size="lg"
        title={edited === 'new' ? 'Add a preset' : `Change ${edited?.name}`}
      >
        {edited && (
          <PresetForm clientId={clientId} preset={edited === 'new' ? null : edited} onDone={() => setEdited(null)} />
        )}
      </Modal>
    </>
  )
}

const owners = { builtin: 'built in', everybody: 'everybody’s', client: 'this client’s' }

function Row({ of: preset, onEdit }: { of: Preset; onEdit: () => void }) {
  const [removing, remove] = useDisclosure(false)
  const { id, name, scope, instructions, updatedAt, updatedBy } = preset
  return (
    <li className={classes.row} data-testid="preset">
      <div className={classes.cell}>
        <b>{name}</b>
        <span className={classes.dim}>{owners[scope]}</span>
      </div>
      <div className={classes.cell}>
        <span>{summaryOf(instructions)}</span>
        {updatedAt && (
          <span className={classes.dim}>
            <Ago time={updatedAt} /> by {updatedBy}
          </span>
        )}
      </div>
      <div className={classes.actions}>
        {id && (
          <>
            <Button variant="default" size="compact-sm" h={30} onClick={onEdit} aria-label={`Change ${name}`}>
              Change
            </Button>
            <Button variant="default" size="compact-sm" h={30} onClick={remove.open} aria-label={`Remove ${name}`}>
              Remove
            </Button>
            <Modal opened={removing} onClose={remove.close} title={`Remove ${name}?`}>
              <Remove id={id} everybody={scope === 'everybody'} onDone={remove.close} />
            </Modal>
          </>
        )}
      </div>
    </li>
  )
}

function Remove({ id, everybody, onDone }: { id: string; everybody: boolean; onDone: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const remove = useMutation(
    trpc.presets.remove.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.presets.pathFilter())
        onDone()
      },
    }),
  )
  return (
    <Stack>
      <p>
        {everybody ? 'No client can ask for it by this name then.' : 'It cannot be asked for by this name then.'}{' '}
        Renditions that were made stay, and so does what was asked for already.
      </p>
      <Problem sentence={sentence(remove.error)} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button color="red" loading={remove.isPending} onClick={() => remove.mutate({ id })}>
          Remove the preset
        </Button>
      </Group>
    </Stack>
  )
}
