'use client'
// One's own account: where one is signed in, and the second factor. Also what somebody sees who has to set one up first.
import { Button, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeySwitch } from '../keyboard/key-switch.tsx'
import { PageHead, Section, Trouble } from '../parts/parts.tsx'
import { signOut } from '../shell/sign-out.ts'
import { sentence, useTRPC } from '../trpc.ts'
import classes from './account.module.css'
import { OwnPassword } from './own-password.tsx'
import { SecondFactor } from './second-factor.tsx'
import { SessionList } from './session-list.tsx'

/** `framed`: the console stands around it. */
export function AccountPage({ framed = false }: { framed?: boolean }) {
  const me = useQuery(useTRPC().account.me.queryOptions())
  if (me.error && !me.data) return <Trouble message={sentence(me.error)!} again={() => me.refetch()} />
  if (!me.data) return <Skeleton height={160} />
  const { name, email, role, secondFactor, secondFactorRequired } = me.data
  const held = secondFactorRequired && !secondFactor
  const home = framed ? { text: 'Your account' } : { text: 'Pass', ...(held ? {} : { href: homeOf(role) }) }
  return (
    <>
      <PageHead title={name} crumbs={[home, { text: email }]}>
        <Button variant="default" onClick={signOut}>
          Sign out
        </Button>
      </PageHead>
      <SecondFactor enabled={secondFactor} required={secondFactorRequired} onChange={() => me.refetch()} />
      {!held && <OwnPassword email={email} />}
      {role !== 'photographer' && <Keys />}
      <OwnSessions />
    </>
  )
}

const homeOf = (role: string) => (role === 'photographer' ? '/my' : '/')

function Keys() {
  return (
    <Section title="Keyboard">
      <div className={classes.keys}>
        <KeySwitch />
      </div>
    </Section>
  )
}

function OwnSessions() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const sessions = useQuery(trpc.account.sessions.queryOptions())
  const options = {
    onSuccess: () => queryClient.invalidateQueries(trpc.account.sessions.queryFilter()),
    onError: (error: Parameters<typeof sentence>[0]) => notifications.show({ color: 'red', message: sentence(error) }),
  }
  const end = useMutation(trpc.account.endSession.mutationOptions(options))
  const others = useMutation(trpc.account.endOtherSessions.mutationOptions(options))
  return (
    <Section
      title="Where you are signed in"
      actions={
        sessions.data &&
        sessions.data.length > 1 && (
          <Button size="compact-sm" h={30} variant="default" loading={others.isPending} onClick={() => others.mutate()}>
            End all others
          </Button>
        )
      }
    >
      {!sessions.data && <Skeleton height={80} my="md" />}
      {sessions.data && <SessionList sessions={sessions.data} onEnd={(id) => end.mutate({ id })} />}
    </Section>
  )
}
