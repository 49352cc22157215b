'use client'
// Asks once, says what fits and what does not and why, shows how far it is, and reports what was not done.
import { Button, Group, Modal, Progress, Radio, Select, Stack, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { misfit, type RunAct, type RunPriority, runPriorities } from '#server/run-acts.ts'
import type { RunState } from '#server/runs.ts'
import { count, counted } from '../format.ts'
import { TextLink } from '../parts/parts.tsx'
import { priorityWords } from '../run-words.ts'
import { usePerson } from '../shell/person.tsx'
import { useTRPC } from '../trpc.ts'
import classes from './bulk.module.css'
import { type Progress as Done, useAct } from './use-act.ts'
import { actWords } from './words.ts'

export interface ActedRun {
  id: string
  state: RunState
  client: { name: string }
  totals: { failed: number }
  attention: number
}

/** Runs that are known one by one, or all that match with their states. */
export type What = { runs: ActedRun[] } | { ids: string[]; states: Partial<Record<RunState, number>> }

interface Props {
  act: RunAct
  what: What
  opened: boolean
  onClose: () => void
  /** Closed after something was done. */
  onActed?: () => void
}

export function ActDialog({ act, what, opened, onClose, onActed }: Props) {
  const { progress, act: go, stop, forget } = useAct()
  const [note, setNote] = useState('')
  const [to, setTo] = useState<string | null>(usePerson().email)
  const [priority, setPriority] = useState<RunPriority>('first')
  const ids = 'runs' in what ? what.runs.map((run) => run.id) : what.ids
  const words = actWords[act]
  const running = progress !== null && progress.ended === null
  const close = () => {
    if (running) return
    onClose()
    if (progress) onActed?.()
    forget()
    setNote('')
  }
  const title = `${words.verb} ${ids.length === 1 ? 'this run' : counted(ids.length, 'run')}?`
  return (
    <Modal opened={opened} onClose={close} title={progress ? words.verb : title} closeOnEscape={!running}>
      <Stack>
        {progress ? (
          <Outcome act={act} progress={progress} />
        ) : (
          <>
            <p>{words.means}</p>
            <Misfits act={act} what={what} />
            {act === 'assign' && <StaffSelect value={to} onChange={setTo} />}
            {act === 'prioritise' && <PriorityChoice value={priority} onChange={setPriority} />}
            {words.noted && (
              <Textarea
                label="Note"
                description={
                  ids.length === 1 ? 'May stay empty; shown with the run' : 'May stay empty; shown with each run'
                }
                value={note}
                onChange={(event) => setNote(event.currentTarget.value)}
                maxLength={500}
              />
            )}
          </>
        )}
        <Group justify="flex-end">
          {running && (
            <Button variant="default" onClick={stop}>
              Stop here
            </Button>
          )}
          {!running && (
            <Button variant="default" onClick={close}>
              {progress ? 'Close' : 'Back'}
            </Button>
          )}
          {!progress && (
            <Button
              disabled={fitting(act, what) === 0 || (act === 'assign' && !to)}
              onClick={() =>
                go(act, ids, {
                  ...(note.trim() ? { note: note.trim() } : {}),
                  ...(act === 'assign' && to ? { to } : {}),
                  ...(act === 'prioritise' ? { priority } : {}),
                })
              }
            >
              {words.verb} {fitting(act, what) === 1 ? 'it' : count(fitting(act, what))}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}

/** Whom a run can be given to. */
function StaffSelect({ value, onChange }: { value: string | null; onChange: (email: string | null) => void }) {
  const staff = useQuery(useTRPC().search.staff.queryOptions())
  return (
    <Select
      label="To"
      searchable
      allowDeselect={false}
      data={(staff.data ?? []).map(({ email, name }) => ({
        value: email,
        label: name === email ? email : `${name}, ${email}`,
      }))}
      value={value}
      onChange={onChange}
    />
  )
}

function PriorityChoice({ value, onChange }: { value: RunPriority; onChange: (priority: RunPriority) => void }) {
  return (
    <Radio.Group label="Its work is taken" value={value} onChange={(chosen) => onChange(chosen as RunPriority)}>
      <Stack gap="xs" mt="xs">
        {runPriorities.map((priority) => (
          <Radio
            key={priority}
            value={priority}
            label={priorityWords[priority].word}
            description={priorityWords[priority].means}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

/** Reason and how many. */
export function misfitsOf(act: RunAct, what: What): Map<string, number> {
  const reasons = new Map<string, number>()
  const add = (reason: string | null, n: number) => {
    if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + n)
  }
  if ('runs' in what)
    for (const { state, totals, attention } of what.runs)
      add(misfit(act, { state, failed: totals.failed + attention }), 1)
  else
    for (const [state, n] of Object.entries(what.states))
      add(misfit(act, { state: state as RunState, failed: null }), n)
  return reasons
}

export function fitting(act: RunAct, what: What): number {
  const all = 'runs' in what ? what.runs.length : what.ids.length
  return all - [...misfitsOf(act, what).values()].reduce((sum, n) => sum + n, 0)
}

function Misfits({ act, what }: { act: RunAct; what: What }) {
  const reasons = [...misfitsOf(act, what)]
  if (reasons.length === 0) return null
  return (
    <ul className={classes.reasons}>
      {reasons.map(([reason, n]) => (
        <li key={reason}>
          {counted(n, 'run does not', 'runs do not')} fit: {reason}
        </li>
      ))}
    </ul>
  )
}

const refusedShown = 5

/** How far it is; then what was done, and what was not and why. */
function Outcome({ act, progress: { asked, done, refused, ended } }: { act: RunAct; progress: Done }) {
  const through = done + refused.length
  const byReason = Map.groupBy(refused, ({ reason }) => reason)
  return (
    <>
      {ended === null && (
        <Progress
          value={(through / asked) * 100}
          aria-label={`${actWords[act].verb}: ${count(through)} of ${count(asked)}`}
        />
      )}
      <p role="status">
        {ended === null
          ? `${count(through)} of ${count(asked)} …`
          : `${counted(done, 'run')} ${actWords[act].done}${refused.length > 0 ? `, ${count(refused.length)} not` : ''}.`}
        {ended === 'stopped' && ` Stopped: ${count(asked - through)} were not asked for.`}
        {ended !== null &&
          typeof ended === 'object' &&
          ` ${ended.because} ${count(asked - through)} were not asked for.`}
      </p>
      {[...byReason].map(([reason, ones]) => (
        <div key={reason} className={classes.refused}>
          <b>
            {count(ones.length)} not: {reason}
          </b>
          <ul>
            {ones.slice(0, refusedShown).map(({ id, client }) => (
              <li key={id}>
                <TextLink href={`/runs/${id}`}>{client ?? id.slice(0, 8)}</TextLink> <span>{id.slice(0, 8)}</span>
              </li>
            ))}
            {ones.length > refusedShown && <li>and {count(ones.length - refusedShown)} more</li>}
          </ul>
        </div>
      ))}
    </>
  )
}
