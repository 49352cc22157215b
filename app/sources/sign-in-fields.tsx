'use client'
import { PasswordInput, Radio, Stack, Textarea, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { CredentialField, SignInWay } from '#server/providers.ts'
import type { ProviderForm } from '#server/trpc/providers.ts'

interface SignIn {
  fields: ReactNode
  values: Record<string, string>
  /** The rest happens on the provider's own page. */
  connects: boolean
  /** Shows what is missing; true where nothing is. */
  complete(): boolean
}

/** The ways to sign in at a provider, and the fields of the one that is chosen; `bySession` begins with a browser's session. */
export function useSignIn(form: ProviderForm | undefined, bySession = false): SignIn {
  const [chosen, setChosen] = useState<string>()
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [asked, setAsked] = useState(false)
  const ways = form?.ways ?? []
  const usual = (bySession && ways.find(isSession)) || ways[0]
  const way = ways.find(({ id }) => id === chosen) ?? usual
  const wanted = way?.fields ?? []
  const values = Object.fromEntries(wanted.map(({ name }) => [name, (typed[name] ?? '').trim()]))
  const fields = (
    <>
      {ways.length > 1 && (
        <Radio.Group label="How to sign in" value={way?.id ?? null} onChange={setChosen}>
          <Stack gap="xs" mt={4}>
            {ways.map(({ id, label }) => (
              <Radio key={id} value={id} label={label} />
            ))}
          </Stack>
        </Radio.Group>
      )}
      {wanted.map((field, index) => (
        <Field
          key={`${form?.id} ${field.name}`}
          field={field}
          description={index === 0 ? way?.help : undefined}
          value={typed[field.name] ?? ''}
          error={asked && !values[field.name] ? `${field.label} is missing.` : null}
          onChange={(value) => setTyped((before) => ({ ...before, [field.name]: value }))}
        />
      ))}
    </>
  )
  return {
    fields,
    values,
    connects: way?.connects ?? false,
    complete() {
      setAsked(true)
      return wanted.every(({ name }) => values[name])
    },
  }
}

const isSession = ({ id }: SignInWay) => id === 'cookie' || id === 'bearer'

interface FieldProps {
  field: CredentialField
  description: string | undefined
  value: string
  error: string | null
  onChange: (value: string) => void
}

/** What is typed here is sealed on the server and never comes back. */
function Field({ field: { name, label, secret, pasted }, description, value, error, onChange }: FieldProps) {
  const common = { label, description, value, error, autoComplete: 'off', spellCheck: false, name: `source-${name}` }
  if (pasted) {
    return (
      <Textarea
        {...common}
        placeholder="Paste it here"
        autosize
        minRows={3}
        maxRows={6}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  if (!secret) return <TextInput {...common} onChange={(event) => onChange(event.currentTarget.value)} />
  return (
    <PasswordInput
      {...common}
      autoComplete="new-password"
      visibilityToggleButtonProps={{ 'aria-label': `Show ${label.toLowerCase()}` }}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
