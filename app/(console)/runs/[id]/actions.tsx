'use client'
import { ActionIcon, Button, Group, Menu, Modal, Stack, Textarea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { runPriorities } from '#server/run-acts.ts'
import { CheckForChanges } from '../../../choice/check-for-changes.tsx'
import { count, counted } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { MenuAction } from '../../../parts/menu-action.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { priorityWords } from '../../../run-words.ts'
import { sentence, useTRPC } from '../../../trpc.ts'
import { RetryDialog } from './retry-dialog.tsx'
import { needsSignIn } from './sign-in-notices.tsx'
import type { Snapshot } from './use-run.ts'

/** What can be asked of a run. Its new state is shown when the server says so, never before. */
export function useRunActions(runId: string) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const options = {
    onSuccess: () => queryClient.invalidateQueries(trpc.runs.detail.queryFilter({ id: runId })),
    onError: (error: Parameters<typeof sentence>[0]) => notifications.show({ color: 'red', message: sentence(error) }),
  }
  return {
    start: useMutation(trpc.runs.start.mutationOptions(options)),
    pause: useMutation(trpc.runs.pause.mutationOptions(options)),
    resume: useMutation(trpc.runs.resume.mutationOptions(options)),
    capture: useMutation(trpc.runs.capture.mutationOptions(options)),
    prioritise: useMutation(trpc.runs.prioritise.mutationOptions(options)),
  }
}

/** The buttons that fit the state; the others are not there. */
export function RunActions({ run }: { run: Snapshot }) {
  const { pause, resume, capture } = useRunActions(run.run)
  const [cancelling, cancel] = useDisclosure(false)
  const [retrying, retry] = useDisclosure(false)
  const { state, totals, run: id } = run
  const open = ['surveying', 'planned', 'running', 'paused', 'blocked'].includes(state)
  const ended = !open && run.kind === 'migration' && run.startedAt !== null
  const retryable = totals.failed > 0 && !['cancelled', 'planned', 'surveying'].includes(state)
  return (
    <Group gap="xs">
      {state === 'running' && (
        <Button
          variant="default"
          leftSection={<Icon name="pause" size={14} />}
          loading={pause.isPending}
          onClick={() => pause.mutate({ id })}
        >
          Pause
        </Button>
      )}
      {(state === 'paused' || state === 'blocked') && (
        <Button
          // Where somebody has to sign in first, that is what comes first.
          variant={needsSignIn(run.code) ? 'default' : 'filled'}
          leftSection={<Icon name="play" size={14} />}
          loading={resume.isPending}
          onClick={() => resume.mutate({ id })}
        >
          Resume
        </Button>
      )}
      {retryable && (
        <Button variant="default" leftSection={<Icon name="retry" size={14} />} onClick={retry.open}>
          Retry {count(totals.failed)} failed
        </Button>
      )}
      {ended && <CheckForChanges of={{ runId: id }} />}
      {(open || state === 'done_with_problems' || state === 'failed') && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label="More">
              <Icon name="dots" />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {open && <PriorityItems run={run} />}
            {open && <Menu.Divider />}
            <MenuAction
              leftSection={<Icon name="file" />}
              notNow={run.captureUntil === null ? null : 'it is being kept already'}
              title="The requests that led to each failure, without what signs in"
              onClick={() => capture.mutate({ id })}
            >
              Keep evidence of what fails for an hour
            </MenuAction>
            {open && (
              <Menu.Item leftSection={<Icon name="circleStop" />} onClick={cancel.open}>
                Cancel this run…
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <CancelDialog run={run} opened={cancelling} onClose={cancel.close} />
      <RetryDialog run={run} opened={retrying} onClose={retry.close} what={{}} photos={totals.failed} />
    </Group>
  )
}

/** Whose work comes first; what the server says of it is what is ticked. */
function PriorityItems({ run: { run: id, priority } }: { run: Snapshot }) {
  const { prioritise } = useRunActions(id)
  return (
    <>
      <Menu.Label>Its work is taken</Menu.Label>
      <Menu.RadioGroup
        value={priority}
        onChange={(one) => prioritise.mutate({ id, priority: one as Snapshot['priority'] })}
      >
        {runPriorities.map((one) => (
          <Menu.RadioItem key={one} value={one} closeMenuOnClick title={priorityWords[one].means}>
            {priorityWords[one].word}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </>
  )
}

/** Asks once, and says what stays. */
function CancelDialog({ run, opened, onClose }: { run: Snapshot; opened: boolean; onClose: () => void }) {
  const [note, setNote] = useState('')
  const cancel = useMutation(useTRPC().runs.cancel.mutationOptions({ onSuccess: onClose }))
  const { copied, found } = run.totals
  return (
    <Modal opened={opened} onClose={onClose} title="Cancel this run?">
      <Stack>
        <p>
          {copied > 0 ? `The ${counted(copied, 'photo')} copied so far stay in the library. ` : ''}
          {found > copied ? `The other ${count(found - copied)} are not copied any more. ` : ''}
          This cannot be undone
          {run.kind === 'migration' && '; a new migration of the same source leaves out what is already here'}.
        </p>
        <Textarea
          label="Note"
          description="May stay empty; shown with the run"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={500}
        />
        <Problem sentence={sentence(cancel.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep it going
          </Button>
          <Button
            loading={cancel.isPending}
            onClick={() => cancel.mutate({ id: run.run, ...(note.trim() ? { note: note.trim() } : {}) })}
          >
            Cancel the run
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
