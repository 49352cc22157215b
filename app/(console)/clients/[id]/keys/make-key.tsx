'use client'
import { Button, Checkbox, Collapse, Group, Modal, NumberInput, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Icon } from '../../../../icons.tsx'
import { Problem } from '../../../../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../../../../trpc.ts'

interface Props {
  clientId: string
  opened: boolean
  onClose: () => void
  onMade: (key: Outputs['keys']['create']) => void
}

export function MakeKey({ opened, onClose, ...props }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="Make a key">
      {opened && <Form onClose={onClose} {...props} />}
    </Modal>
  )
}

const scopes = [
  { name: 'upload', label: 'Upload', description: 'Send pictures' },
  { name: 'read', label: 'Read', description: 'Ask for their state and addresses' },
  { name: 'process', label: 'Process', description: 'Have renditions made of pictures that are here' },
] as const
type Scope = (typeof scopes)[number]['name']

function Form({ clientId, onClose, onMade }: Omit<Props, 'opened'>) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [name, setName] = useState('')
  const [granted, setGranted] = useState<string[]>(['upload', 'read'])
  const [lastDay, setLastDay] = useState('')
  const [perMinute, setPerMinute] = useState<number | null>(null)
  const [perDay, setPerDay] = useState<number | null>(null)
  const [limited, limit] = useDisclosure(false)
  const create = useMutation(
    trpc.keys.create.mutationOptions({
      async onSuccess(key) {
        await queryClient.invalidateQueries(trpc.keys.pathFilter())
        onMade(key)
      },
    }),
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    const expiresAt = lastDay ? new Date(`${lastDay}T23:59:59.999`) : null
    create.mutate({ clientId, name: name.trim(), scopes: granted as Scope[], expiresAt, perMinute, perDay })
  }
  const whole = (value: number | string) => (typeof value === 'number' ? value : null)
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TextInput
          label="Name"
          description="What it is for: the shop, the retoucher’s script"
          data-autofocus
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox.Group label="What it may" value={granted} onChange={setGranted}>
          <Stack gap="sm" mt={4}>
            {scopes.map(({ name: scope, label, description }) => (
              <Checkbox key={scope} value={scope} label={label} description={description} />
            ))}
          </Stack>
        </Checkbox.Group>
        <TextInput
          label="Last day"
          description="May stay empty: it works until it is revoked"
          type="date"
          value={lastDay}
          onChange={(event) => setLastDay(event.currentTarget.value)}
        />
        <Group>
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            leftSection={<Icon name={limited ? 'chevronDown' : 'chevronRight'} size={14} />}
            onClick={limit.toggle}
            aria-expanded={limited}
          >
            Limits
          </Button>
        </Group>
        <Collapse expanded={limited}>
          <Stack>
            <NumberInput
              label="Requests a minute"
              description="Empty: 20,000"
              min={1}
              max={1_000_000}
              allowDecimal={false}
              value={perMinute ?? ''}
              onChange={(value) => setPerMinute(whole(value))}
            />
            <NumberInput
              label="Pictures a day"
              description="Empty: no end"
              min={1}
              max={1_000_000}
              allowDecimal={false}
              value={perDay ?? ''}
              onChange={(value) => setPerDay(whole(value))}
            />
          </Stack>
        </Collapse>
        <Problem sentence={sentence(create.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={create.isPending} disabled={granted.length === 0}>
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
