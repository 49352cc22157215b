'use client'
import { Button, PasswordInput, Skeleton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { count, counted } from '../format.ts'
import { Icon } from '../icons.tsx'
import { Empty, PageHead, Section, Trouble } from '../parts/parts.tsx'
import { Problem } from '../parts/problem.tsx'
import { State } from '../states/state.tsx'
import { type Outputs, sentence, useTRPC } from '../trpc.ts'
import { PasswordTable } from './password-table.tsx'
import classes from './passwords.module.css'

export type Scope = { runId: string } | { clientId: string }
type Locked = Outputs['passwords']['list']['galleries'][number]

/** Galleries whose password the provider does not tell: filled in one by one, or from a table. */
export function PasswordsPage({ scope }: { scope: Scope }) {
  const list = useQuery(useTRPC().passwords.list.queryOptions(scope))
  const trail = useTrail(scope)
  return (
    <>
      <PageHead title="Gallery passwords" crumbs={trail} />
      {list.isPending && [1, 2, 3].map((row) => <Skeleton key={row} height={40} my="md" />)}
      {list.error && !list.data && <Trouble message={sentence(list.error)!} again={() => list.refetch()} />}
      {list.data?.galleries.length === 0 && (
        <Empty title="No gallery needs one">
          Galleries with a password are listed here where the provider does not tell it.
        </Empty>
      )}
      {list.data && list.data.galleries.length > 0 && (
        <>
          <p className={classes.lead}>
            {list.data.missing === 0
              ? 'Every gallery that needs a password has one.'
              : `${counted(list.data.missing, 'gallery', 'galleries')} ${list.data.missing === 1 ? 'is' : 'are'} private here until ${list.data.missing === 1 ? 'its' : 'their'} password is filled in: the provider says that there is one, not which.`}{' '}
            Passwords are sealed as they are entered; nobody can read them here again.
          </p>
          <PasswordTable scope={scope} />
          <Section title="One by one" aside={count(list.data.galleries.length)}>
            <ul className={classes.list}>
              {list.data.galleries.map((gallery) => (
                <Row key={gallery.publicId} gallery={gallery} />
              ))}
            </ul>
          </Section>
        </>
      )}
    </>
  )
}

/** Where it leads back to, by name once that is known. */
function useTrail(scope: Scope): { href: string; text: string }[] {
  const trpc = useTRPC()
  const runId = 'runId' in scope ? scope.runId : null
  const run = useQuery(trpc.search.run.queryOptions({ id: runId ?? '' }, { enabled: runId !== null }))
  const clients = useQuery(trpc.clients.list.queryOptions(undefined, { enabled: runId === null }))
  if ('runId' in scope)
    return [
      { href: '/runs', text: 'Runs' },
      { href: `/runs/${scope.runId}`, text: run.data?.client.name ?? 'The run' },
    ]
  const client = clients.data?.find(({ id }) => id === scope.clientId)
  return [
    { href: '/clients', text: 'Clients' },
    { href: `/clients/${scope.clientId}`, text: client?.name ?? 'The client' },
  ]
}

function Row({ gallery }: { gallery: Locked }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [password, setPassword] = useState('')
  const [changing, setChanging] = useState(false)
  const title = useId()
  const fill = useMutation(
    trpc.passwords.fill.mutationOptions({
      async onSuccess() {
        setPassword('')
        setChanging(false)
        await queryClient.invalidateQueries(trpc.passwords.pathFilter())
      },
    }),
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    if (password.trim()) fill.mutate({ publicId: gallery.publicId, password: password.trim() })
  }
  return (
    <li className={classes.row}>
      <span className={classes.title} id={title}>
        {gallery.path.length > 0 && <span className={classes.dim}>{gallery.path.join(' / ')} / </span>}
        {gallery.title} <span className={classes.ref}>{gallery.ref}</span>
        {gallery.hint && <span className={classes.hint}>Hint: {gallery.hint}</span>}
      </span>
      {gallery.filled && !changing ? (
        <span className={classes.filled}>
          <State of={{ family: 'safe', icon: 'check', word: 'filled in' }} />
          <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setChanging(true)}>
            Change
          </Button>
        </span>
      ) : (
        <form className={classes.fill} onSubmit={submit}>
          <PasswordInput
            aria-label="Password"
            aria-describedby={title}
            placeholder="Password"
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          />
          <Button type="submit" variant="default" loading={fill.isPending} disabled={!password.trim()}>
            <Icon name="key" size={14} />
            <span className={classes.word}>Fill in</span>
          </Button>
          <Problem sentence={sentence(fill.error)} />
        </form>
      )}
    </li>
  )
}
