'use client'
import { ActionIcon, Button, Group, Menu, Modal, Stack, Textarea } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { failingSteps } from '#server/failed-work.ts'
import { count, counted, duration, range } from '../../format.ts'
import { Icon } from '../../icons.tsx'
import { useNow } from '../../live/use-now.ts'
import { Ago, Moment } from '../../parts/ago.tsx'
import { MenuAction } from '../../parts/menu-action.tsx'
import { Problem } from '../../parts/problem.tsx'
import { State } from '../../states/state.tsx'
import { sentence, useTRPC } from '../../trpc.ts'
import { looksOnId } from './looks-on.tsx'
import classes from './queues.module.css'
import type { Queue } from './use-operations.ts'
import { nameOf, purposes, wordsOfQueue } from './words.ts'

/** One queue: what lies in it, how it moves, and its switches. */
export function QueueRow({ queue, mayAct }: { queue: Queue; mayAct: boolean }) {
  const { name, ready, active, waiting, slots, perMinute, drainSeconds, failed, paused } = queue
  const isIdle = ready + active + waiting + failed === 0 && perMinute === 0 && !paused
  return (
    <tr data-testid={`queue-${name}`} data-idle={isIdle || undefined}>
      <th scope="row" className={classes.name}>
        {nameOf(name)}
        <span className={classes.dim}>
          {purposes[name]}
          {queue.photosPerJob !== null && `, ${count(queue.photosPerJob)} a job`}
        </span>
      </th>
      <td className={classes.state}>
        <State of={wordsOfQueue(queue)} />
        <Paused queue={queue} />
      </td>
      <Figure label="Ready" strong={ready > 0}>
        <Amount of={ready} />
      </Figure>
      <Figure label="In hand" note={slots > 0 ? `of ${count(slots)}` : undefined}>
        <Amount of={active} />
      </Figure>
      <Figure label="Waiting">
        <Amount of={waiting} />
      </Figure>
      <Figure label="Failed">
        <Failed queue={queue} />
      </Figure>
      <Figure label="Oldest">
        <Oldest at={queue.oldestAt} />
      </Figure>
      <Figure label="Rate">{perMinute > 0 ? `${count(perMinute)}/min` : <None />}</Figure>
      <Figure label="Until done">
        {drainSeconds === null ? <None /> : range([drainSeconds * 0.8, drainSeconds * 1.3 + 5])}
      </Figure>
      <td className={classes.actions}>
        <Switches queue={queue} mayAct={mayAct} />
      </td>
    </tr>
  )
}

/** Nothing to see is said quietly. */
const Amount = ({ of }: { of: number }) => <span className={of === 0 ? classes.nothing : undefined}>{count(of)}</span>
const None = () => <span className={classes.nothing}>–</span>

function Figure({
  label,
  note,
  strong,
  children,
}: {
  label: string
  note?: string
  strong?: boolean
  children: ReactNode
}) {
  return (
    <td className={classes.figure} data-label={label}>
      {strong ? <b>{children}</b> : children}
      {note && <span className={classes.dim}> {note}</span>}
    </td>
  )
}

function Paused({ queue: { paused } }: { queue: Queue }) {
  if (!paused) return null
  return (
    <span className={classes.dim}>
      by {paused.by}, <Ago time={paused.at} />
      {paused.note && `: ${paused.note}`}
    </span>
  )
}

function Oldest({ at }: { at: Date | null }) {
  const now = useNow()
  if (!at) return <None />
  return <Moment time={at}>{duration((now - at.getTime()) / 1000)}</Moment>
}

const manyOf: Record<Queue['failedOf'], string> = {
  photo: 'photos',
  gallery: 'galleries',
  run: 'runs',
  message: 'messages',
  mail: 'mails',
  client: 'clients',
  list: 'lists',
}

/** Where what failed can be looked at. */
function failedPage(name: Queue['name']): string | null {
  if (name === 'deliver-webhook') return '/webhooks?state=failed'
  return failingSteps.some((step) => step === name) ? `/runs?failedat=${name}` : null
}

function Failed({ queue: { name, failed, failedOf } }: { queue: Queue }) {
  if (failed === 0) return <Amount of={0} />
  const words = counted(failed, failedOf, manyOf[failedOf])
  const page = failedPage(name)
  if (page !== null)
    return (
      <Link href={page} className={classes.failed}>
        {words}
      </Link>
    )
  return <span className={classes.failed}>{words}</span>
}

function Switches({ queue, mayAct }: { queue: Queue; mayAct: boolean }) {
  const [pausing, pause] = useDisclosure(false)
  const [clearing, clear] = useDisclosure(false)
  const trpc = useTRPC()
  const resume = useMutation(
    trpc.queues.resume.mutationOptions({
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  const { name, paused, ready, isClearable } = queue
  const notNow = !isClearable ? 'nothing would bring its jobs back' : ready === 0 ? 'nothing is ready' : null
  const forbidden = mayAct ? {} : { disabled: true, 'aria-describedby': looksOnId }
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        h={30}
        w={76}
        loading={resume.isPending}
        onClick={() => (paused ? resume.mutate({ queue: name }) : pause.open())}
        aria-label={`${paused ? 'Resume' : 'Pause'} ${nameOf(name)}`}
        {...forbidden}
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={30} aria-label={`More for ${nameOf(name)}`} {...forbidden}>
            <Icon name="dots" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <MenuAction onClick={clear.open} notNow={notNow}>
            Clear what is ready…
          </MenuAction>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={pausing} onClose={pause.close} title={`Pause ${nameOf(name)}?`}>
        {pausing && <PauseDialog queue={queue} onClose={pause.close} />}
      </Modal>
      <Modal opened={clearing} onClose={clear.close} title={`Clear ${counted(ready, 'job')} of ${nameOf(name)}?`}>
        {clearing && <ClearDialog queue={queue} onClose={clear.close} />}
      </Modal>
    </>
  )
}

function PauseDialog({ queue: { name, active }, onClose }: { queue: Queue; onClose: () => void }) {
  const [note, setNote] = useState('')
  const pause = useMutation(useTRPC().queues.pause.mutationOptions({ onSuccess: onClose }))
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        pause.mutate({ queue: name, ...(note.trim() ? { note: note.trim() } : {}) })
      }}
    >
      <Stack>
        <p>
          No worker takes another job of it until somebody resumes it; every client’s work waits there.{' '}
          {active > 0 && `The ${counted(active, 'job')} in hand ${active === 1 ? 'comes' : 'come'} to the end. `}
          Nothing is lost.
        </p>
        <Textarea
          label="Note"
          description="May stay empty; shown with the queue"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={500}
        />
        <Problem sentence={sentence(pause.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button type="submit" loading={pause.isPending}>
            Pause the queue
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function ClearDialog({ queue: { name }, onClose }: { queue: Queue; onClose: () => void }) {
  const clear = useMutation(
    useTRPC().queues.clear.mutationOptions({
      onSuccess({ cleared }) {
        notifications.show({ message: `${counted(cleared, 'job')} taken out of ${nameOf(name)}.` })
        onClose()
      },
    }),
  )
  return (
    <Stack>
      <p>
        No work is lost: the ledger knows what is left to do, and within ten seconds new jobs are made from it, for what
        is still wanted. What is in hand goes on; jobs that wait for their time, or that a worker died with, stay.
      </p>
      <Problem sentence={sentence(clear.error)} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button loading={clear.isPending} onClick={() => clear.mutate({ queue: name })}>
          Clear what is ready
        </Button>
      </Group>
    </Stack>
  )
}
