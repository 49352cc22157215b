'use client'
import type { ReactNode } from 'react'
import { at } from '../format.ts'
import { Trouble } from '../parts/parts.tsx'
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

/** Before anything has come: `children` are its skeleton, until nobody has answered for too long. */
export function FirstLook({ connection, children }: { connection: Live<unknown>['connection']; children: ReactNode }) {
  if (connection.state !== 'stale') return children
  return (
    <Trouble message="The console does not answer. It is tried again by itself; this page goes on as soon as it does." />
  )
}

/** Dims what may be old; it stays readable. */
export function Dimmed({ connection, children }: { connection: Live<unknown>['connection']; children: ReactNode }) {
  return (
    <div className={classes.dimmable} data-stale={connection.state === 'stale' || undefined}>
      {children}
    </div>
  )
}
