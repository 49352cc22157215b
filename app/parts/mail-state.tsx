'use client'
import type { MailStanding } from '#server/mails.ts'
import classes from './parts.module.css'

const words = { waiting: 'is being sent', sent: 'sent', failed: 'could not be sent' } as const

/** How far an e-mail has come; one that no server was there for went nowhere. */
export function MailState({ of: { state, file } }: { of: MailStanding }) {
  if (file === null) return words[state]
  return (
    <>
      not sent, left as a file: <code className={classes.path}>{file}</code> in the data directory
    </>
  )
}
