'use client'
import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { Problem } from '../../parts/problem.tsx'
import { Mark } from '../../shell/mark.tsx'
import classes from '../../sign-in/sign-in.module.css'
import { sentence, useTRPC } from '../../trpc.ts'

const shortest = 12

export function AcceptForm({ token, email }: { token: string; email: string }) {
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', password: '' },
    validate: {
      name: (value) => (value.trim() ? null : 'Enter your name.'),
      password: (value) => (value.length >= shortest ? null : `Choose at least ${shortest} characters.`),
    },
  })
  const accept = useMutation(
    useTRPC().people.accept.mutationOptions({ onSuccess: () => window.location.assign('/sign-in') }),
  )
  return (
    <main className={classes.page}>
      <form
        className={classes.form}
        onSubmit={form.onSubmit((values) => accept.mutate({ token, ...values }))}
        noValidate
      >
        <Mark />
        <h1 className={classes.title}>Welcome to Pass</h1>
        <Problem sentence={sentence(accept.error)} />
        <TextInput label="E-mail" type="email" autoComplete="username" readOnly value={email} />
        <TextInput
          label="Your name"
          autoComplete="name"
          autoFocus
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <PasswordInput
          label="Choose a password"
          description={`At least ${shortest} characters`}
          autoComplete="new-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        <Button type="submit" loading={accept.isPending} fullWidth>
          Begin
        </Button>
      </form>
    </main>
  )
}
