'use client'
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { counted } from '../../format.ts'
import { Empty, PageHead, Section, Trouble } from '../../parts/parts.tsx'
import { State } from '../../states/state.tsx'
import { healthStates, type StateWords, wordsOf } from '../../states/states.ts'
import { type Outputs, sentence, useTRPC } from '../../trpc.ts'
import { HostRow } from './host-row.tsx'
import classes from './providers.module.css'

/** What is on screen is at most this old. */
const lookMilliseconds = 2000

type Provider = Outputs['hosts']['providers'][number]
type Host = Outputs['hosts']['list'][number]

/** How each provider stands, and how fast its hosts may be asked. */
export function ProvidersPage() {
  const trpc = useTRPC()
  const live = { refetchInterval: lookMilliseconds }
  const providers = useQuery({ ...trpc.hosts.providers.queryOptions(), ...live })
  const hosts = useQuery({ ...trpc.hosts.list.queryOptions(), ...live })
  const error = providers.error ?? hosts.error
  const again = () => Promise.all([providers.refetch(), hosts.refetch()])
  const lanes = Map.groupBy(hosts.data ?? [], ({ provider }) => provider)
  const rest = (hosts.data ?? []).filter(({ provider }) => !providers.data?.some(({ id }) => id === provider))
  return (
    <>
      <PageHead title="Providers" />
      <p className={classes.lead}>
        All workers together ask a host no faster than its rate. It grows while the host answers, is halved when the
        host refuses, and stands still as long as the host says.
      </p>
      {error && !providers.data && <Trouble message={sentence(error)!} again={again} />}
      {!providers.data && !error && [1, 2, 3].map((row) => <Skeleton key={row} height={64} my="lg" />)}
      {providers.data?.map((provider) => (
        <Section key={provider.id} title={provider.title} aside={<Summary provider={provider} />} id={provider.id}>
          <Hosts hosts={lanes.get(provider.id) ?? []} />
        </Section>
      ))}
      {rest.length > 0 && (
        <Section title="Other hosts">
          <Hosts hosts={rest} />
        </Section>
      )}
      {providers.data?.length === 0 && <Empty title="No providers">There is no connector for any provider.</Empty>}
    </>
  )
}

function Summary({ provider }: { provider: Provider }) {
  const { sources, health, running, blocked, ending, thawing } = provider
  if (sources === 0) return 'no source yet'
  const said: [number, StateWords, string][] = [
    [running, { family: 'moving', icon: 'moving', word: '' }, `${counted(running, 'run')} moving`],
    [blocked, { family: 'needs-you', icon: 'alert', word: '' }, `${counted(blocked, 'run')} waiting for a person`],
    [ending, { family: 'needs-you', icon: 'clock', word: '' }, `${counted(ending, 'session')} ending`],
    [
      thawing,
      { family: 'recovers', icon: 'clock', word: '' },
      `${counted(thawing, 'gallery', 'galleries')} in its archive`,
    ],
  ]
  return (
    <span className={classes.summary}>
      {Object.entries(health).map(([state, n]) => (
        <State key={state} of={wordsOf(healthStates, state)} word={`${n} ${wordsOf(healthStates, state).word}`} />
      ))}
      {said
        .filter(([n]) => n > 0)
        .map(([, of, word]) => (
          <State key={word} of={of} word={word} />
        ))}
    </span>
  )
}

function Hosts({ hosts }: { hosts: Host[] }) {
  if (hosts.length === 0) return <p className={classes.none}>Not asked for anything yet.</p>
  return (
    <ul className={classes.hosts}>
      {hosts.map((host) => (
        <HostRow key={`${host.host} ${host.lane}`} host={host} />
      ))}
    </ul>
  )
}
