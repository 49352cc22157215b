'use client'
import { count, rate } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import classes from './run.module.css'
import type { Snapshot } from './use-run.ts'

const icons = { waiting: 'dashed', moving: 'moving', done: 'check' } as const
const families = { waiting: 'waiting', moving: 'moving', done: 'safe' } as const
const words = { waiting: 'not begun', moving: 'moving', done: 'done' } as const

/** The way of the photos, stage by stage, and how fast they came lately. */
export function Stages({ run }: { run: Snapshot }) {
  const still = run.state !== 'running' && run.state !== 'surveying'
  return (
    <div className={classes.stages}>
      <ol className={classes.stageList} aria-label="Stages">
        {run.stages.map(({ name, state, done, of }) => {
          const shown = still && state === 'moving' ? 'waiting' : state
          return (
            <li key={name}>
              <span className={classes.stageName}>
                <span style={{ color: `var(--${families[shown]})`, display: 'inline-flex' }}>
                  <Icon name={icons[shown]} size={14} title={words[shown]} />
                </span>
                {name}
              </span>
              {name !== 'sign in' && (done > 0 || of !== null) && (
                <span className={classes.stageCount}>
                  {count(done)}
                  {of !== null && of !== done && `/${count(of)}`}
                </span>
              )}
            </li>
          )
        })}
      </ol>
      {run.spark.length > 1 && <Sparkline values={run.spark} />}
    </div>
  )
}

const [width, height] = [120, 24]

/** Photos a second over the last 15 minutes; a stall is a flat line at the bottom. */
function Sparkline({ values }: { values: number[] }) {
  const most = Math.max(...values, 0.001)
  const step = width / Math.max(values.length - 1, 1)
  const y = (value: number) => height - 1 - (value / most) * (height - 3)
  const line = values.map((value, index) => `${(index * step).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  const title = `Photos a second over the last 15 minutes: now ${rate(values.at(-1) ?? 0, 'photos')}, at most ${rate(most, 'photos')}`
  return (
    <figure className={classes.spark}>
      <figcaption>rate, 15 min</figcaption>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
        <title>{title}</title>
        <polygon points={`0,${height} ${line} ${width},${height}`} className={classes.sparkArea} />
        <polyline points={line} className={classes.sparkLine} />
      </svg>
    </figure>
  )
}
