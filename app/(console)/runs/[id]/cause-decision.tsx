'use client'
// What somebody decides about a cause: resolved, or ignored for a while. It comes back by itself.
import { ActionIcon, Button, Group, Menu, Modal, NumberInput, Radio, Stack, Textarea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { at, counted } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { useNow } from '../../../live/use-now.ts'
import { Moment } from '../../../parts/ago.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'
import type { Cause } from './failures.tsx'
import type { Snapshot } from './use-run.ts'

export function CauseMenu({ run, cause, title }: { run: Snapshot; cause: Cause; title: string }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [ignoring, ignore] = useDisclosure(false)
  const which = { id: run.run, code: cause.code, state: cause.state }
  const options = {
    onSuccess: () => queryClient.invalidateQueries(trpc.runs.failures.queryFilter({ id: run.run })),
    onError: (error: Parameters<typeof sentence>[0]) => notifications.show({ color: 'red', message: sentence(error) }),
  }
  const decide = useMutation(trpc.runs.decideCause.mutationOptions(options))
  const reopen = useMutation(trpc.runs.reopenCause.mutationOptions(options))
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="default"
            size={30}
            aria-label={`More about ${title}`}
            loading={decide.isPending || reopen.isPending}
          >
            <Icon name="dots" size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {cause.open ? (
            <>
              <Menu.Item
                leftSection={<Icon name="check" size={14} />}
                onClick={() => decide.mutate({ ...which, decision: 'resolved' })}
              >
                It is resolved
              </Menu.Item>
              <Menu.Item leftSection={<Icon name="clock" size={14} />} onClick={ignore.open}>
                Ignore it…
              </Menu.Item>
            </>
          ) : (
            <Menu.Item leftSection={<Icon name="retry" size={14} />} onClick={() => reopen.mutate(which)}>
              Open it again
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={ignoring} onClose={ignore.close} title={`Ignore “${title}”?`}>
        <IgnoreForm cause={cause} which={which} onDone={ignore.close} />
      </Modal>
    </>
  )
}

type Until = 'day' | 'week' | 'count' | 'always'

function IgnoreForm({
  cause,
  which,
  onDone,
}: {
  cause: Cause
  which: { id: string; code: string; state: Cause['state'] }
  onDone: () => void
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [until, setUntil] = useState<Until>('day')
  const [most, setMost] = useState(cause.count * 2)
  const [note, setNote] = useState('')
  const decide = useMutation(
    trpc.runs.decideCause.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.runs.failures.queryFilter({ id: which.id }))
        onDone()
      },
    }),
  )
  const ends = { day: { hours: 24 }, week: { hours: 7 * 24 }, count: { untilCount: most }, always: {} }[until]
  return (
    <Stack>
      <p>It no longer asks for anybody. Nothing of the photos changes, and the run still says that it has problems.</p>
      <Radio.Group label="Until" value={until} onChange={(value) => setUntil(value as Until)}>
        <Stack gap="xs" pt={4}>
          <Radio value="day" label="tomorrow at this time" />
          <Radio value="week" label="in a week" />
          <Radio value="count" label={`there are more of it than the ${counted(cause.count, 'photo')} of now`} />
          <Radio value="always" label="somebody opens it again" />
        </Stack>
      </Radio.Group>
      {until === 'count' && (
        <NumberInput
          label="Photos"
          min={cause.count + 1}
          max={10_000_000}
          allowDecimal={false}
          value={most}
          onChange={(value) => setMost(Math.max(cause.count + 1, Number(value) || 0))}
        />
      )}
      <Textarea
        label="Note"
        description="May stay empty; shown with it"
        maxLength={500}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Problem sentence={sentence(decide.error)} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button
          loading={decide.isPending}
          onClick={() =>
            decide.mutate({ ...which, decision: 'ignored', ...ends, ...(note.trim() ? { note: note.trim() } : {}) })
          }
        >
          Ignore it
        </Button>
      </Group>
    </Stack>
  )
}

/** "ignored by lena until 14:05", or that it came back in spite of it. */
export function DecidedWords({ cause, decided }: { cause: Cause; decided: NonNullable<Cause['decided']> }) {
  const now = useNow()
  const { decision, by, until, untilCount, note } = decided
  const end = until ? ` until ${at(new Date(until), now)}` : untilCount ? ` below ${counted(untilCount, 'photo')}` : ''
  const said = `${decision} by ${by}${decision === 'ignored' ? end : ''}`
  return (
    <>
      <Moment time={new Date(decided.at)}>{cause.open ? `came back, ${said}` : said}</Moment>
      {note && `: “${note}”`}
    </>
  )
}
