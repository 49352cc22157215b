'use client'
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Problem } from '../parts/problem.tsx'
import { Mark } from '../shell/mark.tsx'
import classes from './sign-in.module.css'

/** The second step, for who has a second factor: a code of their app, or a recovery code. */
export function CodeForm({ next }: { next: string }) {
  const [recovering, setRecovering] = useState(false)
  const [code, setCode] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  async function prove() {
    setBusy(true)
    setProblem(null)
    const refused = await askWithCode(recovering ? 'verify-backup-code' : 'verify-totp', code.trim())
    if (!refused) return window.location.assign(next)
    setProblem(refused)
    setCode('')
    setBusy(false)
  }

  return (
    <main className={classes.page}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          void prove()
        }}
      >
        <Mark />
        <h1 className={classes.title}>One more step</h1>
        <Problem sentence={problem} />
        <TextInput
          key={recovering ? 'recovery' : 'app'}
          label={recovering ? 'One of your recovery codes' : 'The code that your app shows'}
          inputMode={recovering ? 'text' : 'numeric'}
          autoComplete="one-time-code"
          autoFocus
          required
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button type="submit" loading={busy} fullWidth>
          Sign in
        </Button>
        <Button variant="subtle" color="gray" onClick={() => setRecovering(!recovering)}>
          {recovering ? 'Use the app' : 'The app is not at hand'}
        </Button>
      </form>
    </main>
  )
}

/** null once signed in, else the sentence to show. */
async function askWithCode(path: string, code: string): Promise<string | null> {
  try {
    const answer = await fetch(`/api/auth/two-factor/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: path === 'verify-totp' ? code.replaceAll(' ', '') : code }),
    })
    if (answer.ok) return null
    const { code: why } = (await answer.json().catch(() => ({}))) as { code?: string }
    if (why === 'INVALID_TWO_FACTOR_COOKIE') return 'That took too long. Go back and enter your password again.'
    if (answer.status === 429 || why === 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE' || why === 'ACCOUNT_TEMPORARILY_LOCKED')
      return 'Too many tries. Wait a while, then sign in again.'
    return 'That code does not fit. Take the one that is shown now.'
  } catch {
    return 'The console did not answer. Check the connection and try again.'
  }
}
