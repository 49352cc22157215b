'use client'
import { Button, Group, PasswordInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import { Icon } from '../icons.tsx'
import { Section } from '../parts/parts.tsx'
import { Problem } from '../parts/problem.tsx'
import classes from './account.module.css'
import { QrCode } from './qr-code.tsx'

interface Begun {
  totpURI: string
  backupCodes: string[]
}

/** A code of an authenticator app beside the password; set up in three steps, proven by its first code. */
export function SecondFactor({
  enabled,
  required,
  onChange,
}: {
  enabled: boolean
  required: boolean
  onChange: () => void
}) {
  const [begun, setBegun] = useState<Begun | null>(null)
  if (begun && !enabled) return <Prove begun={begun} onDone={onChange} />
  return (
    <Section title="Second factor" aside={enabled ? 'set up' : required ? 'needed before anything else' : 'not set up'}>
      {enabled && begun && <Codes codes={begun.backupCodes} />}
      {enabled ? (
        !required && (
          <>
            <p className={classes.explained}>Without it, your password alone lets whoever knows it in.</p>
            <WithPassword path="disable" word="Take it away" onDone={onChange} />
          </>
        )
      ) : (
        <>
          <p className={classes.explained}>
            An app on your phone shows a new code every half a minute; you enter one when you sign in.
          </p>
          <WithPassword path="enable" word="Set it up" onDone={(answer) => setBegun(answer as unknown as Begun)} />
        </>
      )}
    </Section>
  )
}

function WithPassword({
  path,
  word,
  onDone,
}: {
  path: 'enable' | 'disable'
  word: string
  onDone: (answer: Record<string, unknown>) => void
}) {
  const { problem, busy, ask } = useAsked('That is not your password.')
  const [password, setPassword] = useState('')
  return (
    <form
      className={classes.form}
      onSubmit={async (event) => {
        event.preventDefault()
        const answer = await ask(path, { password })
        if (answer) onDone(answer)
      }}
    >
      <Problem sentence={problem} />
      <PasswordInput
        label="Your password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      />
      <Group>
        <Button type="submit" variant={path === 'enable' ? 'filled' : 'default'} loading={busy}>
          {word}
        </Button>
      </Group>
    </form>
  )
}

function Prove({ begun, onDone }: { begun: Begun; onDone: () => void }) {
  const { problem, busy, ask } = useAsked('That code does not fit. Take the one that is shown now.')
  const [code, setCode] = useState('')
  return (
    <Section title="Second factor" aside="one more step">
      <form
        className={classes.form}
        onSubmit={async (event) => {
          event.preventDefault()
          if (await ask('verify-totp', { code })) onDone()
        }}
      >
        <p>
          Scan this with the authenticator app on your phone. If the app is on this device,{' '}
          <a href={begun.totpURI}>open it there</a>.
        </p>
        <QrCode text={begun.totpURI} label="QR code of your key" />
        <p>
          Or enter the key by hand:
          <span className={classes.secret}>{grouped(new URL(begun.totpURI).searchParams.get('secret')!)}</span>
        </p>
        <Codes codes={begun.backupCodes} />
        <Problem sentence={problem} />
        <TextInput
          label="The code that the app shows"
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          value={code}
          onChange={(event) => setCode(event.currentTarget.value.replaceAll(' ', ''))}
        />
        <Group>
          <Button type="submit" loading={busy}>
            Finish
          </Button>
        </Group>
      </form>
    </Section>
  )
}

/** As apps show it: by four letters. */
const grouped = (secret: string) => secret.replace(/(.{4})(?=.)/g, '$1 ')

function Codes({ codes }: { codes: string[] }) {
  return (
    <div className={classes.spare}>
      <p>
        <Icon name="key" /> Without the app, each of these works once. They are shown now and never again: keep them
        safe.
      </p>
      <ul className={classes.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </div>
  )
}

function useAsked(refused: string) {
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  async function ask(path: string, body: object): Promise<Record<string, unknown> | null> {
    setBusy(true)
    setProblem(null)
    try {
      const answer = await fetch(`/api/auth/two-factor/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (answer.ok) return (await answer.json()) as Record<string, unknown>
      setProblem(answer.status === 429 ? 'Too many tries. Wait a quarter of an hour.' : refused)
    } catch {
      setProblem('The console did not answer. Check the connection and try again.')
    } finally {
      setBusy(false)
    }
    return null
  }
  return { problem, busy, ask }
}
