'use client'
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { at, count, counted, exactly } from '../../format.ts'
import { useNow } from '../../live/use-now.ts'
import { Ago } from '../../parts/ago.tsx'
import { Trouble } from '../../parts/parts.tsx'
import { type Outputs, sentence, useTRPC } from '../../trpc.ts'
import { figure } from './figure.ts'
import classes from './providers.module.css'

type Point = Outputs['hosts']['history']['points'][number]

/** How the budget of one lane went over the last day, and who changed it by hand. */
export function History({ host, lane }: { host: string; lane: 'page' | 'bytes' }) {
  const history = useQuery(useTRPC().hosts.history.queryOptions({ host, lane }))
  if (history.isPending) return <Skeleton height={64} my="sm" />
  if (!history.data) return <Trouble message={sentence(history.error)!} again={() => history.refetch()} />
  const { points, changes } = history.data
  return (
    <div className={classes.history}>
      {points.length > 1 ? (
        <Rates points={points} />
      ) : (
        <p className={classes.dim}>Too little was asked of it within the last day to draw its rate.</p>
      )}
      <div>
        <h3>Changed by hand</h3>
        {changes.length === 0 && <p className={classes.dim}>Never: it has found its rate by itself.</p>}
        <ul>
          {changes.map((change) => (
            <li key={change.at.toISOString()}>
              <Ago time={change.at} /> by {change.actor}: {saying(change.data)}
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

const [width, height] = [360, 56]
const binMinutes = 5

function Rates({ points }: { points: Point[] }) {
  const now = useNow()
  const most = Math.max(...points.map(({ rate }) => rate ?? 0), 0.01)
  const from = points[0]!.at.getTime()
  const span = Math.max(now - from, 60_000)
  const x = (time: Date) => ((time.getTime() - from) / span) * width
  const y = (rate: number) => height - 8 - (rate / most) * (height - 12)
  const line = points.map(({ at, rate }) => `${x(at).toFixed(1)},${y(rate ?? 0).toFixed(1)}`).join(' ')
  const complained = points.filter(({ complaints }) => complaints > 0)
  const requests = points.reduce((sum, point) => sum + point.requests, 0)
  const complaints = complained.reduce((sum, point) => sum + point.complaints, 0)
  const least = Math.min(...points.map(({ rate }) => rate ?? most))
  const words = `Between ${figure(least)} and ${figure(most)} requests a second since ${at(points[0]!.at, now)}; ${counted(requests, 'request')}, ${complaints === 0 ? 'no complaint' : `${counted(complaints, 'complaint')} (marked)`}.`
  return (
    <figure className={classes.rates}>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={words} preserveAspectRatio="none">
        <title>{words}</title>
        <polyline points={line} />
        {complained.map((point) => (
          <rect key={point.at.toISOString()} x={x(point.at) - 1} y={height - 6} width={3} height={6}>
            <title>
              {exactly(point.at)}: {count(point.complaints)} within {binMinutes} min
            </title>
          </rect>
        ))}
      </svg>
      <figcaption className={classes.dim}>{words}</figcaption>
    </figure>
  )
}

function saying(data: Record<string, unknown>): string {
  const words: [string, string][] = [
    ['rate', 'now'],
    ['least', 'at the least'],
    ['most', 'at the most'],
  ]
  const rates = words.flatMap(([key, word]) =>
    typeof data[key] === 'number' ? [`${word} ${figure(data[key])}/s`] : [],
  )
  if (data.paused === true) rates.push('paused')
  if (data.paused === false) rates.push('asked again')
  return rates.join(', ')
}
