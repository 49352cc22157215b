'use client'
import { count } from '../../format.ts'
import { Icon } from '../../icons.tsx'
import { Ago } from '../../parts/ago.tsx'
import classes from './providers.module.css'
import type { Provider } from './providers-page.tsx'

/** How it answered within the last hour; and who has stopped it. */
export function Answers({ provider: { answered, stopped, title } }: { provider: Provider }) {
  return (
    <>
      {stopped && (
        <p className={classes.stopped}>
          <Icon name="circlePause" />
          <span>
            Nothing is asked of {title}: stopped by {stopped.by} <Ago time={stopped.at} />
            {stopped.note && `, “${stopped.note}”`}. Its runs wait and lose nothing.
          </span>
        </p>
      )}
      {answered && (
        <dl className={classes.figures} aria-label="Within the last hour">
          <div>
            <dt>answered well, last hour</dt>
            <dd data-family={familyOf(answered)}>
              {percent.format(shareOf(answered))} <span className={classes.dim}>of {count(answered.requests)}</span>
            </dd>
          </div>
          <div>
            <dt>median time to answer</dt>
            <dd>{answered.medianMilliseconds === null ? '–' : took(answered.medianMilliseconds)}</dd>
          </div>
          <div>
            <dt>asked us to slow down</dt>
            <dd>{count(answered.limited)}</dd>
          </div>
          <div>
            <dt>refused (403)</dt>
            <dd>{count(answered.refused)}</dd>
          </div>
          <div>
            <dt>faults and silence</dt>
            <dd>{count(answered.failed)}</dd>
          </div>
        </dl>
      )}
    </>
  )
}

type Answered = NonNullable<Provider['answered']>

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })

/** Never rounded up to all of them. */
function shareOf({ requests, limited, refused, failed }: Answered): number {
  return Math.floor(((requests - limited - refused - failed) / requests) * 1000) / 1000
}

function familyOf(answered: Answered): 'safe' | 'recovers' | 'needs-you' {
  const share = shareOf(answered)
  return share >= 0.98 ? 'safe' : share >= 0.9 ? 'recovers' : 'needs-you'
}

const seconds = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const took = (milliseconds: number) =>
  milliseconds < 1000 ? `${count(milliseconds)} ms` : `${seconds.format(milliseconds / 1000)} s`
