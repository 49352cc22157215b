'use client'
import { Button, Group, Loader } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useRef } from 'react'
import { PageHead } from '../../../parts/parts.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { useProviderTitle } from '../../../provider-forms.tsx'
import { expectTest } from '../../../sources/source-rows.tsx'
import { type Outputs, sentence, useTRPC } from '../../../trpc.ts'

interface Came {
  state: string | null
  code: string | null
  error: string | null
}

/** Back from the provider: with a code for a connection that this session began, or with the reason why not. */
export function CameBack({ state, code, error }: Came) {
  const awaited = useQuery({ ...useTRPC().sources.awaited.queryOptions({ state }), retry: false })
  return (
    <>
      <PageHead title="Connect an account" crumbs={[{ href: '/clients', text: 'Clients' }]} />
      {awaited.isPending && <Loader size="sm" aria-label="Looking what this is for" />}
      {awaited.error && (
        <Ended clientId={null}>
          <Problem sentence={sentence(awaited.error)} />
        </Ended>
      )}
      {awaited.data && (error !== null || code === null) && (
        <Ended clientId={awaited.data.client.id}>
          <Refused error={error} awaited={awaited.data} />
        </Ended>
      )}
      {awaited.data && error === null && code !== null && <Finish state={state} code={code} awaited={awaited.data} />}
    </>
  )
}

type Awaited = Outputs['sources']['awaited']

function Finish({ state, code, awaited }: { state: string | null; code: string; awaited: Awaited }) {
  const router = useRouter()
  const title = useProviderTitle()
  const finish = useMutation(
    useTRPC().sources.finishConnect.mutationOptions({
      onSuccess({ clientId, sourceId, runId }) {
        expectTest(sourceId)
        // The code in this address is used: it is not kept in the history.
        router.replace(runId ? `/runs/${runId}` : `/clients/${clientId}`)
      },
    }),
  )
  const begun = useRef(false)
  const { certain, client, provider, source } = awaited
  const { mutate } = finish
  useEffect(() => {
    if (!certain || begun.current) return
    begun.current = true
    mutate({ state, code })
  }, [certain, mutate, state, code])
  const account = source ? `“${source.title}” of ${client.name}` : `a new source of ${client.name}`
  if (finish.error) {
    return (
      <Ended clientId={client.id}>
        <Problem sentence={sentence(finish.error)} />
      </Ended>
    )
  }
  if (certain || finish.isPending || finish.isSuccess) {
    return (
      <Group role="status">
        <Loader size="sm" aria-hidden /> {title(provider)} said yes: connecting {account}.
      </Group>
    )
  }
  return (
    <>
      <p>
        {title(provider)} said yes, but not for whom. You began to connect {account} a moment ago: is this it?
      </p>
      <Group mt="md">
        <Button onClick={() => finish.mutate({ state, code })}>Yes, connect it</Button>
        <Button variant="default" component={Link} href={`/clients/${client.id}`}>
          No
        </Button>
      </Group>
    </>
  )
}

function Refused({ error, awaited: { provider, client } }: { error: string | null; awaited: Awaited }) {
  const title = useProviderTitle()
  return <Problem sentence={why(error, title(provider), client.name)} />
}

/** OAuth's codes (RFC 6749, 4.1.2.1) in words. */
function why(error: string | null, provider: string, client: string): string {
  switch (error) {
    case null:
      return `${provider} sent you back without an answer: begin the connection of ${client} again.`
    case 'access_denied':
      return `The owner did not say yes at ${provider}. Nothing was connected.`
    case 'unauthorized_client':
    case 'invalid_client':
      return `${provider} does not know this client id, or does not allow it to connect: check it with ${provider}’s support.`
    case 'invalid_request':
    case 'unsupported_response_type':
      return `${provider} did not take the request; often the address of this console is not registered there for this client id.`
    case 'invalid_scope':
      return `${provider} does not grant what we ask for to this client id: have its support allow the scope “studio”.`
    case 'server_error':
    case 'temporarily_unavailable':
      return `${provider} has trouble of its own: try again in a few minutes.`
    default:
      return `${provider} refused with “${error.slice(0, 80)}”. Nothing was connected.`
  }
}

function Ended({ clientId, children }: { clientId: string | null; children: ReactNode }) {
  return (
    <>
      {children}
      <Button mt="md" variant="default" component={Link} href={clientId ? `/clients/${clientId}` : '/clients'}>
        {clientId ? 'Back to the client' : 'Back to the clients'}
      </Button>
    </>
  )
}
