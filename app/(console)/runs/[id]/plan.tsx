'use client'
import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { sessionsSentence } from '#server/sessions-needed.ts'
import { ChooseGalleries } from '../../../choice/choice.tsx'
import { type Choice, useChoice } from '../../../choice/use-choice.ts'
import { count, counted, range, size } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { useProviderTitle } from '../../../provider-forms.tsx'
import { useRunActions } from './actions.tsx'
import { Fates } from './fates.tsx'
import classes from './run.module.css'
import type { RunDetail, Snapshot } from './use-run.ts'

/** What a survey finds out, as far as the provider tells it. */
interface Found {
  account?: string
  folders?: number
  galleries?: number
  collections?: number
  photos?: number | null
  bytes?: number | null
  favouriteLists?: number
  secondsExpected?: [number, number]
  /** Galleries in the provider's archive. */
  archived?: number
  /** Something of this account was moved before: then the rest tells what is different. */
  repeated?: boolean
  photosToCopy?: number | null
  foldersRenamed?: number
  foldersMoved?: number
  difference?: Record<'new' | 'changed' | 'moved' | 'same' | 'gone' | 'untold', number>
  /** A session that only a person can renew, and how long one lives. */
  handedOver?: { hours: number | null } | null
}

/** What was found and what will become of it, before anything is copied. */
export function Plan({ run, detail }: { run: Snapshot; detail: RunDetail | undefined }) {
  if (run.state === 'surveying' || run.state === 'blocked') return <Surveying run={run} />
  if (!detail?.plan) return detail ? null : <Skeleton height={160} />
  return <Planned run={run} found={detail.plan as Found} fates={detail.fates} />
}

function Planned({ run, found, fates }: { run: Snapshot; found: Found; fates: RunDetail['fates'] }) {
  const choice = useChoice(run.run)
  return (
    <>
      <Summary run={run} found={found} choice={choice} />
      {run.state === 'planned' && <ChooseGalleries choice={choice} repeated={found.repeated ?? false} />}
      <Fates fates={fates} />
    </>
  )
}

function Surveying({ run }: { run: Snapshot }) {
  const title = useProviderTitle()
  const { galleries } = run.totals
  return (
    <section aria-label="Survey">
      <p className={classes.headline} aria-live="polite">
        {run.state === 'blocked'
          ? 'The look at the account was interrupted'
          : `Looking at the account at ${title(run.provider)}`}
      </p>
      <p className={classes.facts}>
        {galleries > 0 ? `${counted(galleries, 'gallery', 'galleries')} so far. ` : ''}
        Folders and galleries are counted; nothing is copied yet.
      </p>
      {run.state === 'surveying' && (
        <div className={classes.figures}>
          {[1, 2, 3, 4].map((figure) => (
            <Skeleton key={figure} height={48} />
          ))}
        </div>
      )}
    </section>
  )
}

function Summary({ run, found, choice }: { run: Snapshot; found: Found; choice: Choice }) {
  const waiting = found.archived ?? 0
  return (
    <section aria-label="Plan">
      {found.repeated && found.difference ? (
        <Differs found={found} difference={found.difference} />
      ) : (
        <>
          <p className={classes.headline}>
            {found.photos == null
              ? counted(found.galleries ?? 0, 'gallery', 'galleries')
              : counted(found.photos, 'photo')}
            {found.account ? ` of ${found.account}` : ''} can come over
          </p>
          <p className={classes.facts}>
            {found.secondsExpected ? `Expected to take ${range(found.secondsExpected)}. ` : ''}
            Originals are copied byte for byte and stay at the provider as they are.
          </p>
        </>
      )}
      {found.handedOver && (
        <p className={classes.facts}>{sessionsSentence(found.handedOver.hours, found.secondsExpected ?? null)}</p>
      )}
      <dl className={classes.figures}>
        <Figure name="Folders">{count(found.folders ?? 0)}</Figure>
        <Figure
          name="Galleries"
          more={found.collections ? `${count(found.collections)} of them collections` : undefined}
        >
          {count(found.galleries ?? run.totals.galleries)}
        </Figure>
        <Figure
          name="Photos"
          more={
            found.repeated && found.photosToCopy != null
              ? `${count(found.photosToCopy)} to copy, by its counts`
              : undefined
          }
        >
          {found.photos == null ? 'not told' : count(found.photos)}
        </Figure>
        <Figure name="Size">{found.bytes == null ? 'not told' : size(found.bytes)}</Figure>
        <Figure name="Favourite lists">{count(found.favouriteLists ?? 0)}</Figure>
        <Figure name="In the provider’s archive" more={waiting > 0 ? 'it is asked to bring them back' : undefined}>
          {count(waiting)}
        </Figure>
        <Figure name="Expected time">{found.secondsExpected ? range(found.secondsExpected) : 'not known'}</Figure>
      </dl>
      {run.state === 'planned' && <Start run={run} found={found} choice={choice} />}
    </section>
  )
}

/** What is different to what is here, in one sentence each; nothing of it is done yet. */
function Differs({ found, difference }: { found: Found; difference: NonNullable<Found['difference']> }) {
  const { new: fresh, changed, moved, same, gone, untold } = difference
  const galleries = (n: number) => counted(n, 'gallery', 'galleries')
  const parts = [
    fresh > 0 && `${count(fresh)} new`,
    changed - untold > 0 && `${count(changed - untold)} changed`,
    moved > 0 && `${count(moved)} moved`,
    gone > 0 && `${count(gone)} gone`,
  ].filter(Boolean)
  const folders = (found.foldersRenamed ?? 0) + (found.foldersMoved ?? 0)
  return (
    <>
      <p className={classes.headline}>
        {parts.length > 0
          ? `${galleries(fresh + changed - untold + moved + gone)} of ${found.account ?? 'the account'} differ: ${parts.join(', ')}`
          : untold > 0
            ? `Nothing is known to have changed at ${found.account ?? 'the account'}`
            : `Nothing has changed at ${found.account ?? 'the account'}`}
      </p>
      <p className={classes.facts}>
        {same > 0 && `${galleries(same)} ${same === 1 ? 'is' : 'are'} the same and not touched. `}
        {untold > 0 &&
          `${galleries(untold)} ${untold === 1 ? 'is' : 'are'} looked through, since the provider does not tell. `}
        {gone > 0 && `What is gone there is kept here, and marked. `}
        {folders > 0 && `${counted(folders, 'folder')} ${folders === 1 ? 'has' : 'have'} another name or place. `}
        Nothing that is here is copied twice.
      </p>
    </>
  )
}

function Start({ run, found, choice }: { run: Snapshot; found: Found; choice: Choice }) {
  const { start } = useRunActions(run.run)
  const [settling, setSettling] = useState(false)
  const { difference } = found
  const nothing =
    found.repeated && difference && difference.new + difference.changed + difference.moved + difference.gone === 0
  return (
    <Button
      size="md"
      leftSection={<Icon name={nothing ? 'check' : 'play'} />}
      loading={start.isPending || settling}
      disabled={choice.galleries !== undefined && choice.galleries.length > 0 && choice.chosen.size === 0}
      onClick={async () => {
        setSettling(true)
        try {
          await choice.settle()
          start.mutate({ id: run.run })
        } finally {
          setSettling(false)
        }
      }}
    >
      {nothing ? 'Close this check' : found.repeated ? 'Take the changes over' : 'Start the migration'}
    </Button>
  )
}

function Figure({ name, more, children }: { name: string; more?: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
      {more && <dd className={classes.dim}>{more}</dd>}
    </div>
  )
}
