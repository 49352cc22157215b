'use client'
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Problem } from '../../parts/problem.tsx'
import { sentence, useTRPC } from '../../trpc.ts'

interface Props {
  opened: boolean
  onClose: () => void
  onMade: (clientId: string) => void
}

export function NewClient({ opened, onClose, onMade }: Props) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: '' },
    validate: {
      name: (value) => (value.trim() ? null : 'A client needs a name.'),
      email: (value) => (!value.trim() || /^\S+@\S+$/.test(value.trim()) ? null : 'This is no e-mail address.'),
    },
  })
  const create = useMutation(
    trpc.clients.create.mutationOptions({
      async onSuccess({ id }) {
        await Promise.all([
          queryClient.invalidateQueries(trpc.clients.list.queryFilter()),
          queryClient.invalidateQueries(trpc.search.clients.pathFilter()),
        ])
        form.reset()
        onClose()
        onMade(id)
      },
    }),
  )
  return (
    <Modal opened={opened} onClose={onClose} title="Add a client">
      <form
        noValidate
        onSubmit={form.onSubmit(({ name, email }) =>
          create.mutate({ name: name.trim(), ...(email.trim() ? { email: email.trim() } : {}) }),
        )}
      >
        <Stack>
          <TextInput
            label="Name"
            description="As the studio calls itself"
            data-autofocus
            key={form.key('name')}
            {...form.getInputProps('name')}
          />
          <TextInput
            label="E-mail"
            description="May stay empty"
            type="email"
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <Problem sentence={sentence(create.error)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Back
            </Button>
            <Button type="submit" loading={create.isPending}>
              Add the client
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
