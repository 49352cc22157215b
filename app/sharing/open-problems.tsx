'use client'
import { Button, Group, Modal, Stack, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { OpenProblem } from '#server/replies.ts'
import { Icon } from '../icons.tsx'
import { Ago } from '../parts/ago.tsx'
import { Section, TextLink } from '../parts/parts.tsx'
import { Problem } from '../parts/problem.tsx'
import { sentence, useTRPC } from '../trpc.ts'
import classes from './sharing.module.css'

/** What photographers have reported and nobody has answered, of one client or of all; nothing where there is none. */
export function OpenProblems({ problems, ofAll = false }: { problems: OpenProblem[]; ofAll?: boolean }) {
  const [answering, setAnswering] = useState<OpenProblem | null>(null)
  if (problems.length === 0 && !answering) return null
  return (
    <Section title="Photographers wait for an answer">
      <ul className={classes.rows}>
        {problems.map((problem) => (
          <li key={problem.id} className={classes.problem}>
            <p>
              <span className={classes.alert}>
                <Icon name="alert" />
              </span>{' '}
              {ofAll && <TextLink href={`/clients/${problem.client.id}`}>{problem.client.name}</TextLink>}
              {ofAll && ' · '}
              {problem.gallery && <b>{problem.gallery}: </b>}“{problem.words}”
            </p>
            <p className={classes.dim}>
              {problem.saidBy}, <Ago time={problem.saidAt} /> ·{' '}
              <TextLink href={`/runs/${problem.runId}`}>its run</TextLink>
            </p>
            <Button size="compact-sm" variant="default" onClick={() => setAnswering(problem)}>
              Answer
            </Button>
          </li>
        ))}
      </ul>
      {answering && <AnswerDialog problem={answering} onClose={() => setAnswering(null)} />}
    </Section>
  )
}

function AnswerDialog({ problem, onClose }: { problem: OpenProblem; onClose: () => void }) {
  const [answer, setAnswer] = useState('')
  const trpc = useTRPC()
  const settle = useMutation(trpc.share.settle.mutationOptions({ onSuccess: onClose }))
  return (
    <Modal opened onClose={onClose} title={`Answer ${problem.client.name}`}>
      <Stack>
        <p>“{problem.words}”</p>
        <Textarea
          label="Answer"
          description="Shown on the photographer’s page; may stay empty. The report is settled with it."
          autosize
          minRows={3}
          maxLength={2000}
          value={answer}
          onChange={(event) => setAnswer(event.currentTarget.value)}
        />
        <Problem sentence={sentence(settle.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Not yet
          </Button>
          <Button
            loading={settle.isPending}
            onClick={() => settle.mutate({ id: problem.id, answer: answer.trim() || null })}
          >
            Settle it
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
