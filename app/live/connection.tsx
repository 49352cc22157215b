'use client'
import { at } from '../format.ts'
import classes from './connection.module.css'
import type { Live } from './use-live.ts'
import { useNow } from './use-now.ts'

const words = { connecting: 'connecting', live: 'live', reconnecting: 'reconnecting', stale: 'stale' } as const

/** Whether what is on screen is what is true: live, reconnecting, or stale since a time. */
export function Connection({ connection }: { connection: Live<unknown>['connection'] }) {
  const now = useNow()
  const { state, lastAt } = connection
  const since = state === 'stale' && lastAt ? ` since ${at(lastAt, now)}` : ''
  return (
    <span
      className={classes.connection}
      data-state={state}
      role="status"
      aria-label={`Connection: ${words[state]}${since}`}
    >
      <span className={classes.dot} />
      {words[state]}
      {since}
    </span>
  )
}

/** Dims what may be old; it stays readable. */
export function Dimmed({
  connection,
  children,
}: {
  connection: Live<unknown>['connection']
  children: React.ReactNode
}) {
  return (
    <div className={classes.dimmable} data-stale={connection.state === 'stale' || undefined}>
      {children}
    </div>
  )
}
