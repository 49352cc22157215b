import { Icon } from '../icons.tsx'
import classes from './state.module.css'
import type { StateWords } from './states.ts'

/** Icon, word and colour together, so that it reads in greyscale too. */
export function State({ of, word, size = 'md' }: { of: StateWords; word?: string; size?: 'xs' | 'md' }) {
  return (
    <span
      className={classes.state}
      data-family={of.family}
      style={{ color: `var(--${of.family})`, fontSize: size === 'xs' ? '0.75rem' : undefined }}
    >
      <span className={classes.icon} data-moving={of.icon === 'moving' || undefined}>
        <Icon name={of.icon} size={size === 'xs' ? 13 : 15} />
      </span>
      {word ?? of.word}
    </span>
  )
}
