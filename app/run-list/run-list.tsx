'use client'
import Link from 'next/link'
import { useProviderTitle } from '../provider-forms.tsx'
import classes from './run-list.module.css'
import { Dated, RunNumbers, RunProgress, type RunRow, RunState } from './run-row.tsx'

/** A few runs as rows, each a link; `withClient` names whose they are. */
export function RunList({ runs, withClient }: { runs: RunRow[]; withClient: boolean }) {
  return (
    <ul className={classes.list}>
      {runs.map((run) => (
        <li key={run.id} data-row={run.id}>
          <Row run={run} withClient={withClient} />
        </li>
      ))}
    </ul>
  )
}

function Row({ run, withClient }: { run: RunRow; withClient: boolean }) {
  const what = useProviderTitle()(run.provider)
  return (
    <Link href={`/runs/${run.id}`} prefetch={false} className={classes.row}>
      <span className={classes.who}>
        <b>{withClient ? run.client.name : what}</b>
        <span className={classes.dim}>
          {withClient && `${what} · `}
          <Dated run={run} />
        </span>
      </span>
      <RunState run={run} />
      <RunProgress run={run} />
      <RunNumbers run={run} />
    </Link>
  )
}
