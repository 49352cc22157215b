'use client'
// The cells of a run, in lists of every kind.
import type { Stand } from '#server/stands.ts'
import { count, counted, size } from '../format.ts'
import { Ago } from '../parts/ago.tsx'
import { ProgressBar } from '../progress/progress-bar.tsx'
import { useProviderTitle } from '../provider-forms.tsx'
import { Priority } from '../states/priority.tsx'
import { State } from '../states/state.tsx'
import { wordsOfRun } from '../states/states.ts'
import type { Outputs } from '../trpc.ts'
import classes from './run-list.module.css'

export type RunRow = Outputs['runs']['list']['runs'][number] & {
  attention?: number
  stand?: Stand | null
}

/** When it ended, else began, else was made. */
const timeOf = (run: RunRow): Date => run.finishedAt ?? run.startedAt ?? run.createdAt

export function Dated({ run }: { run: RunRow }) {
  return <Ago time={timeOf(run)} ofRow />
}

export function RunState({ run }: { run: RunRow }) {
  const { state, todo, attention = 0 } = run
  return (
    <span className={classes.state}>
      <State of={wordsOfRun(run)} />
      <Priority of={run} small />
      {todo && state === 'blocked' && (
        <span className={classes.dim} title={todo}>
          {todo}
        </span>
      )}
      {state === 'running' && attention > 0 && (
        <span className={classes.failed}>{counted(attention, 'gallery needs', 'galleries need')} a look</span>
      )}
    </span>
  )
}

export function RunProgress({ run }: { run: RunRow }) {
  const what = useProviderTitle()(run.provider)
  const { found, published, failed, skipped } = run.totals
  if (run.state === 'planned') return <span className={classes.progress} />
  return (
    <span className={classes.progress}>
      <ProgressBar
        small
        label={`${run.client.name}, ${what}`}
        counts={{ found, published, failed, skipped, stored: 0, rendered: 0 }}
        expected={null}
        listing={run.state === 'surveying'}
      />
    </span>
  )
}

export function RunNumbers({ run: { totals } }: { run: RunRow }) {
  const { found, published, failed, galleries, bytes } = totals
  return (
    <span className={classes.numbers}>
      <span>
        {found > 0 ? (
          <>
            <b>{count(published)}</b> of {counted(found, 'photo')}
          </>
        ) : (
          galleries > 0 && counted(galleries, 'gallery', 'galleries')
        )}
      </span>
      <span className={classes.dim}>
        {failed > 0 && <span className={classes.failed}>{count(failed)} failed</span>}
        {failed > 0 && bytes > 0 && ' · '}
        {bytes > 0 && size(bytes)}
      </span>
    </span>
  )
}
