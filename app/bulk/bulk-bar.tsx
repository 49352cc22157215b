'use client'
import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { useState } from 'react'
import type { RunAct } from '#server/run-acts.ts'
import { count, counted } from '../format.ts'
import { Icon } from '../icons.tsx'
import { ActDialog, fitting, misfitsOf, type What } from './act-dialog.tsx'
import classes from './bulk.module.css'
import { actWords } from './words.ts'

const acts: RunAct[] = ['start', 'pause', 'resume', 'retry', 'assign', 'prioritise', 'cancel']
const labels: Partial<Record<RunAct, string>> = { retry: 'Retry failed' }

interface Props {
  what: What
  /** How many match where not all of them are selected; null: they are. */
  matching: number | null
  selectMatching: () => void
  looking: boolean
  /** More match than can be asked for at once. */
  cut: boolean
  clear: () => void
}

/** What can be done with all that is selected. What does not fit is there, and says why not. */
export function BulkBar({ what, matching, selectMatching, looking, cut, clear }: Props) {
  const [act, setAct] = useState<RunAct>('pause')
  const [asking, setAsking] = useState(false)
  const selected = 'runs' in what ? what.runs.length : what.ids.length
  return (
    <section className={classes.bar} aria-label="Selected runs">
      <span className={classes.selected} role="status">
        {cut ? `The first ${count(selected)} that match are selected` : `${counted(selected, 'run')} selected`}
      </span>
      {matching !== null && matching > selected && (
        <Button size="compact-sm" h={30} variant="subtle" loading={looking} onClick={selectMatching}>
          Select all {count(matching)} matching
        </Button>
      )}
      <span className={classes.acts}>
        {acts.map((one) => {
          const fit = fitting(one, what)
          const why = [...misfitsOf(one, what).keys()].join(' ')
          return (
            <Tooltip key={one} label={why} disabled={fit > 0 || why === ''}>
              <Button
                size="compact-sm"
                h={30}
                variant="default"
                leftSection={<Icon name={actWords[one].icon} size={14} />}
                // Stays within reach of the keyboard, so that its reason can be read.
                data-disabled={fit === 0 || undefined}
                aria-disabled={fit === 0 || undefined}
                aria-description={fit === 0 ? why : undefined}
                onClick={(event) => {
                  if (fit === 0) return event.preventDefault()
                  setAct(one)
                  setAsking(true)
                }}
              >
                {labels[one] ?? actWords[one].verb}
                {fit > 0 && fit < selected && <span className={classes.fit}>{count(fit)}</span>}
              </Button>
            </Tooltip>
          )
        })}
      </span>
      <Tooltip label="Clear the selection (Esc)">
        <ActionIcon variant="subtle" color="gray" aria-label="Clear the selection" data-clear-selection onClick={clear}>
          <Icon name="x" />
        </ActionIcon>
      </Tooltip>
      <ActDialog act={act} what={what} opened={asking} onClose={() => setAsking(false)} onActed={clear} />
    </section>
  )
}
