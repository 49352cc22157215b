'use client'
import { Skeleton } from '@mantine/core'
import { Connection, Dimmed, FirstLook } from '../../../live/connection.tsx'
import { PageHead, Trouble } from '../../../parts/parts.tsx'
import { ShortId } from '../../../parts/short-id.tsx'
import { useProviderTitle } from '../../../provider-forms.tsx'
import { Priority } from '../../../states/priority.tsx'
import { State } from '../../../states/state.tsx'
import { wordsOfRun } from '../../../states/states.ts'
import { UploadPanel } from '../../../uploads/upload-panel.tsx'
import { RunActions } from './actions.tsx'
import { Failures } from './failures.tsx'
import { Galleries } from './galleries.tsx'
import { Headline } from './headline.tsx'
import { Notices } from './notices.tsx'
import { Plan } from './plan.tsx'
import { Proof } from './proof.tsx'
import classes from './run.module.css'
import { Stages } from './stages.tsx'
import { Timeline } from './timeline.tsx'
import { type RunDetail, type Snapshot, useRun, useRunDetail } from './use-run.ts'

export function RunPage({ runId }: { runId: string }) {
  const { view: run, connection, refused } = useRun(runId)
  const detail = useRunDetail(runId, run)
  const title = useProviderTitle()
  if (refused) return <Trouble whole message={refused.message} />
  if (!run) {
    return (
      <FirstLook connection={connection}>
        <Loading />
      </FirstLook>
    )
  }
  const from = run.kind === 'upload' ? 'Upload' : `${title(run.provider)} → Pass`
  return (
    <>
      <PageHead
        crumbs={[
          { href: '/runs', text: 'Runs' },
          { href: `/clients/${run.client.id}`, text: run.client.name },
          { text: from },
        ]}
        title={run.client.name}
      >
        <span className={classes.standing}>
          <State of={wordsOfRun(run)} />
          <Priority of={run} />
          <ShortId id={runId} what="run" />
          <Connection connection={connection} />
        </span>
        <span className={classes.actions}>
          {run.startedAt !== null && <Proof run={run} />}
          <RunActions run={run} />
        </span>
      </PageHead>
      <Dimmed connection={connection}>
        <Body run={run} detail={detail.data} />
      </Dimmed>
    </>
  )
}

function Body({ run, detail }: { run: Snapshot; detail: RunDetail | undefined }) {
  const begun = run.startedAt !== null
  return (
    <>
      {begun && <Headline run={run} />}
      <Notices run={run} detail={detail} />
      <UploadPanel run={run} />
      {!begun && <Plan run={run} detail={detail} />}
      {(begun || run.state === 'surveying') && <Stages run={run} />}
      {begun && run.totals.galleries > 0 && <Galleries run={run} />}
      {(run.totals.failed > 0 || run.totals.skipped > 0) && <Failures run={run} />}
      {detail && <Timeline detail={detail} />}
    </>
  )
}

/** Shaped like the page that comes. */
function Loading() {
  return (
    <div aria-busy="true" role="status" aria-label="Loading">
      <Skeleton width={160} height={12} mb="sm" />
      <Skeleton width={280} height={32} mb="lg" />
      <Skeleton height={12} mb="sm" />
      <Skeleton width="60%" height={16} mb="xl" />
      {[1, 2, 3, 4, 5, 6].map((row) => (
        <Skeleton key={row} height={24} my="md" />
      ))}
    </div>
  )
}
