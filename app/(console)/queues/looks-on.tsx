import { Icon } from '../../icons.tsx'
import classes from './queues.module.css'

/** What a button that is not for this role says about itself, by `aria-describedby`. */
export const looksOnId = 'looks-on'

/** Why the buttons of this page cannot be pressed. */
export function LooksOn({ mayAct, what }: { mayAct: boolean; what: string }) {
  if (mayAct) return null
  return (
    <p className={classes.looksOn} id={looksOnId}>
      <Icon name="lock" size={14} /> {what} is for ops and administrators; your role looks on.
    </p>
  )
}
