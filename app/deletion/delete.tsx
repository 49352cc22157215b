'use client'
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { dayOf } from '../format.ts'
import { Problem } from '../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../trpc.ts'

type Deleted = Outputs['deletions']['client']

interface Props {
  /** Of the button and the dialog: "Delete this gallery". */
  title: string
  /** What goes. */
  children: ReactNode
  /** To be typed before anything is deleted. */
  word: string
  remove: (options: {
    onSuccess: (deleted: Deleted) => void
    onError: (error: Parameters<typeof sentence>[0]) => void
  }) => void
}

export function DeleteClient({ id, name, onDeleted }: { id: string; name: string; onDeleted: () => void }) {
  const { client } = useDeleting(onDeleted)
  return (
    <Delete title="Delete this client" word={name} remove={(options) => client.mutate({ id }, options)}>
      Every gallery, photo, source, key and message of {name} is hidden at once: nobody can see or send anything, and
      their runs stop. After the days of grace all of it is removed for good; only the audit stays.
    </Delete>
  )
}

export function DeleteGallery({ publicId, onDeleted }: { publicId: string; onDeleted: () => void }) {
  const { gallery } = useDeleting(onDeleted)
  return (
    <Delete title="Delete this gallery" word="delete" remove={(options) => gallery.mutate({ publicId }, options)}>
      The gallery and its photos are hidden at once, here and under every address that was handed out. After the days of
      grace they are removed for good.
    </Delete>
  )
}

export function DeletePhoto({
  clientId,
  publicId,
  onDeleted,
}: {
  clientId: string
  publicId: string
  onDeleted: () => void
}) {
  const { photos } = useDeleting(onDeleted)
  const remove: Props['remove'] = (options) => photos.mutate({ clientId, publicIds: [publicId] }, options)
  return (
    <Delete title="Delete this photo" word="delete" remove={remove}>
      The photo is hidden at once, here and under every address that was handed out. After the days of grace it is
      removed for good.
    </Delete>
  )
}

function useDeleting(onDeleted: () => void) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const options = {
    async onSuccess({ dueAt }: Deleted) {
      const message = `Hidden. It can be restored until ${dayOf(dueAt)}, from the list of what waits to be removed.`
      notifications.show({ message })
      await Promise.all(
        [trpc.deletions, trpc.clients, trpc.galleries].map((of) => queryClient.invalidateQueries(of.pathFilter())),
      )
      onDeleted()
    },
  }
  return {
    client: useMutation(trpc.deletions.client.mutationOptions(options)),
    gallery: useMutation(trpc.deletions.gallery.mutationOptions(options)),
    photos: useMutation(trpc.deletions.photos.mutationOptions(options)),
  }
}

function Delete({ title, children, word, remove }: Props) {
  const [opened, dialog] = useDisclosure(false)
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const close = () => {
    setTyped('')
    setProblem(null)
    dialog.close()
  }
  function submit(event: FormEvent) {
    event.preventDefault()
    if (typed.trim() !== word.trim()) return setProblem(`Type “${word.trim()}” to delete it.`)
    setBusy(true)
    remove({
      onSuccess() {
        setBusy(false)
        close()
      },
      onError(error) {
        setBusy(false)
        setProblem(sentence(error))
      },
    })
  }
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        {title}…
      </Button>
      <Modal opened={opened} onClose={close} title={`${title}?`}>
        <form onSubmit={submit} noValidate>
          <Stack>
            <p>{children}</p>
            <TextInput
              label={`Type “${word.trim()}”`}
              data-autofocus
              autoComplete="off"
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Problem sentence={problem} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Keep it
              </Button>
              <Button type="submit" color="red" loading={busy}>
                {title}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  )
}
