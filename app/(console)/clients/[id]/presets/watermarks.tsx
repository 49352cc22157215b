'use client'
import { Button, FileButton, Group, Modal, Skeleton, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { size } from '../../../../format.ts'
import { Icon } from '../../../../icons.tsx'
import { Ago } from '../../../../parts/ago.tsx'
import { Empty, Section, Trouble } from '../../../../parts/parts.tsx'
import { Problem } from '../../../../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../../../../trpc.ts'
import classes from './presets.module.css'

type Watermark = Outputs['watermarks']['list'][number]

const largestBytes = 2_000_000

/** The client's own pictures, by the names that instructions give them. */
export function Watermarks({ clientId }: { clientId: string }) {
  const list = useQuery(useTRPC().watermarks.list.queryOptions({ clientId }))
  const [chosen, setChosen] = useState<File | null>(null)
  const button = (
    <FileButton onChange={setChosen} accept="image/png">
      {(props) => (
        <Button
          {...props}
          size="compact-sm"
          h={30}
          variant={list.data?.length === 0 ? 'filled' : 'default'}
          leftSection={<Icon name="plus" size={14} />}
        >
          Add a picture
        </Button>
      )}
    </FileButton>
  )
  return (
    <Section title="Watermarks" actions={list.data?.length ? button : undefined}>
      {list.isPending && <Skeleton height={40} my="md" />}
      {list.error && !list.data && <Trouble message={sentence(list.error)!} again={() => list.refetch()} />}
      {list.data?.length === 0 && (
        <Empty title="No picture yet" action={button}>
          A transparent PNG, such as the studio’s logo. Instructions name it: <code>{'"watermark": "logo.png"'}</code>.
        </Empty>
      )}
      <ul className={classes.list}>
        {list.data?.map((watermark) => (
          <Row key={watermark.name} clientId={clientId} of={watermark} />
        ))}
      </ul>
      <Modal opened={chosen !== null} onClose={() => setChosen(null)} title="Add a picture">
        {chosen && <NameIt clientId={clientId} file={chosen} onDone={() => setChosen(null)} />}
      </Modal>
    </Section>
  )
}

function usePut(onDone?: () => void) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const put = useMutation(
    trpc.watermarks.put.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.watermarks.pathFilter())
        onDone?.()
      },
      // A dialog shows it itself.
      onError: (error) => !onDone && notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  const send = async (clientId: string, name: string, file: File) => {
    if (file.size > largestBytes)
      return notifications.show({ color: 'red', message: `${file.name} is larger than ${size(largestBytes)}.` })
    put.mutate({ clientId, name, picture: base64(new Uint8Array(await file.arrayBuffer())) })
  }
  return { send, isPending: put.isPending, error: put.error }
}

function NameIt({ clientId, file, onDone }: { clientId: string; file: File; onDone: () => void }) {
  const [name, setName] = useState(file.name)
  const { send, isPending, error } = usePut(onDone)
  function submit(event: FormEvent) {
    event.preventDefault()
    void send(clientId, name.trim(), file)
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TextInput
          label="Name"
          description="Instructions ask for it by this name; one that is there already gets this picture"
          data-autofocus
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Problem sentence={sentence(error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Back
          </Button>
          <Button type="submit" loading={isPending} disabled={name.trim() === ''}>
            Add the picture
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Row({ clientId, of: { name, width, height, bytes, addedAt, addedBy } }: { clientId: string; of: Watermark }) {
  const [removing, remove] = useDisclosure(false)
  const { send, isPending } = usePut()
  return (
    <li className={classes.row} data-testid="watermark">
      <div className={classes.mark}>
        <Picture clientId={clientId} name={name} />
        <b>{name}</b>
      </div>
      <div className={classes.cell}>
        <span>
          {width} × {height}, {size(bytes)}
        </span>
        <span className={classes.dim}>
          <Ago time={addedAt} /> by {addedBy}
        </span>
      </div>
      <div className={classes.actions}>
        <FileButton onChange={(file) => file && send(clientId, name, file)} accept="image/png">
          {(props) => (
            <Button
              {...props}
              variant="default"
              size="compact-sm"
              h={30}
              loading={isPending}
              aria-label={`Replace ${name}`}
            >
              Replace
            </Button>
          )}
        </FileButton>
        <Button variant="default" size="compact-sm" h={30} onClick={remove.open} aria-label={`Remove ${name}`}>
          Remove
        </Button>
      </div>
      <Modal opened={removing} onClose={remove.close} title={`Remove ${name}?`}>
        <Remove clientId={clientId} name={name} onDone={remove.close} />
      </Modal>
    </li>
  )
}

function Picture({ clientId, name }: { clientId: string; name: string }) {
  const options = { staleTime: Number.POSITIVE_INFINITY }
  const picture = useQuery(useTRPC().watermarks.picture.queryOptions({ clientId, name }, options))
  return (
    <span className={classes.checkers}>
      {/* biome-ignore lint/performance/noImgElement: it is here already, and small */}
      {picture.data && <img src={`data:image/png;base64,${picture.data}`} alt="" />}
    </span>
  )
}

function Remove({ clientId, name, onDone }: { clientId: string; name: string; onDone: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const remove = useMutation(
    trpc.watermarks.remove.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.watermarks.pathFilter())
        onDone()
      },
    }),
  )
  return (
    <Stack>
      <p>Instructions that name it are refused from now on. Renditions that were made with it stay.</p>
      <Problem sentence={sentence(remove.error)} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button color="red" loading={remove.isPending} onClick={() => remove.mutate({ clientId, name })}>
          Remove the picture
        </Button>
      </Group>
    </Stack>
  )
}

function base64(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += 8192) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8192)))
  return btoa(pieces.join(''))
}
