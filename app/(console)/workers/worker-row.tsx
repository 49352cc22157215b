'use client'
import { Button, Group, Modal, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { count, counted, duration, size } from '../../format.ts'
import { useNow } from '../../live/use-now.ts'
import { Ago, Moment } from '../../parts/ago.tsx'
import { TextLink } from '../../parts/parts.tsx'
import { Problem } from '../../parts/problem.tsx'
import { State } from '../../states/state.tsx'
import { sentence, useTRPC } from '../../trpc.ts'
import { looksOnId } from '../queues/looks-on.tsx'
import type { Operations, Worker } from '../queues/use-operations.ts'
import { groupWords, nameOf, wordsOfWorker } from '../queues/words.ts'
import classes from './workers.module.css'

/** One process: where it runs, what it has in hand, how it is. */
export function WorkerRow({ worker, view, mayAct }: { worker: Worker; view: Operations; mayAct: boolean }) {
  const { host, pid, version, group, residentBytes, perMinute } = worker
  const now = useNow()
  return (
    <li className={classes.worker} data-testid="worker" data-id={worker.id}>
      <div className={classes.cell}>
        <b>{host}</b>
        <span className={classes.dim}>process {pid}</span>
        <span className={classes.dim}>{version}</span>
      </div>
      <div className={classes.cell}>
        <State of={wordsOfWorker(worker)} />
        <span className={classes.dim}>
          {group === 'all' ? 'takes every queue' : `takes ${groupWords[group].title.toLowerCase()}`}
        </span>
        {worker.drainBy && worker.drainAt && (
          <span className={classes.dim}>
            asked by {worker.drainBy}, <Ago time={worker.drainAt} />
          </span>
        )}
      </div>
      <Work worker={worker} />
      <div className={classes.cell}>
        <span>
          <b>{size(residentBytes)}</b> memory
        </span>
        <span className={classes.dim}>
          {perMinute > 0 ? `${counted(perMinute, 'job')} a minute` : 'no job in the last minute'}
        </span>
        <span className={classes.dim}>
          sign <Moment time={worker.seenAt}>{sinceSign((now - worker.seenAt.getTime()) / 1000)}</Moment>, up{' '}
          <Moment time={worker.startedAt}>{duration((now - worker.startedAt.getTime()) / 1000)}</Moment>
        </span>
      </div>
      <div className={classes.act}>
        <Drain worker={worker} view={view} mayAct={mayAct} />
      </div>
    </li>
  )
}

/** They sign every five seconds: within that nothing is to be said. */
const sinceSign = (seconds: number) => (seconds < 8 ? 'just now' : `${duration(seconds)} ago`)

const shownAtMost = 4

function Work({ worker: { work } }: { worker: Worker }) {
  const now = useNow()
  if (work.length === 0) return <div className={`${classes.cell} ${classes.dim}`}>nothing in hand</div>
  return (
    <ul className={classes.work} aria-label="In hand">
      {work.slice(0, shownAtMost).map(({ queue, run, since }) => (
        <li key={`${queue} ${since} ${run?.id}`}>
          {nameOf(queue)}
          {run && (
            <>
              {' '}
              for <TextLink href={`/runs/${run.id}`}>{run.client}</TextLink>
            </>
          )}
          <span className={classes.dim}>, {duration((now - Date.parse(since)) / 1000)}</span>
        </li>
      ))}
      {work.length > shownAtMost && <li className={classes.dim}>and {count(work.length - shownAtMost)} more</li>}
    </ul>
  )
}

function Drain({ worker, view, mayAct }: { worker: Worker; view: Operations; mayAct: boolean }) {
  const [asking, ask] = useDisclosure(false)
  const trpc = useTRPC()
  const letWork = useMutation(
    trpc.workers.work.mutationOptions({
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  if (worker.isSilent) return <span className={classes.dim}>its jobs go to others</span>
  const drains = worker.drainAt !== null
  const name = `${worker.host}, process ${worker.pid}`
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        h={30}
        loading={letWork.isPending}
        onClick={() => (drains ? letWork.mutate({ id: worker.id }) : ask.open())}
        aria-label={`${drains ? 'Let it work' : 'Drain'}: ${name}`}
        {...(mayAct ? {} : { disabled: true, 'aria-describedby': looksOnId })}
      >
        {drains ? 'Let it work' : 'Drain'}
      </Button>
      <Modal opened={asking} onClose={ask.close} title={`Drain ${name}?`}>
        {asking && <DrainDialog worker={worker} view={view} onClose={ask.close} />}
      </Modal>
    </>
  )
}

function DrainDialog({ worker, view, onClose }: { worker: Worker; view: Operations; onClose: () => void }) {
  const drain = useMutation(useTRPC().workers.drain.mutationOptions({ onSuccess: onClose }))
  const left = view.groups.filter(
    ({ group, working }) => working === 1 && (worker.group === 'all' || worker.group === group),
  )
  return (
    <Stack>
      <p>
        It takes nothing new and hands over{' '}
        {worker.work.length > 0 ? `the ${counted(worker.work.length, 'job')} it has` : 'what it has'} at the next safe
        point; another worker goes on from there. Then it stays, idle, until you let it work again or its process is
        ended.
      </p>
      {left.length > 0 && (
        <p>
          <b>Nobody else takes {left.map(({ group }) => groupWords[group].title.toLowerCase()).join(', ')}:</b> that
          work waits until somebody does.
        </p>
      )}
      <Problem sentence={sentence(drain.error)} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button loading={drain.isPending} onClick={() => drain.mutate({ id: worker.id })}>
          Drain it
        </Button>
      </Group>
    </Stack>
  )
}
