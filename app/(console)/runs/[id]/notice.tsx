import type { ReactNode } from 'react'
import { Icon, type IconName } from '../../../icons.tsx'
import type { Family } from '../../../states/states.ts'
import classes from './run.module.css'

/** One thing to know of a run: its family's icon, a sentence, and what can be done. */
export function Notice({
  family,
  icon,
  children,
  action,
}: {
  family: Family
  icon: IconName
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <li className={classes.notice}>
      <span style={{ color: `var(--${family})`, display: 'inline-flex', height: 20, alignItems: 'center' }}>
        <Icon name={icon} />
      </span>
      <span className={classes.noticeText}>{children}</span>
      {action}
    </li>
  )
}
