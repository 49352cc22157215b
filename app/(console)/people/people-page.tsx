'use client'
import { ActionIcon, Button, Group, Menu, Modal, Select, Skeleton, Stack, Switch, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { SessionList } from '../../account/session-list.tsx'
import { counted } from '../../format.ts'
import { Icon } from '../../icons.tsx'
import { Ago } from '../../parts/ago.tsx'
import { MailState } from '../../parts/mail-state.tsx'
import { PageHead, Section, TextLink, Trouble } from '../../parts/parts.tsx'
import { Problem } from '../../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../../trpc.ts'
import classes from './people.module.css'

type User = Outputs['people']['list'][number]
type Role = User['role']

const roleWords: Record<Role, string> = {
  staff: 'Staff',
  ops: 'Ops',
  admin: 'Administrator',
  photographer: 'Photographer',
}

/** Who may sign in, as what; and who is invited. `own` is whoever looks. */
export function PeoplePage({ own }: { own: string }) {
  const trpc = useTRPC()
  const users = useQuery(trpc.people.list.queryOptions())
  const [inviting, invite] = useDisclosure(false)
  if (users.error && !users.data) return <Trouble message={sentence(users.error)!} again={() => users.refetch()} />
  return (
    <>
      <PageHead title="People">
        <Button leftSection={<Icon name="plus" size={14} />} onClick={invite.open}>
          Invite somebody
        </Button>
      </PageHead>
      {!users.data && <Skeleton height={160} />}
      {users.data && (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col">Second factor</th>
                <th scope="col">Last seen</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {users.data.map((user) => (
                <UserRow key={user.id} user={user} own={user.id === own} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Invitations />
      <Required />
      {inviting && <InviteDialog onClose={invite.close} />}
    </>
  )
}

function useChange() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  return {
    onSuccess: () => queryClient.invalidateQueries(trpc.people.pathFilter()),
    onError: (error: Parameters<typeof sentence>[0]) => notifications.show({ color: 'red', message: sentence(error) }),
  }
}

function UserRow({ user, own }: { user: User; own: boolean }) {
  const trpc = useTRPC()
  const change = useMutation(trpc.people.change.mutationOptions(useChange()))
  const drop = useMutation(trpc.people.dropSecondFactor.mutationOptions(useChange()))
  const [looking, look] = useDisclosure(false)
  const userId = user.id
  return (
    <tr data-off={user.disabledAt !== null || undefined}>
      <td>
        <b>{user.name}</b>
        {own && ' (you)'}
        <br />
        <span className={classes.dim}>
          {user.email}
          {user.client && (
            <>
              {' · '}
              <TextLink href={`/clients/${user.client.id}`}>{user.client.name}</TextLink>
            </>
          )}
        </span>
      </td>
      <td>{user.disabledAt ? 'disabled' : roleWords[user.role]}</td>
      <td>{user.secondFactor ? 'second factor set up' : 'no second factor'}</td>
      <td>
        {user.seenAt ? (
          <>
            <span className={classes.narrow}>last seen </span>
            <Ago time={user.seenAt} />
          </>
        ) : (
          <>
            never<span className={classes.narrow}> seen</span>
          </>
        )}
        <br />
        <span className={classes.dim}>{counted(user.sessions, 'session')}</span>
      </td>
      <td className={classes.actions}>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size={32} aria-label={`What to do with ${user.name}`}>
              <Icon name="dots" />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={look.open}>Sessions…</Menu.Item>
            {user.role !== 'photographer' &&
              (['staff', 'ops', 'admin'] as const)
                .filter((role) => role !== user.role)
                .map((role) => (
                  <Menu.Item key={role} onClick={() => change.mutate({ userId, role })}>
                    Make {role === 'staff' ? 'staff' : role === 'ops' ? 'ops' : 'an administrator'}
                  </Menu.Item>
                ))}
            {user.secondFactor && (
              <Menu.Item onClick={() => drop.mutate({ userId })}>Take the second factor away</Menu.Item>
            )}
            <Menu.Divider />
            <Menu.Item onClick={() => change.mutate({ userId, disabled: user.disabledAt === null })}>
              {user.disabledAt ? 'Let them in again' : 'Disable'}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Modal opened={looking} onClose={look.close} title={`Where ${user.name} is signed in`}>
          {looking && <Sessions userId={userId} />}
        </Modal>
      </td>
    </tr>
  )
}

function Sessions({ userId }: { userId: string }) {
  const trpc = useTRPC()
  const sessions = useQuery(trpc.people.sessions.queryOptions({ userId }))
  const end = useMutation(trpc.people.endSessions.mutationOptions(useChange()))
  if (!sessions.data) return <Skeleton height={80} />
  return (
    <Stack>
      <SessionList sessions={sessions.data} onEnd={(sessionId) => end.mutate({ userId, sessionId })} />
      {sessions.data.length > 1 && (
        <Button variant="default" loading={end.isPending} onClick={() => end.mutate({ userId })}>
          End all of them
        </Button>
      )}
    </Stack>
  )
}

function Invitations() {
  const trpc = useTRPC()
  const invitations = useQuery(trpc.people.invitations.queryOptions())
  const revoke = useMutation(trpc.people.revokeInvitation.mutationOptions(useChange()))
  if (!invitations.data || invitations.data.length === 0) return null
  return (
    <Section title="Invited">
      <ul className={classes.rows}>
        {invitations.data.map((one) => (
          <li key={one.id}>
            <span>
              <b>{one.email}</b> as {roleWords[one.role].toLowerCase()}
              {one.client && ` of ${one.client.name}`}
            </span>
            <span className={classes.dim}>
              by {one.invitedBy}, <Ago time={one.createdAt} /> · {one.expired ? 'has run out' : 'open'} · letter{' '}
              <MailState of={one.letter} />
            </span>
            <Button size="compact-sm" variant="default" onClick={() => revoke.mutate({ id: one.id })}>
              Withdraw
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Required() {
  const trpc = useTRPC()
  const required = useQuery(trpc.people.secondFactorRequired.queryOptions())
  const set = useMutation(trpc.people.requireSecondFactor.mutationOptions(useChange()))
  return (
    <Section title="Second factor">
      <Switch
        py="md"
        label="Everybody but photographers needs one"
        description="Whoever has none yet is led to set it up and can do nothing else until then."
        disabled={required.data === undefined}
        checked={required.data ?? false}
        onChange={(event) => set.mutate({ required: event.currentTarget.checked })}
      />
    </Section>
  )
}

function InviteDialog({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('staff')
  const [clientId, setClientId] = useState<string | null>(null)
  const trpc = useTRPC()
  const clients = useQuery(trpc.clients.list.queryOptions(undefined, { enabled: role === 'photographer' }))
  const { onSuccess } = useChange()
  const invite = useMutation(
    trpc.people.invite.mutationOptions({
      onSuccess() {
        notifications.show({ message: `${email} is invited. How far the letter has come is told under “Invited”.` })
        onClose()
        return onSuccess()
      },
    }),
  )
  return (
    <Modal opened onClose={onClose} title="Invite somebody">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          invite.mutate({ email, role, clientId: role === 'photographer' ? clientId : null })
        }}
      >
        <Stack>
          <TextInput
            label="E-mail"
            type="email"
            required
            autoComplete="off"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Select
            label="Role"
            allowDeselect={false}
            data={Object.entries(roleWords).map(([value, label]) => ({ value, label }))}
            value={role}
            onChange={(value) => setRole(value as Role)}
          />
          {role === 'photographer' && (
            <Select
              label="Client"
              description="Whose galleries they see"
              required
              searchable
              data={(clients.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              value={clientId}
              onChange={setClientId}
            />
          )}
          <Problem sentence={sentence(invite.error)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Button type="submit" loading={invite.isPending}>
              Send the invitation
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
