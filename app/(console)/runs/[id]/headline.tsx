'use client'
import { count, counted, duration, percent, range, rate, size, sizeOf } from '../../../format.ts'
import { useNow } from '../../../live/use-now.ts'
import { Legend, ProgressBar, SpokenProgress } from '../../../progress/progress-bar.tsx'
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
      {listing && statedPhotos === null && (
        <p className={classes.facts}>Still listing: {count(totals.found)} so far.</p>
      )}
      <SpokenProgress share={percent(settled, whole)} text={line} final={run.finishedAt !== null} />
    </section>
  )
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
  const { totals, statedBytes, secondsLeft, perSecond, bytesPerSecond, settledPerSecond } = run
  const wholeBytes = Math.max(totals.bytesFound, statedBytes ?? 0)
  const facts = [wholeBytes > totals.bytes ? sizeOf(totals.bytes, wholeBytes) : size(totals.bytes)]
  if (run.state === 'running') {
    if (perSecond > 0) facts.push(`copies ${rate(perSecond, 'photos')}, ${size(bytesPerSecond)}/s`)
    if (settledPerSecond > 0) facts.push(`finishes ${rate(settledPerSecond, 'photos')}`)
    if (secondsLeft) facts.push(`${range(secondsLeft)} left`)
  }
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
