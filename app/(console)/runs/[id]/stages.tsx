'use client'
import { at, count, duration, exactly, rate } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { useNow } from '../../../live/use-now.ts'
import { Moment } from '../../../parts/ago.tsx'
import classes from './run.module.css'
import type { Snapshot } from './use-run.ts'

const icons = { waiting: 'dashed', moving: 'moving', done: 'check' } as const
const families = { waiting: 'waiting', moving: 'moving', done: 'safe' } as const
const words = { waiting: 'not begun', moving: 'moving', done: 'done' } as const

/** The way of the photos, stage by stage: how far, since when, for how long; and how fast they came lately. */
export function Stages({ run }: { run: Snapshot }) {
  const still =
    (run.state !== 'running' && run.state !== 'surveying') || run.stalledSince !== null || run.clock.waitsSince !== null
  return (
    <div className={classes.stages}>
      <ol className={classes.stageList} aria-label="Stages">
        {run.stages.map((stage) => {
          const { name, state, done, of } = stage
          const shown = still && state === 'moving' ? 'waiting' : state
          return (
            <li key={name}>
              <span className={classes.stageName}>
                <span style={{ color: `var(--${families[shown]})`, display: 'inline-flex' }}>
                  <Icon
                    name={icons[shown]}
                    size={14}
                    title={still && state === 'moving' ? 'standing still' : words[shown]}
                  />
                </span>
                {name}
              </span>
              {name !== 'sign in' && (done > 0 || of !== null) && (
                <span className={classes.stageCount}>
                  {count(done)}
                  {of !== null && of !== done && `/${count(of)}`}
                </span>
              )}
              <StageTimes stage={stage} run={run} />
            </li>
          )
        })}
      </ol>
      {run.spark.length > 1 && <Sparkline run={run} />}
    </div>
  )
}

/** "12:04 · 48 min 3 s", and what it waited before it could begin. */
function StageTimes({ stage, run }: { stage: Snapshot['stages'][number]; run: Snapshot }) {
  const now = useNow()
  const { begunAt, endedAt, waitedSeconds } = stage
  if (!begunAt) return null
  const begun = new Date(begunAt)
  const end = endedAt ?? run.finishedAt
  // Without its end a stage that is done has a beginning only.
  const length = end || stage.state !== 'done' ? ((end ? Date.parse(end) : now) - begun.getTime()) / 1000 : null
  const waited = waitedSeconds !== null && waitedSeconds >= 1 ? `waited ${duration(waitedSeconds)}` : null
  return (
    <span className={classes.stageTimes}>
      <span>
        <Moment time={begun}>{at(begun, now)}</Moment>
        {length !== null && ` · ${duration(length)}`}
      </span>
      {waited && <span>{waited}</span>}
    </span>
  )
}

const [width, height] = [120, 24]

/** Photos a second over the last 15 minutes; a stall is a flat line on the ground. */
function Sparkline({ run: { spark: values, lastStoredAt, state, stalledSince, totals } }: { run: Snapshot }) {
  const now = useNow()
  const most = Math.max(...values, 0.001)
  const step = width / Math.max(values.length - 1, 1)
  const y = (value: number) => height - 1.5 - (value / most) * (height - 4)
  const line = values.map((value, index) => `${(index * step).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  // Half a minute without a photo is a pause between large ones; two bars and more are a standstill.
  const flat = values.length - 1 - values.findLastIndex((value) => value > 0)
  // What is all copied has no rate that could fall.
  const open = totals.listing > 0 || totals.copied + totals.skipped + totals.failed < totals.found
  const stands = (state === 'running' && open && flat >= 2) || stalledSince !== null
  const since = lastStoredAt && stands ? `, no photo since ${exactly(new Date(lastStoredAt))}` : ''
  const current = stands ? '0 photos/s' : rate(values.at(-1) ?? 0, 'photos')
  const title = `Photos a second over the last 15 minutes: now ${current}, at most ${rate(most, 'photos')}${since}`
  return (
    <figure className={classes.spark} data-stands={stands || undefined}>
      <figcaption>
        {stands
          ? lastStoredAt
            ? `no photo since ${at(new Date(lastStoredAt), now)}`
            : 'no photo lately'
          : 'rate, 15 min'}
      </figcaption>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
        <title>{title}</title>
        <line x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} className={classes.sparkGround} />
        <polygon points={`0,${height} ${line} ${width},${height}`} className={classes.sparkArea} />
        <polyline points={line} className={classes.sparkLine} />
      </svg>
    </figure>
  )
}
