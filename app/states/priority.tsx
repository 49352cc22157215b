import type { RunPriority } from '#server/run-acts.ts'
import { Icon } from '../icons.tsx'
import { priorityWords } from '../run-words.ts'
import classes from './state.module.css'

interface Props {
  of: { priority: RunPriority; finishedAt: Date | string | null }
  small?: boolean
}

/** Where the work of a run that is not over comes before or after that of the others. */
export function Priority({ of: { priority, finishedAt }, small = false }: Props) {
  const { badge, means } = priorityWords[priority]
  if (badge === null || finishedAt !== null) return null
  return (
    <span className={classes.priority} data-small={small || undefined} title={means}>
      <Icon name="order" size={small ? 12 : 14} />
      {badge}
    </span>
  )
}
