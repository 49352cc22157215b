'use client'
import { CopyButton } from '@mantine/core'
import { Icon } from '../icons.tsx'
import classes from './short-id.module.css'

/** The first digits of an id: enough to say and to search; the whole of it is what is copied. */
export function ShortId({ id, what }: { id: string; what: string }) {
  return (
    <span className={classes.id}>
      <span>{id.slice(0, 8)}</span>
      <CopyButton value={id}>
        {({ copied, copy }) => (
          <button type="button" onClick={copy} title={copied ? 'Copied' : `Copy the id of this ${what}`}>
            <Icon name={copied ? 'check' : 'copy'} size={12} />
          </button>
        )}
      </CopyButton>
    </span>
  )
}
