'use client'
import { Button, Group, Modal, Stack, Textarea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { counted } from '../../format.ts'
import { Icon } from '../../icons.tsx'
import { Problem } from '../../parts/problem.tsx'
import { sentence, useTRPC } from '../../trpc.ts'
import { looksOnId } from '../queues/looks-on.tsx'
import type { Provider } from './providers-page.tsx'

/** Stops everything that is asked of a provider, or lets it be asked again. */
export function StopSwitch({ provider, mayAct }: { provider: Provider; mayAct: boolean }) {
  const [asking, ask] = useDisclosure(false)
  const letAgain = useMutation(
    useTRPC().hosts.let.mutationOptions({
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  const { id, title, stopped } = provider
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        h={30}
        leftSection={<Icon name={stopped ? 'play' : 'stop'} size={12} />}
        loading={letAgain.isPending}
        onClick={() => (stopped ? letAgain.mutate({ provider: id }) : ask.open())}
        aria-label={`${stopped ? 'Ask again' : 'Stop'}: ${title}`}
        {...(mayAct ? {} : { disabled: true, 'aria-describedby': looksOnId })}
      >
        {stopped ? 'Ask again' : 'Stop'}
      </Button>
      <Modal opened={asking} onClose={ask.close} title={`Stop everything that is asked of ${title}?`}>
        {asking && <StopDialog provider={provider} onClose={ask.close} />}
      </Modal>
    </>
  )
}

function StopDialog({ provider: { id, title, running }, onClose }: { provider: Provider; onClose: () => void }) {
  const [note, setNote] = useState('')
  const stop = useMutation(useTRPC().hosts.stop.mutationOptions({ onSuccess: onClose }))
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        stop.mutate({ provider: id, ...(note.trim() ? { note: note.trim() } : {}) })
      }}
    >
      <Stack>
        <p>
          Within five seconds no worker asks {title} for anything: no page, no picture, no sign-in.{' '}
          {running > 0 && `${counted(running, 'run')} of it ${running === 1 ? 'waits' : 'wait'}; `}
          {running > 0 ? 'what' : 'What'} is copied already is still rendered, and no photo loses an attempt. Everything
          goes on within a minute once it may be asked again.
        </p>
        <Textarea
          label="Note"
          description="May stay empty; shown with the provider and its runs"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={500}
        />
        <Problem sentence={sentence(stop.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={stop.isPending}>
            Stop {title}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
