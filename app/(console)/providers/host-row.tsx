'use client'
import { Button, Collapse, Group, Modal, NumberInput, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { type CSSProperties, type FormEvent, useState } from 'react'
import { atSecond, duration } from '../../format.ts'
import { useNow } from '../../live/use-now.ts'
import { Ago } from '../../parts/ago.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Unfold } from '../../parts/unfold.tsx'
import { State } from '../../states/state.tsx'
import type { StateWords } from '../../states/states.ts'
import { sentence, useTRPC } from '../../trpc.ts'
import { looksOnId } from '../queues/looks-on.tsx'
import { figure } from './figure.ts'
import { History } from './history.tsx'
import classes from './providers.module.css'
import type { Host } from './providers-page.tsx'

const lanes: Record<string, string> = { page: 'pages and lists', bytes: 'pictures' }

/** One budget: a host and what is asked of it. */
export function HostRow({ host, mayAct }: { host: Host; mayAct: boolean }) {
  const [open, { toggle }] = useDisclosure(false)
  const [editing, edit] = useDisclosure(false)
  const set = useSetHost()
  const { rate, least, most, paused } = host
  const lane = host.lane as 'page' | 'bytes'
  const forbidden = mayAct ? {} : { disabled: true, 'aria-describedby': looksOnId }
  return (
    <li>
      <div className={classes.host}>
        <div className={classes.name}>
          <b>{host.host}</b>
          <span>{lanes[lane] ?? lane}</span>
        </div>
        <div className={classes.rate}>
          <span>
            <b>{figure(rate)}</b>/s{' '}
            <span className={classes.dim}>
              of {figure(most)}, at least {figure(least)}
            </span>
          </span>
          <Meter host={host} />
        </div>
        <div className={classes.state}>
          <Standing host={host} />
          <Why host={host} />
        </div>
        <div className={classes.actions}>
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            loading={set.isPending}
            onClick={() => set.mutate({ host: host.host, lane, paused: !paused })}
            {...forbidden}
            aria-label={`${paused ? 'Ask again' : 'Pause'}: ${host.host}, ${lanes[lane]}`}
          >
            {paused ? 'Ask again' : 'Pause'}
          </Button>
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            onClick={edit.open}
            aria-label={`Limits of ${host.host}, ${lanes[lane]}`}
            {...forbidden}
          >
            Limits
          </Button>
          <Unfold open={open} toggle={toggle} of={`History of ${host.host}, ${lanes[lane]}`} />
        </div>
      </div>
      <Collapse expanded={open}>{open && <History host={host.host} lane={lane} />}</Collapse>
      <Modal opened={editing} onClose={edit.close} title={`Limits of ${host.host}`}>
        {editing && <Limits host={host} onDone={edit.close} />}
      </Modal>
    </li>
  )
}

function useSetHost(onDone?: () => void) {
  return useMutation(
    useTRPC().hosts.set.mutationOptions({
      onSuccess: () => onDone?.(),
      // A dialog shows it itself.
      onError: (error) => !onDone && notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
}

/** Where the rate stands between the least and the most. */
function Meter({ host: { rate, least, most, host, lane } }: { host: Host }) {
  const share = most > least ? (rate - least) / (most - least) : 1
  return (
    <meter
      className={classes.meter}
      min={least}
      max={most}
      value={rate}
      style={{ '--share': `${Math.round(share * 100)}%` } as CSSProperties}
      aria-label={`Rate of ${host}, ${lanes[lane]}`}
    >
      {figure(rate)} requests a second
    </meter>
  )
}

function Standing({ host: { paused, blockedUntil, setBy, rate, most } }: { host: Host }) {
  const now = useNow()
  const left = blockedUntil ? (blockedUntil.getTime() - now) / 1000 : 0
  const words: StateWords = paused
    ? { family: 'waiting', icon: 'circlePause', word: `paused${setBy ? ` by ${setBy}` : ''}` }
    : blockedUntil && left > 0
      ? { family: 'recovers', icon: 'clock', word: `waits until ${atSecond(blockedUntil)}, ${duration(left)}` }
      : rate < most
        ? { family: 'moving', icon: 'arrow', word: 'answers, rate growing' }
        : { family: 'safe', icon: 'check', word: 'answers, at full rate' }
  return <State of={words} />
}

const complaints: Record<string, string> = {
  429: 'The host asked for fewer requests (429)',
  503: 'The host was overloaded (503)',
  403: 'The host refused (403)',
}

/** Who slowed it down last, and why. */
function Why({ host: { reason, updatedAt, setBy, setAt } }: { host: Host }) {
  return (
    <>
      {reason && (
        <span className={classes.dim}>
          {complaints[reason] ?? `The host answered ${reason}`} <Ago time={updatedAt} />, and was halved
        </span>
      )}
      {setBy && setAt && (
        <span className={classes.dim}>
          Set by {setBy} <Ago time={setAt} />
        </span>
      )}
    </>
  )
}

function Limits({ host, onDone }: { host: Host; onDone: () => void }) {
  const [typed, setTyped] = useState({ rate: round(host.rate), least: host.least, most: host.most })
  const set = useSetHost(onDone)
  const field = (name: keyof typeof typed, label: string, description: string) => (
    <NumberInput
      label={label}
      description={description}
      value={typed[name]}
      min={0.01}
      max={1000}
      decimalScale={2}
      step={1}
      suffix=" /s"
      onChange={(value) => setTyped((before) => ({ ...before, [name]: Number(value) }))}
    />
  )
  const problem =
    typed.least > typed.most ? 'The least cannot be above the most.' : typed.least <= 0 ? 'Above 0, please.' : null
  function submit(event: FormEvent) {
    event.preventDefault()
    if (problem) return
    const { least, most, rate } = typed
    // Only what was changed: the rate moves by itself meanwhile.
    const moved = rate !== round(host.rate) ? { rate } : {}
    set.mutate({ host: host.host, lane: host.lane as 'page' | 'bytes', least, most, ...moved })
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <p className={classes.dim}>
          For {lanes[host.lane]}, all workers together. In force within five seconds; who changed it is on record.
        </p>
        {field('rate', 'Now', 'Where it goes on from; it grows and shrinks by itself')}
        {field('least', 'At the least', 'It is never halved below this')}
        {field('most', 'At the most', 'It never grows beyond this')}
        <Problem sentence={problem ?? sentence(set.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Back
          </Button>
          <Button type="submit" loading={set.isPending}>
            Set the limits
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

const round = (rate: number) => Math.round(rate * 100) / 100
