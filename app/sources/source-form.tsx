'use client'
import { Button, Collapse, Group, Select, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Icon } from '../icons.tsx'
import { Problem } from '../parts/problem.tsx'
import { useProviderForms } from '../provider-forms.tsx'
import { sentence, useTRPC } from '../trpc.ts'
import { useSignIn } from './sign-in-fields.tsx'

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
  const signIn = useSignIn(form)
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

  const connect = useConnect()
  const whose = { clientId, provider, ...(Object.keys(given).length > 0 ? { endpoints: given } : {}) }

  function submit(event: FormEvent) {
    event.preventDefault()
    if (!signIn.complete()) return
    if (signIn.connects) connect.mutate({ ...whose, appId: signIn.values.clientId ?? '' })
    else add.mutate({ ...whose, credentials: signIn.values })
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
        {signIn.fields}
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
        <Problem sentence={sentence(add.error ?? test.error ?? connect.error)} />
        <Group justify="flex-end">
          {onBack && (
            <Button variant="default" onClick={onBack}>
              Back
            </Button>
          )}
          <Button type="submit" loading={add.isPending || test.isPending || isLeaving(connect)}>
            {signIn.connects ? `Connect at ${form.title}` : 'Add and test'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

interface ReplaceProps {
  source: { id: string; clientId: string; provider: string }
  /** A person signed in in a browser: that is the way to begin with. */
  bySession: boolean
  onDone: () => void
}

/** New credentials, or a new session, for an account that is known: tried at once, while the old ones go on. */
export function ReplaceCredentials({ source, bySession, onDone }: ReplaceProps) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const form = useProviderForms().find(({ id }) => id === source.provider)
  const signIn = useSignIn(form, bySession)
  const connect = useConnect()
  const replace = useMutation(
    trpc.sources.replaceCredentials.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.sources.list.queryFilter({ clientId: source.clientId }))
        onDone()
      },
    }),
  )

  function submit(event: FormEvent) {
    event.preventDefault()
    if (!signIn.complete() || !form) return
    if (signIn.connects)
      connect.mutate({
        clientId: source.clientId,
        provider: form.id,
        sourceId: source.id,
        appId: signIn.values.clientId ?? '',
      })
    else replace.mutate({ id: source.id, credentials: signIn.values })
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {signIn.fields}
        <Problem sentence={sentence(replace.error ?? connect.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Back
          </Button>
          <Button type="submit" loading={replace.isPending || isLeaving(connect)}>
            {signIn.connects ? `Connect at ${form?.title}` : 'Replace and try'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** Leaves this page for the provider's own, which sends people back to `/sources/oauth`. */
function useConnect() {
  return useMutation(
    useTRPC().sources.connect.mutationOptions({
      onSuccess({ url }) {
        window.location.assign(url)
      },
    }),
  )
}

/** Until the other page is there. */
const isLeaving = ({ isPending, isSuccess }: { isPending: boolean; isSuccess: boolean }) => isPending || isSuccess
