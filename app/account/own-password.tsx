'use client'
import { Button, Group, PasswordInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { counted } from '../format.ts'
import { Section } from '../parts/parts.tsx'
import { Problem } from '../parts/problem.tsx'
import { sentence, useTRPC } from '../trpc.ts'
import classes from './account.module.css'

/** Asks for the one they have; everywhere else they are signed out. */
export function OwnPassword({ email }: { email: string }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const first = useRef<HTMLInputElement>(null)
  const change = useMutation(
    trpc.account.changePassword.mutationOptions({
      async onSuccess({ ended }) {
        setCurrent('')
        setNext('')
        const elsewhere = ended > 0 ? ` You were signed out in ${counted(ended, 'other place')}.` : ''
        notifications.show({ message: `Your password is changed.${elsewhere}` })
        await queryClient.invalidateQueries(trpc.account.sessions.queryFilter())
      },
      onError: () => first.current?.focus(),
    }),
  )
  return (
    <Section title="Password">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate({ current, next })
        }}
      >
        <Problem sentence={sentence(change.error)} />
        {/* Password managers file both under this name. */}
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordInput
          ref={first}
          label="The password that you have now"
          autoComplete="current-password"
          required
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        <PasswordInput
          label="A new one"
          description="At least 12 characters. Everywhere else you are signed out."
          autoComplete="new-password"
          required
          minLength={12}
          maxLength={128}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the new password' }}
        />
        <Group>
          <Button type="submit" variant="default" loading={change.isPending}>
            Change the password
          </Button>
        </Group>
      </form>
    </Section>
  )
}
