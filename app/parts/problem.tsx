import { Icon } from '../icons.tsx'
import classes from './parts.module.css'

/** Why what was just asked was not done. */
export function Problem({ sentence }: { sentence: string | null }) {
  if (!sentence) return null
  return (
    <p className={classes.problem} role="alert">
      <Icon name="alert" />
      <span>{sentence}</span>
    </p>
  )
}
