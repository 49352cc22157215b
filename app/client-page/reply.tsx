'use client'
import { Button, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { counted } from '../format.ts'
import { Icon } from '../icons.tsx'
import { Ago } from '../parts/ago.tsx'
import { Problem } from '../parts/problem.tsx'
import { sentence, useTRPC } from '../trpc.ts'
import classes from './client-page.module.css'
import { type ClientPage, useVisit } from './use-client-page.ts'

/** "Everything looks right", or what is not; and what was said before. `person`: who is signed in. */
export function Reply({ page, person }: { page: ClientPage; person: string | null }) {
  const [approving, approve] = useDisclosure(false)
  const [reporting, report] = useDisclosure(false)
  const { approval, problems, photos } = page
  const changed = approval !== null && approval.total !== photos.total
  return (
    <div className={classes.reply}>
      {approval && (
        <p className={classes.said}>
          <Icon name="circleCheck" />
          <span>
            {nameIn(approval.saidBy)} said that everything is right, <Ago time={approval.saidAt} />
            {changed ? ` (${counted(approval.total, 'photo')} then).` : '.'}
          </span>
        </p>
      )}
      <Group gap="sm" className={classes.replies}>
        {(!approval || changed) && page.stage === 'done' && (
          <Button size="md" leftSection={<Icon name="check" />} onClick={approve.open}>
            Everything looks right
          </Button>
        )}
        <Button size="md" variant="default" onClick={report.open}>
          Something is missing or wrong
        </Button>
      </Group>
      {problems.length > 0 && (
        <ul className={classes.problems} aria-label="What you told us">
          {problems.map((problem) => (
            <li key={problem.id}>
              <p>
                {problem.gallery && <b>{problem.gallery}: </b>}
                {problem.words}
              </p>
              <p className={classes.dim}>
                <Ago time={problem.saidAt} /> · {problem.settledAt ? 'settled' : 'we are looking at it'}
              </p>
              {problem.answer && <p className={classes.answer}>{problem.answer}</p>}
            </li>
          ))}
        </ul>
      )}
      <ApproveDialog page={page} person={person} opened={approving} onClose={approve.close} />
      <ReportDialog person={person} opened={reporting} onClose={report.close} />
    </div>
  )
}

/** Without what the link adds to it. */
const nameIn = (saidBy: string) => saidBy.replace(/ \(link .*\)$/, '')

interface DialogProps {
  person: string | null
  opened: boolean
  onClose: () => void
}

function ApproveDialog({ page, person, opened, onClose }: DialogProps & { page: ClientPage }) {
  const [name, setName] = useState('')
  const approve = useMutation(useTRPC().clientPage.approve.mutationOptions({ onSuccess: onClose }))
  const visit = useVisit()
  const { look } = page.photos
  return (
    <Modal opened={opened} onClose={onClose} title="Everything looks right?">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          approve.mutate({ ...visit, name: person ?? name })
        }}
      >
        <Stack>
          <p>
            You tell us that the move is as you want it
            {look > 0 ? `, also without the ${counted(look, 'photo')} that did not come over` : ''}. Your name and the
            time are kept with it.
          </p>
          {person === null && (
            <TextInput
              label="Your name"
              required
              autoComplete="name"
              maxLength={80}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
          <Problem sentence={sentence(approve.error)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Not yet
            </Button>
            <Button type="submit" loading={approve.isPending}>
              Yes, it is right
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function ReportDialog({ person, opened, onClose }: DialogProps) {
  const [name, setName] = useState('')
  const [words, setWords] = useState('')
  const report = useMutation(
    useTRPC().clientPage.report.mutationOptions({
      onSuccess() {
        setWords('')
        onClose()
      },
    }),
  )
  const visit = useVisit()
  return (
    <Modal opened={opened} onClose={onClose} title="What is missing or wrong?">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          report.mutate({ ...visit, name: person ?? name, words })
        }}
      >
        <Stack>
          {person === null && (
            <TextInput
              label="Your name"
              required
              autoComplete="name"
              maxLength={80}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
          <Textarea
            label="What did you see?"
            description="The name of the album helps us most. The answer comes on this page."
            required
            autosize
            minRows={4}
            maxLength={2000}
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
          />
          <Problem sentence={sentence(report.error)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Button type="submit" loading={report.isPending}>
              Tell us
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
