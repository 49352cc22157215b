'use client'
import { Skeleton } from '@mantine/core'
import { counted } from '../../format.ts'
import { Connection, Dimmed, FirstLook } from '../../live/connection.tsx'
import { useLive } from '../../live/use-live.ts'
import { Empty, PageHead, Section, Trouble } from '../../parts/parts.tsx'
import { State } from '../../states/state.tsx'
import { healthStates, type StateWords, wordsOf } from '../../states/states.ts'
import { type Outputs, useTRPCClient } from '../../trpc.ts'
import { LooksOn } from '../queues/looks-on.tsx'
import { Answers } from './answers.tsx'
import { HostRow } from './host-row.tsx'
import classes from './providers.module.css'
import { StopSwitch } from './stop-switch.tsx'

type Followed = Outputs['hosts']['follow']
type View = Followed extends AsyncIterable<infer Each> ? Each : never
export type Provider = View['providers'][number]
export type Host = View['hosts'][number]

/** How each provider stands, how it answers, and how fast its hosts may be asked. */
export function ProvidersPage({ mayAct }: { mayAct: boolean }) {
  const client = useTRPCClient()
  const { view, connection, refused } = useLive<View>('hosts', (handlers) =>
    client.hosts.follow.subscribe(undefined, handlers),
  )
  if (refused) return <Trouble message={refused.message} />
  const { providers = [], hosts = [] } = view ?? {}
  const lanes = Map.groupBy(hosts, ({ provider }) => provider)
  const rest = hosts.filter(({ provider }) => !providers.some(({ id }) => id === provider))
  const isQuiet = ({ id, sources }: Provider) => sources === 0 && !lanes.has(id)
  const quiet = providers.filter((provider) => isQuiet(provider) && !provider.stopped)
  return (
    <>
      <PageHead title={view ? headline(providers, hosts) : 'Providers'}>
        <Connection connection={connection} />
      </PageHead>
      <p className={classes.lead}>
        All workers together ask a host no faster than its rate. It grows while the host answers, is halved when the
        host refuses, and stands still as long as the host says.
      </p>
      <LooksOn mayAct={mayAct} what="Setting the pace and stopping a provider" />
      {!view && (
        <FirstLook connection={connection}>
          {[1, 2, 3].map((row) => (
            <Skeleton key={row} height={64} my="lg" />
          ))}
        </FirstLook>
      )}
      {view && (
        <Dimmed connection={connection}>
          {providers
            .filter((provider) => !quiet.includes(provider))
            .map((provider) => (
              <Section
                key={provider.id}
                title={provider.title}
                aside={<Summary provider={provider} />}
                actions={<StopSwitch provider={provider} mayAct={mayAct} />}
                id={provider.id}
              >
                <Answers provider={provider} />
                <Hosts hosts={lanes.get(provider.id) ?? []} mayAct={mayAct} />
              </Section>
            ))}
          {rest.length > 0 && (
            <Section title="Other hosts">
              <Hosts hosts={rest} mayAct={mayAct} />
            </Section>
          )}
          {quiet.length > 0 && (
            <Section title="Not used yet" aside="no source, nothing asked">
              <ul className={classes.quiet}>
                {quiet.map((provider) => (
                  <li key={provider.id}>
                    {provider.title}
                    <StopSwitch provider={provider} mayAct={mayAct} />
                  </li>
                ))}
              </ul>
            </Section>
          )}
          {providers.length === 0 && <Empty title="No providers">There is no connector for any provider.</Empty>}
        </Dimmed>
      )}
    </>
  )
}

/** Is any of them in our way? */
function headline(providers: Provider[], hosts: Host[]): string {
  const stopped = providers.filter((each) => each.stopped).map(({ title }) => title)
  if (stopped.length > 0) return `${stopped.join(', ')} ${stopped.length === 1 ? 'is' : 'are'} stopped`
  const blocked = new Set(hosts.filter((each) => each.blockedUntil || each.paused).map(({ host }) => host)).size
  if (blocked > 0) return `${counted(blocked, 'host')} ${blocked === 1 ? 'is' : 'are'} left alone for now`
  return hosts.length > 0 ? 'Every provider may be asked' : 'Providers'
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

function Hosts({ hosts, mayAct }: { hosts: Host[]; mayAct: boolean }) {
  if (hosts.length === 0) return <p className={classes.none}>Not asked for anything yet.</p>
  return (
    <ul className={classes.hosts}>
      {hosts.map((host) => (
        <HostRow key={`${host.host} ${host.lane}`} host={host} mayAct={mayAct} />
      ))}
    </ul>
  )
}
