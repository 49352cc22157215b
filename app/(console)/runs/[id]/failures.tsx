'use client'
import { Button, Checkbox, Collapse, Skeleton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ago, count, counted, exactly } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { useNow } from '../../../live/use-now.ts'
import { Section, TextLink, Trouble } from '../../../parts/parts.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../../../trpc.ts'
import { wordsOfCode } from '../../../words.ts'
import { RetryDialog } from './actions.tsx'
import classes from './failures.module.css'
import type { Snapshot } from './use-run.ts'

type Cause = Outputs['runs']['failures'][number]

/** What went wrong, by cause: first what failed and can be tried again, then what was skipped and can be accepted. */
export function Failures({ run }: { run: Snapshot }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const causes = useQuery(trpc.runs.failures.queryOptions({ id: run.run }))
  const changed = `${run.totals.failed} ${run.totals.skipped}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: the counts say when to look again
  useEffect(() => {
    void queryClient.invalidateQueries(trpc.runs.failures.queryFilter({ id: run.run }))
    void queryClient.invalidateQueries(trpc.runs.troubledPhotos.pathFilter())
  }, [changed])
  const failed = causes.data?.filter(({ state }) => state === 'failed') ?? []
  const skipped = causes.data?.filter(({ state }) => state === 'skipped') ?? []
  return (
    <>
      {run.totals.failed > 0 && (
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
          aside={`${counted(run.totals.skipped, 'photo')} that ${run.kind === 'upload' ? 'did not come in' : 'cannot be had'}`}
        >
          {skipped.map((cause) => (
            <CauseRow key={cause.code} run={run} cause={cause} />
          ))}
        </Section>
      )}
    </>
  )
}

function CauseRow({ run, cause }: { run: Snapshot; cause: Cause }) {
  const [open, { toggle }] = useDisclosure(false)
  const [retrying, retry] = useDisclosure(false)
  const { title, what, todo } = wordsOfCode(cause.code, run.kind)
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
          <Seen cause={cause} />
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
          {!failed && <Accept run={run} cause={cause} />}
        </span>
      </div>
      <Collapse expanded={open}>
        <div className={classes.inside}>
          <p>{what}</p>
          {todo && <p className={classes.todo}>{todo}</p>}
          {open && <Photos run={run} cause={cause} />}
        </div>
      </Collapse>
      <RetryDialog run={run} opened={retrying} onClose={retry.close} what={{ code: cause.code }} photos={cause.count} />
    </div>
  )
}

function Seen({ cause: { firstAt, lastAt } }: { cause: Cause }) {
  const now = useNow()
  if (!lastAt) return null
  const last = ago(new Date(lastAt), now)
  const first = firstAt ? ago(new Date(firstAt), now) : last
  return <span title={exactly(new Date(lastAt))}>{first === last ? last : `${first} to ${last}`}</span>
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

function Photos({ run, cause }: { run: Snapshot; cause: Cause }) {
  const trpc = useTRPC()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [retrying, retry] = useDisclosure(false)
  const pages = useInfiniteQuery(
    trpc.runs.troubledPhotos.infiniteQueryOptions(
      { id: run.run, code: cause.code, state: cause.state, limit: 20 },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  )
  if (pages.isPending) return <Skeleton height={32} my="md" />
  if (!pages.data) return <Trouble message={sentence(pages.error)!} again={() => pages.refetch()} />
  const photos = pages.data.pages.flatMap((page) => page.photos)
  const failed = cause.state === 'failed'
  const choose = (id: string, yes: boolean) => {
    const next = new Set(chosen)
    if (yes) next.add(id)
    else next.delete(id)
    setChosen(next)
  }
  return (
    <>
      <ul className={classes.photos}>
        {photos.map((photo, index) => (
          <li key={photo.publicId}>
            {failed && (
              <Checkbox
                size="xs"
                aria-label={`Choose ${photo.filename ?? 'photo'}`}
                checked={chosen.has(photo.publicId)}
                onChange={(event) => choose(photo.publicId, event.currentTarget.checked)}
              />
            )}
            <span className={classes.file}>
              {photo.filename ?? 'without a name'}{' '}
              <span className={classes.dim}>
                in <TextLink href={`/galleries/${photo.gallery.publicId}`}>{photo.gallery.title}</TextLink>
                {photo.attempts > 0 && ` · ${counted(photo.attempts, 'attempt')}`}
                {photo.step && ` · ${photo.step.replaceAll('-', ' ')}`}
              </span>
              {photo.detail && photo.detail !== photos[index - 1]?.detail && (
                <code className={classes.detail}>{photo.detail}</code>
              )}
            </span>
          </li>
        ))}
      </ul>
      <div className={classes.foot}>
        {failed && (
          <Button
            size="compact-sm"
            h={30}
            disabled={chosen.size === 0}
            onClick={retry.open}
            leftSection={<Icon name="retry" size={14} />}
          >
            Retry {chosen.size === 0 ? 'the chosen ones' : counted(chosen.size, 'chosen photo', 'chosen photos')}
          </Button>
        )}
        {pages.hasNextPage && (
          <Button
            size="compact-sm"
            h={30}
            variant="subtle"
            color="gray"
            loading={pages.isFetchingNextPage}
            onClick={() => pages.fetchNextPage()}
          >
            Show more
          </Button>
        )}
      </div>
      <RetryDialog
        run={run}
        opened={retrying}
        onClose={retry.close}
        what={{ photoPublicIds: [...chosen] }}
        photos={chosen.size}
        onDone={() => setChosen(new Set())}
      />
    </>
  )
}
