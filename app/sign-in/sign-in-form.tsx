'use client'
import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { Problem } from '../parts/problem.tsx'
import { Mark } from '../shell/mark.tsx'
import { CodeForm } from './code-form.tsx'
import classes from './sign-in.module.css'

export function SignInForm({ next }: { next: string }) {
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [asksCode, setAsksCode] = useState(false)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: {
      email: (value) => (/^\S+@\S+$/.test(value) ? null : 'Enter the e-mail address you sign in with.'),
      password: (value) => (value ? null : 'Enter your password.'),
    },
  })

  async function signIn(values: typeof form.values) {
    setBusy(true)
    setProblem(null)
    const answer = await askToSignIn(values)
    if (answer === 'in') return window.location.assign(next)
    if (answer === 'code') setAsksCode(true)
    else setProblem(answer.problem)
    setBusy(false)
  }

  if (asksCode) return <CodeForm next={next} />
  return (
    <main className={classes.page}>
      <form className={classes.form} onSubmit={form.onSubmit(signIn)} noValidate>
        <Mark />
        <h1 className={classes.title}>Sign in to the console</h1>
        <Problem sentence={problem} />
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          autoFocus
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        <Button type="submit" loading={busy} fullWidth>
          Sign in
        </Button>
        <p className={classes.hint}>No account yet? An administrator invites people by e-mail.</p>
      </form>
    </main>
  )
}

/** In, a code is still asked for, or why not. */
async function askToSignIn(values: { email: string; password: string }): Promise<'in' | 'code' | { problem: string }> {
  try {
    const answer = await fetch('/api/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(values),
    })
    if (answer.ok) {
      const { twoFactorRedirect } = (await answer.json()) as { twoFactorRedirect?: boolean }
      return twoFactorRedirect ? 'code' : 'in'
    }
    if (answer.status === 429) return { problem: 'Too many wrong passwords. Try again in a quarter of an hour.' }
    if (answer.status === 403) return { problem: 'Open the console at its own address and sign in there.' }
    if (answer.status >= 500) return { problem: 'The console cannot reach its database. Try again in a moment.' }
    return { problem: 'This e-mail address and password do not go together.' }
  } catch {
    return { problem: 'The console did not answer. Check the connection and try again.' }
  }
}
