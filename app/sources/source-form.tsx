'use client'
import {
  Button,
  Collapse,
  Group,
  PasswordInput,
  SegmentedControl,
  Select,
  Stack,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Icon } from '../icons.tsx'
import { Problem } from '../parts/problem.tsx'
import { useProviderForms } from '../provider-forms.tsx'
import { sentence, useTRPC } from '../trpc.ts'
import { credentialWords } from '../words.ts'

/** Adds a client's account at a provider. The fields are the provider's own; what they hold is checked on the server. */
export function AddSource({
  clientId,
  onAdded,
  onBack,
}: {
  clientId: string
  onAdded: (sourceId: string) => void
  onBack?: () => void
}) {
  const forms = useProviderForms()
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [provider, setProvider] = useState(forms[0]!.id)
  const [endpoints, setEndpoints] = useState<Record<string, string>>({})
  const [advanced, { toggle }] = useDisclosure(false)
  const form = forms.find(({ id }) => id === provider)!
  const credentials = useCredentials(form.ways)
  const test = useMutation(trpc.sources.test.mutationOptions())
  const add = useMutation(
    trpc.sources.add.mutationOptions({
      async onSuccess({ id }) {
        await test.mutateAsync({ id })
        await queryClient.invalidateQueries(trpc.sources.list.queryFilter({ clientId }))
        onAdded(id)
      },
    }),
  )
  const given = Object.fromEntries(
    Object.entries(endpoints).filter(([name, url]) => url.trim() && url !== form.endpoints[name]),
  )

  function submit(event: FormEvent) {
    event.preventDefault()
    if (!credentials.complete()) return
    add.mutate({
      clientId,
      provider,
      credentials: credentials.values,
      ...(Object.keys(given).length > 0 ? { endpoints: given } : {}),
    })
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Select
          label="Provider"
          data={forms.map(({ id, title }) => ({ value: id, label: title }))}
          value={provider}
          allowDeselect={false}
          onChange={(id) => {
            setProvider(id as typeof provider)
            setEndpoints({})
          }}
        />
        {credentials.fields}
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            color="gray"
            onClick={toggle}
            aria-expanded={advanced}
            leftSection={<Icon name={advanced ? 'chevronDown' : 'chevronRight'} size={14} />}
          >
            Advanced
          </Button>
          <Collapse expanded={advanced}>
            <Stack mt="sm">
              {Object.entries(form.endpoints).map(([name, usual]) => (
                <TextInput
                  key={name}
                  label={`Endpoint: ${name}`}
                  placeholder={usual}
                  description="Leave empty for the provider’s own address."
                  value={endpoints[name] ?? ''}
                  onChange={(event) => {
                    const url = event.currentTarget.value
                    setEndpoints((before) => ({ ...before, [name]: url }))
                  }}
                />
              ))}
            </Stack>
          </Collapse>
        </div>
        <Problem sentence={sentence(add.error ?? test.error)} />
        <Group justify="flex-end">
          {onBack && (
            <Button variant="default" onClick={onBack}>
              Back
            </Button>
          )}
          <Button type="submit" loading={add.isPending || test.isPending}>
            Add and test
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

interface ReplaceProps {
  source: { id: string; clientId: string; provider: string }
  /** What follows instead of a test. */
  onReplaced?: () => Promise<unknown>
  onDone: () => void
}

/** New credentials, or a new session, for an account that is known. */
export function ReplaceCredentials({ source, onReplaced, onDone }: ReplaceProps) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const form = useProviderForms().find(({ id }) => id === source.provider)
  const credentials = useCredentials(form?.ways ?? [])
  const test = useMutation(trpc.sources.test.mutationOptions())
  const replace = useMutation(
    trpc.sources.replaceCredentials.mutationOptions({
      async onSuccess() {
        await (onReplaced ? onReplaced() : test.mutateAsync({ id: source.id }))
        await queryClient.invalidateQueries(trpc.sources.list.queryFilter({ clientId: source.clientId }))
        onDone()
      },
    }),
  )

  function submit(event: FormEvent) {
    event.preventDefault()
    if (credentials.complete()) replace.mutate({ id: source.id, credentials: credentials.values })
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {credentials.fields}
        <Problem sentence={sentence(replace.error ?? test.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Back
          </Button>
          <Button type="submit" loading={replace.isPending || test.isPending}>
            {onReplaced ? 'Replace and go on' : 'Replace and test'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** The fields of one way to sign in, chosen where a provider knows several. */
function useCredentials(ways: string[][]) {
  const [chosen, setChosen] = useState(0)
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [asked, setAsked] = useState(false)
  const names = ways[chosen] ?? ways[0] ?? []
  const values = Object.fromEntries(names.map((name) => [name, (typed[name] ?? '').trim()]))
  const fields = (
    <>
      {ways.length > 1 && (
        <SegmentedControl
          aria-label="How to sign in"
          fullWidth
          data={ways.map((way, index) => ({
            value: String(index),
            label: way.map((name) => labelOf(name)).join(' + '),
          }))}
          value={String(names === ways[chosen] ? chosen : 0)}
          onChange={(index) => setChosen(Number(index))}
        />
      )}
      {names.map((name) => (
        <CredentialField
          key={name}
          name={name}
          value={typed[name] ?? ''}
          error={asked && !values[name] ? `${labelOf(name)} is missing.` : null}
          onChange={(value) => setTyped((before) => ({ ...before, [name]: value }))}
        />
      ))}
    </>
  )
  const complete = () => {
    setAsked(true)
    return names.every((name) => values[name])
  }
  return { fields, values, complete }
}

const labelOf = (name: string) => credentialWords[name]?.label ?? name

function CredentialField({
  name,
  value,
  error,
  onChange,
}: {
  name: string
  value: string
  error: string | null
  onChange: (value: string) => void
}) {
  const words = credentialWords[name]
  const common = {
    label: labelOf(name),
    description: words?.hint,
    value,
    error,
    autoComplete: 'off',
    name: `source-${name}`,
  }
  if (name === 'cookie' || name === 'bearer') {
    return (
      <Textarea
        {...common}
        autosize
        minRows={2}
        maxRows={6}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  if (words && !words.secret) return <TextInput {...common} onChange={(event) => onChange(event.currentTarget.value)} />
  return (
    <PasswordInput
      {...common}
      autoComplete="new-password"
      visibilityToggleButtonProps={{ 'aria-label': `Show ${labelOf(name).toLowerCase()}` }}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
