'use client'
import { count, counted, duration, percent, range, rate, size, sizeOf } from '../../../format.ts'
import { useNow } from '../../../live/use-now.ts'
import { Legend, ProgressBar, SpokenProgress } from '../../../progress/progress-bar.tsx'
import { useProviderTitle } from '../../../provider-forms.tsx'
import classes from './run.module.css'
import type { Snapshot } from './use-run.ts'

/** Is everything safe yet, how much is left, how fast does it go. */
export function Headline({ run }: { run: Snapshot }) {
  const { totals, statedPhotos } = run
  const whole = Math.max(totals.found, statedPhotos ?? 0)
  const listing = totals.listing > 0 && run.finishedAt === null
  const settled = totals.published + totals.skipped + totals.failed
  const line = `${count(totals.published)} of ${counted(whole, 'photo')} safe`
  return (
    <section aria-label="Progress">
      <p className={classes.headline}>
        <b>{count(totals.published)}</b> of {counted(whole, 'photo')} safe
      </p>
      <p className={classes.facts}>
        <Facts run={run} />
      </p>
      <ProgressBar counts={totals} expected={statedPhotos} listing={listing} label="Photos of this run" />
      <Legend counts={totals} />
      <Found run={run} listing={listing} />
      <SpokenProgress share={percent(settled, whole)} text={line} final={run.finishedAt !== null} />
    </section>
  )
}

/** Why the whole is not yet known, or grew: a bar that shrinks without a word would be a lie. */
function Found({ run, listing }: { run: Snapshot; listing: boolean }) {
  const title = useProviderTitle()
  const { totals, statedPhotos } = run
  const more = statedPhotos === null ? 0 : totals.found - statedPhotos
  if (listing && statedPhotos === null)
    return <p className={classes.found}>Still listing: {count(totals.found)} so far.</p>
  if (more > 0)
    return (
      <p className={classes.found}>
        More was found: {title(run.provider)} told of {count(statedPhotos!)}, {count(more)} more came to light
        {listing && ' so far'}.
      </p>
    )
  if (listing && totals.found > 0)
    return (
      <p className={classes.found}>
        Still listing: {count(totals.found)} of the {count(statedPhotos!)} that {title(run.provider)} tells of.
      </p>
    )
  return null
}

/** Seconds of work, and seconds in which it stood still for a person or the provider. */
function timesOf({ startedAt, finishedAt, clock }: Snapshot, now: number): { worked: number; waited: number } {
  const end = finishedAt ? Date.parse(finishedAt) : now
  const standing = clock.waitsSince ? Math.max(0, (end - Date.parse(clock.waitsSince)) / 1000) : 0
  const waited = clock.waitedSeconds + standing
  return { worked: Math.max(0, (end - Date.parse(startedAt!)) / 1000 - waited), waited }
}

function Facts({ run }: { run: Snapshot }) {
  const now = useNow()
  const { totals, statedBytes, secondsLeft, bytesPerSecond, settledPerSecond } = run
  // Once all is copied, what the provider stated of sizes says nothing more.
  const allCopied = totals.listing === 0 && totals.copied + totals.skipped + totals.failed >= totals.found
  const wholeBytes = allCopied ? totals.bytes : Math.max(totals.bytesFound, statedBytes ?? 0)
  const facts = [wholeBytes > totals.bytes ? sizeOf(totals.bytes, wholeBytes) : size(totals.bytes)]
  const pace = paceOf(run)
  if (pace) facts.push(pace)
  if (bytesPerSecond > 0) facts.push(`${size(bytesPerSecond)}/s`)
  if (settledPerSecond > 0) facts.push(`finishes ${rate(settledPerSecond, 'photos')}`)
  if (secondsLeft) facts.push(`${range(secondsLeft)} left`)
  if (run.startedAt) {
    const { worked, waited } = timesOf(run, now)
    facts.push(`${run.finishedAt ? 'took' : 'worked'} ${duration(worked)}`)
    if (waited >= 1) facts.push(`waited ${duration(waited)}`)
  }
  return facts.map((fact, index) => (
    <span key={fact.replace(/[\d.,]+/g, '#')}>
      {index > 0 && ' · '}
      <span className={classes.fact}>{fact}</span>
    </span>
  ))
}

/** "copies 41 photos/s now, 38 on average". */
function paceOf({ state, perSecond, averagePerSecond }: Snapshot): string | null {
  const average = averagePerSecond === null ? null : rate(averagePerSecond, 'photos')
  if (state === 'running' && perSecond > 0)
    return `copies ${rate(perSecond, 'photos')} now${average ? `, ${average} on average` : ''}`
  return average && `copied ${average} on average`
}
