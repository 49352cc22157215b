'use client'
import { Button } from '@mantine/core'
import { Ago } from '../parts/ago.tsx'
import classes from './account.module.css'

interface Session {
  id: string
  createdAt: Date
  seenAt: Date | null
  userAgent: string | null
  current?: boolean
}

export function SessionList({ sessions, onEnd }: { sessions: Session[]; onEnd: (id: string) => void }) {
  if (sessions.length === 0) return <p>Nowhere at the moment.</p>
  return (
    <ul className={classes.rows}>
      {sessions.map((session) => (
        <li key={session.id}>
          <span>
            <b>{browserOf(session.userAgent)}</b>
            {session.current && ' · this one'}
            <br />
            <span className={classes.dim}>
              since <Ago time={session.createdAt} /> · last seen <Ago time={session.seenAt ?? session.createdAt} />
            </span>
          </span>
          {!session.current && (
            <Button size="compact-sm" variant="default" onClick={() => onEnd(session.id)}>
              End
            </Button>
          )}
        </li>
      ))}
    </ul>
  )
}

const browsers = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const
const systems = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Mac OS', 'Mac'],
  ['Linux', 'Linux'],
] as const

function browserOf(userAgent: string | null): string {
  const named = (of: readonly (readonly [string, string])[]) => of.find(([sign]) => userAgent?.includes(sign))?.[1]
  const [browser, system] = [named(browsers), named(systems)]
  if (!browser) return 'A program'
  return system ? `${browser} on ${system}` : browser
}
