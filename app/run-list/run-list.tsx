'use client'
import Link from 'next/link'
import { count, counted, size } from '../format.ts'
import { Ago } from '../parts/parts.tsx'
import { ProgressBar } from '../progress/progress-bar.tsx'
import { useProviderTitle } from '../provider-forms.tsx'
import { State } from '../states/state.tsx'
import { runStates, wordsOf } from '../states/states.ts'
import type { Outputs } from '../trpc.ts'
import classes from './run-list.module.css'

export type RunRow = Outputs['runs']['list']['runs'][number]

/** Runs as rows, each a link; `withClient` names whose they are. */
export function RunList({ runs, withClient }: { runs: RunRow[]; withClient: boolean }) {
  return (
    <ul className={classes.list}>
      {runs.map((run) => (
        <li key={run.id}>
          <Row run={run} withClient={withClient} />
        </li>
      ))}
    </ul>
  )
}

function Row({ run, withClient }: { run: RunRow; withClient: boolean }) {
  const what = useProviderTitle()(run.provider)
  const { found, published, failed, skipped, galleries, bytes } = run.totals
  return (
    <Link href={`/runs/${run.id}`} className={classes.row}>
      <span className={classes.who}>
        <b>{withClient ? run.client.name : what}</b>
        <span className={classes.dim}>
          {withClient && `${what} · `}
          <Ago time={run.finishedAt ?? run.startedAt ?? run.createdAt} />
        </span>
      </span>
      <span className={classes.state}>
        <State of={wordsOf(runStates, run.state)} />
        {run.todo && run.state === 'blocked' && <span className={classes.dim}>{run.todo}</span>}
      </span>
      <span className={classes.progress}>
        {run.state !== 'planned' && (
          <ProgressBar
            small
            label={`${run.client.name}, ${what}`}
            counts={{ found, published, failed, skipped, stored: 0, rendered: 0 }}
            expected={null}
            listing={run.state === 'surveying'}
          />
        )}
      </span>
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
          {failed > 0 && ' · '}
          {bytes > 0 && size(bytes)}
        </span>
      </span>
    </Link>
  )
}
