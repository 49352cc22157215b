'use client'
import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import Link from 'next/link'
import { waitWords } from '#server/wait-words.ts'
import { ago, at, atSecond, counted, duration, usually } from '../../../format.ts'
import { useNow } from '../../../live/use-now.ts'
import { Ago, Moment } from '../../../parts/ago.tsx'
import { useProviderTitle } from '../../../provider-forms.tsx'
import { ReplaceCredentials } from '../../../sources/source-form.tsx'
import { wordsOfCode } from '../../../words.ts'
import { EvidenceLink } from './cause-evidence.tsx'
import { useCauses } from './failures.tsx'
import { Notice } from './notice.tsx'
import classes from './run.module.css'
import { needsSignIn, PasswordsMissing, SessionNotice } from './sign-in-notices.tsx'
import type { RunDetail, Snapshot } from './use-run.ts'

/** Why it does not simply move, in sentences: red names what to do, amber goes on by itself. */
export function Notices({ run, detail }: { run: Snapshot; detail: RunDetail | undefined }) {
  return (
    <ul className={classes.notices} aria-label="What to know">
      <Blocked run={run} detail={detail} />
      <SessionNotice run={run} />
      <PasswordsMissing run={run} />
      <Failed run={run} />
      <Attention run={run} />
      <Stalled run={run} />
      <Unserved run={run} />
      <Queued run={run} />
      <Held run={run} />
      <Thaw run={run} />
      <Hosts run={run} />
      <Retrying run={run} />
      <Paused run={run} detail={detail} />
      <Degraded run={run} />
      <Gone run={run} />
      <Capturing run={run} />
    </ul>
  )
}

function Blocked({ run, detail }: { run: Snapshot; detail: RunDetail | undefined }) {
  const [entering, enter] = useDisclosure(false)
  if (run.state !== 'blocked' && run.state !== 'failed') return null
  const needsCredentials = needsSignIn(run.code)
  const source =
    detail?.sourceId && run.provider ? { id: detail.sourceId, clientId: run.client.id, provider: run.provider } : null
  const trying = run.session?.trying ?? false
  const action = source && needsCredentials && (
    <Button size="compact-sm" h={30} onClick={enter.open} disabled={trying}>
      Sign in again
    </Button>
  )
  const { stored } = run.totals
  return (
    <>
      <Notice family="needs-you" icon="alert" action={action}>
        <b>{wordsOfCode(run.code ?? 'unknown').title}.</b> {run.todo ?? wordsOfCode(run.code ?? 'unknown').todo}{' '}
        {run.code && <code>{run.code}</code>} <Evidence run={run} detail={detail} />
        {needsCredentials &&
          stored > 0 &&
          ` Meanwhile ${counted(stored, 'copied photo')} ${stored === 1 ? 'is' : 'are'} rendered.`}
      </Notice>
      {trying && needsCredentials && (
        <Notice family="moving" icon="moving">
          The new sign-in is being tried; the run goes on by itself once it is taken.
        </Notice>
      )}
      {source && (
        <Modal opened={entering} onClose={enter.close} title="Sign in again">
          <ReplaceCredentials source={source} bySession={run.code === 'challenge'} onDone={enter.close} />
        </Modal>
      )}
    </>
  )
}

/** What was kept of the failure that blocks it. */
function Evidence({ run, detail }: { run: Snapshot; detail: RunDetail | undefined }) {
  const kept = detail?.events.find(({ kind, data }) => kind === 'captured' && data.code === run.code)
  return typeof kept?.data.page === 'string' ? (
    <EvidenceLink runId={run.run} objectKey={kept.data.page} words="Requests" />
  ) : null
}

/** What somebody set aside asks for nobody. */
function Failed({ run }: { run: Snapshot }) {
  const causes = useCauses(run)
  const failed = causes.data
    ? causes.data.reduce((photos, { state, open, count }) => photos + (state === 'failed' && open ? count : 0), 0)
    : run.totals.failed
  if (failed === 0) return null
  return (
    <Notice family="needs-you" icon="alert" action={<a href="#failures">See the causes</a>}>
      {counted(failed, 'photo')} failed after every attempt.
    </Notice>
  )
}

function Attention({ run }: { run: Snapshot }) {
  const { attention } = run.totals
  if (attention === 0) return null
  return (
    <Notice family="needs-you" icon="alert" action={<a href="?state=attention#galleries">See them</a>}>
      {attention === 1 ? 'One gallery needs' : `${counted(attention, 'gallery', 'galleries')} need`} a look.
    </Notice>
  )
}

function Stalled({ run }: { run: Snapshot }) {
  const now = useNow()
  if (!run.stalledSince) return null
  return (
    <Notice family="needs-you" icon="alert">
      <b>Stalled.</b> Nobody has worked on it since{' '}
      <Moment time={new Date(run.stalledSince)}>
        {at(new Date(run.stalledSince), now)} ({ago(new Date(run.stalledSince), now)})
      </Moment>
      : {waitWords.stalled(run.unserved)}
    </Notice>
  )
}

function Queued({ run }: { run: Snapshot }) {
  if (run.behindRuns === null) return null
  return (
    <Notice family="waiting" icon="dashed">
      {waitWords.behind(counted(run.behindRuns, 'other run'), run.priority)}
    </Notice>
  )
}

function Capturing({ run }: { run: Snapshot }) {
  const now = useNow()
  if (!run.captureUntil) return null
  return (
    <Notice family="waiting" icon="file">
      Until {at(new Date(run.captureUntil), now)} whatever fails is kept with the requests that led there: see what
      happened and the causes below.
    </Notice>
  )
}

function Unserved({ run }: { run: Snapshot }) {
  if (run.unserved.length === 0 || run.stalledSince) return null
  return (
    <Notice family="needs-you" icon="alert">
      {waitWords.unserved(run.unserved)}
    </Notice>
  )
}

/** What ops hold back: a queue, or everything that is asked of the provider. */
function Held({ run }: { run: Snapshot }) {
  const title = useProviderTitle()
  return (
    <>
      {run.stopped && (
        <Notice family="waiting" icon="circlePause" action={<Link href="/providers">Providers</Link>}>
          {waitWords.providerStopped(title(run.provider), run.stopped)}
        </Notice>
      )}
      {run.pausedQueues.map((held) => (
        <Notice key={held.queue} family="waiting" icon="circlePause" action={<Link href="/queues">Queues</Link>}>
          {waitWords.queuePaused(held)}
        </Notice>
      ))}
    </>
  )
}

function Thaw({ run }: { run: Snapshot }) {
  const now = useNow()
  const title = useProviderTitle()
  if (!run.thaw) return null
  const { galleries, since, askAgainAt, usualHours } = run.thaw
  return (
    <Notice family="recovers" icon="clock" action={<a href="?state=waiting#galleries">See them</a>}>
      {galleries === 1 ? 'One gallery waits' : `${counted(galleries, 'gallery', 'galleries')} wait`} for{' '}
      {title(run.provider)} to bring {galleries === 1 ? 'it' : 'them'} back: asked {at(new Date(since), now)}
      {usualHours !== null && `, usually ${usually(usualHours)}`}, asking again {until(askAgainAt, now)}.
    </Notice>
  )
}

function Hosts({ run }: { run: Snapshot }) {
  const now = useNow()
  const title = useProviderTitle()
  return run.hosts.map(({ host, blockedUntil, reason, pausedBy }) => (
    <Notice
      key={host}
      family={pausedBy ? 'waiting' : 'recovers'}
      icon={pausedBy ? 'circlePause' : 'clock'}
      action={<Link href="/providers">Its limits</Link>}
    >
      {pausedBy
        ? `${host} is asked nothing: paused by ${pausedBy}.`
        : `${title(run.provider)} asked us to wait (${host}: ${reason === '503' ? 'overloaded' : 'too many requests'}). We go on by ourselves at ${clockWithSeconds(blockedUntil)}, ${until(blockedUntil ?? '', now)}.`}
    </Notice>
  ))
}

function Retrying({ run }: { run: Snapshot }) {
  const now = useNow()
  const { photos, nextAt, attempts, of } = run.retrying
  if (photos === 0) return null
  // The one that comes, counted from one.
  const [least, most] = (attempts ?? [0, 0]).map((n) => Math.min(n + 1, of)) as [number, number]
  return (
    <Notice family="recovers" icon="retry">
      {counted(photos, 'photo')} did not come at once and {photos === 1 ? 'is' : 'are'} tried again
      {nextAt && ` ${until(nextAt, now)}`}: attempt {least === most ? most : `${least} to ${most}`} of {of}.
    </Notice>
  )
}

function Paused({ run, detail }: { run: Snapshot; detail: RunDetail | undefined }) {
  if (run.state !== 'paused' && run.state !== 'cancelled') return null
  const note = detail?.events.find((event) => event.kind === run.state)?.data.note
  return (
    <Notice family="waiting" icon={run.state === 'paused' ? 'circlePause' : 'circleStop'}>
      {run.state === 'paused' ? 'Paused' : 'Cancelled'} by {run.stateBy} <Ago time={new Date(run.stateAt)} />
      {typeof note === 'string' && `: “${note}”`}.{' '}
      {run.state === 'paused' ? 'Resuming goes on where it stood.' : 'What was copied stays.'}
    </Notice>
  )
}

function Degraded({ run }: { run: Snapshot }) {
  const { degraded } = run.totals
  if (degraded === 0) return null
  return (
    <Notice family="waiting" icon="image">
      {counted(degraded, 'photo')} {degraded === 1 ? 'is' : 'are'} safe but cannot be shown as wished: the original is
      kept byte for byte.
    </Notice>
  )
}

const clockWithSeconds = (time: string | null) => (time ? atSecond(new Date(time)) : 'it says so')

function Gone({ run }: { run: Snapshot }) {
  const { gone } = run.totals
  if (gone === 0) return null
  return (
    <Notice family="waiting" icon="archive">
      {counted(gone, 'photo')} {gone === 1 ? 'is' : 'are'} gone at the provider: kept here, in no gallery any more.
    </Notice>
  )
}

/** "in 45 s", "at 14:05". */
function until(time: string, now: number): string {
  const seconds = (Date.parse(time) - now) / 1000
  if (seconds <= 0) return 'now'
  return seconds < 600 ? `in ${duration(seconds)}` : `at ${at(new Date(time), now)}`
}
