'use client'
import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { count, counted, range, size } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { Section } from '../../../parts/parts.tsx'
import { useProviderTitle } from '../../../provider-forms.tsx'
import { fates, fieldWords, lossReasons } from '../../../words.ts'
import { useRunActions } from './actions.tsx'
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
}

/** What was found and what will become of it, before anything is copied. */
export function Plan({ run, detail }: { run: Snapshot; detail: RunDetail | undefined }) {
  if (run.state === 'surveying' || run.state === 'blocked') return <Surveying run={run} />
  if (!detail?.plan) return detail ? null : <Skeleton height={160} />
  return (
    <>
      <Summary run={run} found={detail.plan as Found} />
      <Fields fields={detail.fields} />
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

function Summary({ run, found }: { run: Snapshot; found: Found }) {
  const { start } = useRunActions(run.run)
  const waiting = run.totals.waiting
  return (
    <section aria-label="Plan">
      <p className={classes.headline}>
        {found.photos == null ? counted(found.galleries ?? 0, 'gallery', 'galleries') : counted(found.photos, 'photo')}
        {found.account ? ` of ${found.account}` : ''} can come over
      </p>
      <p className={classes.facts}>
        {found.secondsExpected ? `Expected to take ${range(found.secondsExpected)}. ` : ''}
        Originals are copied byte for byte and stay at the provider as they are.
      </p>
      <dl className={classes.figures}>
        <Figure name="Folders">{count(found.folders ?? 0)}</Figure>
        <Figure
          name="Galleries"
          more={found.collections ? `${count(found.collections)} of them collections` : undefined}
        >
          {count(found.galleries ?? run.totals.galleries)}
        </Figure>
        <Figure name="Photos">{found.photos == null ? 'not told' : count(found.photos)}</Figure>
        <Figure name="Size">{found.bytes == null ? 'not told' : size(found.bytes)}</Figure>
        <Figure name="Favourite lists">{count(found.favouriteLists ?? 0)}</Figure>
        <Figure name="In the provider’s archive" more={waiting > 0 ? 'asked to bring them back' : undefined}>
          {count(waiting)}
        </Figure>
        <Figure name="Expected time">{found.secondsExpected ? range(found.secondsExpected) : 'not known'}</Figure>
      </dl>
      {run.state === 'planned' && (
        <Button
          size="md"
          leftSection={<Icon name="play" />}
          loading={start.isPending}
          onClick={() => start.mutate({ id: run.run })}
        >
          Start the migration
        </Button>
      )}
    </section>
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

const icons = { kept: 'check', mapped: 'arrow', lost: 'x', not_offered: 'dashed' } as const
const order = ['lost', 'mapped', 'kept', 'not_offered'] as const

/** Kept, changed, lost or never there, and why: what will not come along stands first. */
function Fields({ fields }: { fields: Record<string, string> }) {
  const lost = Object.values(fields).filter((fate) => fate === 'lost').length
  return (
    <Section
      title="What comes along"
      aside={lost > 0 ? `${counted(lost, 'kind')} will not` : 'everything this provider has'}
    >
      <div className={classes.fates}>
        {order.map((fate) => {
          const kinds = Object.keys(fields).filter((field) => fields[field] === fate)
          if (kinds.length === 0) return null
          return (
            <div key={fate} className={classes.fate} data-fate={fate}>
              <h3>
                <Icon name={icons[fate]} size={14} /> {fates[fate].word}
              </h3>
              <ul>
                {kinds.map((kind) => (
                  <li key={kind}>
                    {fieldWords[kind] ?? kind}
                    {fate === 'lost' && <span className={classes.dim}> {lossReasons[kind] ?? fates.lost.why}</span>}
                  </li>
                ))}
              </ul>
              {fate !== 'lost' && fate !== 'kept' && <p className={classes.dim}>{fates[fate].why}</p>}
            </div>
          )
        })}
      </div>
    </Section>
  )
}
