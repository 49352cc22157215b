'use client'
import { Button, Collapse, Skeleton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { ago, count, counted } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { useNow } from '../../../live/use-now.ts'
import { Moment } from '../../../parts/ago.tsx'
import { Section, Trouble } from '../../../parts/parts.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../../../trpc.ts'
import { wordsOfCode } from '../../../words.ts'
import { CauseMenu, DecidedWords } from './cause-decision.tsx'
import { CauseEvidence } from './cause-evidence.tsx'
import { CausePhotos } from './cause-photos.tsx'
import classes from './failures.module.css'
import { RetryDialog } from './retry-dialog.tsx'
import type { Snapshot } from './use-run.ts'

export type Cause = Outputs['runs']['failures'][number]

/** What went wrong, by cause, asked again when the counts say so. */
export function useCauses(run: Snapshot) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const { failed, skipped } = run.totals
  const causes = useQuery(trpc.runs.failures.queryOptions({ id: run.run }, { enabled: failed + skipped > 0 }))
  const changed = `${failed} ${skipped}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: the counts say when to look again
  useEffect(() => {
    void queryClient.invalidateQueries(trpc.runs.failures.queryFilter({ id: run.run }))
    void queryClient.invalidateQueries(trpc.runs.troubledPhotos.pathFilter())
  }, [changed])
  return causes
}

/** First what failed and can be tried again, then what was skipped and can be accepted, then what somebody set aside. */
export function Failures({ run }: { run: Snapshot }) {
  const causes = useCauses(run)
  const failed = causes.data?.filter(({ state, open }) => state === 'failed' && open) ?? []
  const skipped = causes.data?.filter(({ state, open }) => state === 'skipped' && open) ?? []
  const aside = causes.data?.filter(({ open }) => !open) ?? []
  return (
    <>
      {run.totals.failed > 0 && (failed.length > 0 || !causes.data) && (
        <Section title="Failed, by cause" aside={counted(run.totals.failed, 'photo')} id="failures">
          {causes.isPending && <Skeleton height={32} my="md" />}
          {causes.error && !causes.data && <Trouble message={sentence(causes.error)!} again={() => causes.refetch()} />}
          {failed.map((cause) => (
            <CauseRow key={cause.code} run={run} cause={cause} />
          ))}
        </Section>
      )}
      {skipped.length > 0 && (
        <Section
          title={run.kind === 'upload' ? 'Not taken' : 'Skipped'}
          aside={`${counted(sum(skipped), 'photo')} that ${run.kind === 'upload' ? 'did not come in' : 'cannot be had'}`}
        >
          {skipped.map((cause) => (
            <CauseRow key={cause.code} run={run} cause={cause} />
          ))}
        </Section>
      )}
      {aside.length > 0 && (
        <Section title="Set aside" aside={`${counted(sum(aside), 'photo')}; back by itself when it returns`}>
          {aside.map((cause) => (
            <CauseRow key={`${cause.state} ${cause.code}`} run={run} cause={cause} />
          ))}
        </Section>
      )}
    </>
  )
}

const sum = (causes: Cause[]) => causes.reduce((photos, cause) => photos + cause.count, 0)

function CauseRow({ run, cause }: { run: Snapshot; cause: Cause }) {
  const [open, { toggle }] = useDisclosure(false)
  const [retrying, retry] = useDisclosure(false)
  const { title } = wordsOfCode(cause.code, run.kind)
  const failed = cause.state === 'failed'
  return (
    <div className={classes.cause} data-testid={`cause-${cause.code}`}>
      <div className={classes.line}>
        <button type="button" className={classes.toggle} aria-expanded={open} onClick={toggle}>
          <Icon name={open ? 'chevronDown' : 'chevronRight'} size={14} />
          <span>
            <b>{title}</b> <code>{cause.code}</code>
          </span>
        </button>
        <span className={classes.count}>{counted(cause.count, 'photo')}</span>
        <span className={classes.when}>
          {cause.decided ? <DecidedWords cause={cause} decided={cause.decided} /> : <Seen cause={cause} />}
        </span>
        <span className={classes.act}>
          {failed && (
            <Button
              size="compact-sm"
              h={30}
              variant="default"
              leftSection={<Icon name="retry" size={14} />}
              onClick={retry.open}
            >
              Retry {cause.count === 1 ? 'it' : `all ${count(cause.count)}`}
            </Button>
          )}
          {!failed && cause.open && <Accept run={run} cause={cause} />}
          <CauseMenu run={run} cause={cause} title={title} />
        </span>
      </div>
      <Collapse expanded={open}>{open && <Inside run={run} cause={cause} />}</Collapse>
      <RetryDialog run={run} opened={retrying} onClose={retry.close} what={{ code: cause.code }} photos={cause.count} />
    </div>
  )
}

/** In plain words first; what only developers read is folded away. */
function Inside({ run, cause }: { run: Snapshot; cause: Cause }) {
  const { what, todo } = wordsOfCode(cause.code, run.kind)
  const { example, otherClients } = cause
  return (
    <div className={classes.inside}>
      <dl className={classes.told}>
        <dt>What happened</dt>
        <dd>
          {what}
          {otherClients > 0 && ` Also at ${counted(otherClients, 'other client')} in the last 30 days.`}
        </dd>
        <dt>What we tried</dt>
        <dd>{triedWords(cause)}</dd>
        <dt>What you can do</dt>
        <dd>{todo ?? 'Nothing is to be done.'}</dd>
      </dl>
      {cause.evidence > 0 && <CauseEvidence runId={run.run} code={cause.code} />}
      <details className={classes.technical}>
        <summary>Technical details</summary>
        <dl>
          <dt>code</dt>
          <dd>{cause.code}</dd>
          <dt>step</dt>
          <dd>{cause.step ?? 'none'}</dd>
          <dt>example</dt>
          <dd>
            {example.filename ?? example.publicId} in {example.gallery}
          </dd>
          {example.detail && (
            <>
              <dt>it said</dt>
              <dd>{example.detail}</dd>
            </>
          )}
        </dl>
      </details>
      <CausePhotos run={run} cause={cause} />
    </div>
  )
}

function triedWords({ state, attempts: [least, most], count: photos }: Cause): string {
  const each = photos === 1 ? 'It' : 'Each'
  if (state === 'skipped') return `${each} was asked for; the answer was final, so it was not repeated.`
  if (most <= 1) return `${each} was tried once: asking again could not have helped.`
  const times = least === most ? count(most) : `${count(Math.max(least, 1))} to ${count(most)}`
  return `${each} was tried ${times} times, with longer pauses from one to the next.`
}

function Seen({ cause: { firstAt, lastAt } }: { cause: Cause }) {
  const now = useNow()
  if (!lastAt) return null
  const last = ago(new Date(lastAt), now)
  const first = firstAt && ago(new Date(firstAt), now)
  return (
    <>
      {first && first !== last && (
        <>
          <Moment time={new Date(firstAt!)}>{first}</Moment> to{' '}
        </>
      )}
      <Moment time={new Date(lastAt)}>{last}</Moment>
    </>
  )
}

/** Skipped ones are nobody's fault: a person says that it is fine so. */
function Accept({ run, cause }: { run: Snapshot; cause: Cause }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const accepted = useQuery(trpc.runs.accepted.queryOptions({ id: run.run }))
  const accept = useMutation(
    trpc.runs.accept.mutationOptions({
      onSuccess: () =>
        Promise.all([
          queryClient.invalidateQueries(trpc.runs.accepted.queryFilter()),
          queryClient.invalidateQueries(trpc.runs.detail.queryFilter()),
        ]),
    }),
  )
  const said = accepted.data?.[cause.code]
  if (said && said.photos >= cause.count) {
    return (
      <span className={classes.accepted}>
        <Icon name="check" size={14} /> accepted by {said.by}
      </span>
    )
  }
  return (
    <>
      <Problem sentence={sentence(accept.error)} />
      <Button
        size="compact-sm"
        h={30}
        variant="default"
        loading={accept.isPending}
        onClick={() => accept.mutate({ id: run.run, code: cause.code })}
      >
        Accept
      </Button>
    </>
  )
}
