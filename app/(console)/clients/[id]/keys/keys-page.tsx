'use client'
import { Button, Group, Modal, Skeleton, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { count, dayOf } from '../../../../format.ts'
import { Icon } from '../../../../icons.tsx'
import { Ago, Moment } from '../../../../parts/ago.tsx'
import { Empty, Section, Trouble } from '../../../../parts/parts.tsx'
import { Problem } from '../../../../parts/problem.tsx'
import { State } from '../../../../states/state.tsx'
import type { StateWords } from '../../../../states/states.ts'
import { type Outputs, sentence, useTRPC } from '../../../../trpc.ts'
import { ClientHead } from '../places.tsx'
import classes from './keys.module.css'
import { MadeKey } from './made-key.tsx'
import { MakeKey } from './make-key.tsx'

type Key = Outputs['keys']['list'][number]

/** What the client's own systems may use the media API with. */
export function KeysPage({ clientId }: { clientId: string }) {
  const keys = useQuery(useTRPC().keys.list.queryOptions({ clientId }))
  const [making, make] = useDisclosure(false)
  const [made, setMade] = useState<Outputs['keys']['create'] | null>(null)
  const button = (
    <Button
      size="compact-sm"
      h={30}
      variant={keys.data?.length === 0 ? 'filled' : 'default'}
      leftSection={<Icon name="plus" size={14} />}
      onClick={make.open}
    >
      Make a key
    </Button>
  )
  return (
    <>
      <ClientHead clientId={clientId} here="/keys" />
      <Section title="Keys" actions={keys.data?.length ? button : undefined}>
        {keys.isPending && <Skeleton height={40} my="md" />}
        {keys.error && !keys.data && <Trouble message={sentence(keys.error)!} again={() => keys.refetch()} />}
        {keys.data?.length === 0 && (
          <Empty title="No key yet" action={button}>
            With a key the client’s own systems send pictures, have renditions made and read them back. It is shown
            once, when it is made; here only its first characters stay.
          </Empty>
        )}
        {keys.data && keys.data.length > 0 && (
          <ul className={classes.list}>
            {keys.data.map((key) => (
              <Row key={key.id} of={key} />
            ))}
          </ul>
        )}
      </Section>
      <MakeKey
        clientId={clientId}
        opened={making}
        onClose={make.close}
        onMade={(key) => {
          make.close()
          setMade(key)
        }}
      />
      <MadeKey made={made} onClose={() => setMade(null)} />
    </>
  )
}

const states: Record<Key['state'], StateWords> = {
  active: { family: 'safe', icon: 'circleCheck', word: 'works' },
  expired: { family: 'waiting', icon: 'clock', word: 'expired' },
  revoked: { family: 'waiting', icon: 'circleStop', word: 'revoked' },
}

function Row({ of: key }: { of: Key }) {
  const [revoking, revoke] = useDisclosure(false)
  const limits = [
    ...(key.perMinute === null ? [] : [`${count(key.perMinute)} requests a minute`]),
    ...(key.perDay === null ? [] : [`${count(key.perDay)} pictures a day`]),
  ]
  return (
    <li className={classes.row} data-testid="key">
      <div className={classes.name}>
        <b>{key.name}</b>
        {key.name !== key.prefix && <code className={classes.dim}>{key.prefix}…</code>}
      </div>
      <div className={classes.cell}>
        <span>{key.scopes.join(', ')}</span>
        {limits.length > 0 && <span className={classes.dim}>{limits.join(', ')}</span>}
      </div>
      <div className={classes.cell}>
        <State of={states[key.state]} />
        <When of={key} />
      </div>
      <div className={classes.cell}>
        <span>{key.lastUsedAt ? <Ago time={key.lastUsedAt} /> : 'never used'}</span>
        <span className={classes.dim}>
          made <Ago time={key.createdAt} /> by {key.createdBy}
        </span>
      </div>
      <div className={classes.actions}>
        {key.state === 'active' && (
          <Button variant="default" size="compact-sm" h={30} onClick={revoke.open} aria-label={`Revoke ${key.name}`}>
            Revoke
          </Button>
        )}
      </div>
      <Modal opened={revoking} onClose={revoke.close} title={`Revoke ${key.name}?`}>
        <Revoke of={key} onDone={revoke.close} />
      </Modal>
    </li>
  )
}

function When({ of: { state, expiresAt, revokedAt, revokedBy } }: { of: Key }) {
  if (state === 'revoked' && revokedAt)
    return (
      <span className={classes.dim}>
        <Ago time={revokedAt} /> by {revokedBy}
      </span>
    )
  if (!expiresAt) return <span className={classes.dim}>does not expire</span>
  return (
    <span className={classes.dim}>
      {state === 'expired' ? '' : 'until '}
      <Moment time={expiresAt}>{dayOf(expiresAt)}</Moment>
    </span>
  )
}

function Revoke({ of: key, onDone }: { of: Key; onDone: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const revoke = useMutation(
    trpc.keys.revoke.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.keys.pathFilter())
        onDone()
      },
    }),
  )
  return (
    <Stack>
      <p>
        Whoever uses <code>{key.prefix}…</code> is refused from now on.{' '}
        {key.lastUsedAt ? (
          <>
            It was last used <Ago time={key.lastUsedAt} />.
          </>
        ) : (
          'It was never used.'
        )}{' '}
        This cannot be undone; pictures that came with it stay.
      </p>
      <Problem sentence={sentence(revoke.error)} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate({ id: key.id })}>
          Revoke the key
        </Button>
      </Group>
    </Stack>
  )
}
