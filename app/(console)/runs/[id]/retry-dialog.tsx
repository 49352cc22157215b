'use client'
import { Button, Checkbox, Group, Modal, Radio, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { count, counted } from '../../../format.ts'
import { Problem } from '../../../parts/problem.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'
import type { Snapshot } from './use-run.ts'

interface RetryProps {
  run: Snapshot
  opened: boolean
  onClose: () => void
  /** Everything that failed, one cause, or photos by name. */
  what: { code?: string; photoPublicIds?: string[] }
  photos: number
  onDone?: () => void
}

type From = 'stopped' | 'copy' | 'render' | 'verify'

/** Says how many are tried again, from where, and what is not repeated. */
export function RetryDialog({ run, opened, onClose, what, photos, onDone }: RetryProps) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [from, setFrom] = useState<From>('stopped')
  const [capture, setCapture] = useState(false)
  const { published, attention } = run.totals
  const retry = useMutation(
    trpc.runs.retry.mutationOptions({
      async onSuccess({ retried, galleries }) {
        const again =
          from === 'verify'
            ? `${counted(galleries, 'gallery', 'galleries')} ${galleries === 1 ? 'is' : 'are'} looked at again`
            : `${counted(retried, 'photo')} ${retried === 1 ? 'is' : 'are'} tried again`
        notifications.show({ message: `${again}; ${count(published)} that are safe were left alone.` })
        onClose()
        onDone?.()
        await queryClient.invalidateQueries(trpc.runs.pathFilter())
      },
    }),
  )
  const they = photos === 1 ? 'it' : 'them'
  return (
    <Modal opened={opened} onClose={onClose} title={`Try ${counted(photos, 'photo')} again?`}>
      <Stack>
        <p>
          The {counted(published, 'photo')} that {published === 1 ? 'is' : 'are'} safe {published === 1 ? 'is' : 'are'}{' '}
          not touched: nothing of {published === 1 ? 'it' : 'them'} is fetched or rendered again.
        </p>
        <Radio.Group label="From which stage" value={from} onChange={(value) => setFrom(value as From)}>
          <Stack gap="xs" pt={4}>
            <Radio
              value="stopped"
              label="Where each stopped"
              description="Fetched where the bytes never came, else only rendered"
            />
            <Radio
              value="copy"
              label="Copying"
              description="Fetched anew from the provider, also where bytes are here"
            />
            <Radio value="render" label="Rendering" description="Only those whose original is here" />
            {attention > 0 && !what.code && !what.photoPublicIds && (
              <Radio
                value="verify"
                label="Verifying"
                description={`No photo; ${counted(attention, 'gallery', 'galleries')} held against the provider once more`}
              />
            )}
          </Stack>
        </Radio.Group>
        <Checkbox
          label="Keep evidence of what fails"
          description="For an hour: the requests that led to each failure, without passwords and tokens"
          checked={capture}
          onChange={(event) => setCapture(event.currentTarget.checked)}
        />
        <Problem sentence={sentence(retry.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button
            loading={retry.isPending}
            onClick={() =>
              retry.mutate({
                id: run.run,
                ...what,
                ...(from === 'stopped' ? {} : { from }),
                ...(capture ? { capture } : {}),
              })
            }
          >
            Try {they} again
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
