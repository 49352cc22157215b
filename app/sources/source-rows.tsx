'use client'
import { Button, Modal } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import { CheckForChanges } from '../choice/check-for-changes.tsx'
import { useNow } from '../live/use-now.ts'
import { Ago } from '../parts/ago.tsx'
import { Problem } from '../parts/problem.tsx'
import { useProviderTitle } from '../provider-forms.tsx'
import { State } from '../states/state.tsx'
import { healthStates, wordsOf } from '../states/states.ts'
import { type Outputs, sentence, useTRPC } from '../trpc.ts'
import { isEnding, SessionEnds } from './session-ends.tsx'
import { ReplaceCredentials } from './source-form.tsx'
import classes from './sources.module.css'

export type Source = Outputs['sources']['list'][number]

const testLookMilliseconds = 700
const testPatienceMilliseconds = 120_000

/** A client's sources; looked at again while one of them is being tested. */
export function useSources(clientId: string) {
  const trpc = useTRPC()
  return useQuery({
    ...trpc.sources.list.queryOptions({ clientId }),
    refetchInterval: ({ state }) => (state.data?.some(isTesting) ? testLookMilliseconds : false),
  })
}

const asked = new Map<string, number>()

/** Asked for by this tab and not answered yet. */
function isTesting(source: Source): boolean {
  const since = asked.get(source.id)
  if (since === undefined) return false
  if (source.checkedAt === null && Date.now() - since < testPatienceMilliseconds) return true
  asked.delete(source.id)
  return false
}

/** `bare` where its name stands above it already. */
export function SourceRow({ source, bare }: { source: Source; bare?: boolean }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [replacing, setReplacing] = useState(false)
  const title = useProviderTitle()
  const test = useMutation(
    trpc.sources.test.mutationOptions({
      onSuccess() {
        asked.set(source.id, Date.now())
        return queryClient.invalidateQueries(trpc.sources.list.queryFilter({ clientId: source.clientId }))
      },
    }),
  )
  const testing = test.isPending || isTesting(source)
  const lastRuns = useQuery(trpc.runs.lastOfSources.queryOptions({ clientId: source.clientId }, { enabled: !bare }))
  const ending = isEnding(source.sessionEndsAt, useNow())
  return (
    <div className={classes.box}>
      <div className={classes.row} data-testid="source" data-bare={bare || undefined}>
        {!bare && (
          <div className={classes.name}>
            <b>{source.title}</b>
            <span className={classes.dim}>
              {title(source.provider)}
              {!source.hasCredentials && ' · credentials not kept any more'}
            </span>
          </div>
        )}
        <div className={classes.health} role="status">
          {testing ? (
            <State of={{ family: 'moving', icon: 'moving', word: 'testing' }} />
          ) : (
            <State of={wordsOf(healthStates, source.health)} />
          )}
          {source.checkedAt && !testing && (
            <span className={classes.dim}>
              <Ago time={source.checkedAt} />
            </span>
          )}
          {source.sessionEndsAt && source.health === 'ok' && <SessionEnds endsAt={source.sessionEndsAt} />}
        </div>
        <div className={classes.actions}>
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            disabled={testing}
            onClick={() => test.mutate({ id: source.id })}
          >
            Test the connection
          </Button>
          <Button variant={ending ? 'filled' : 'default'} size="compact-sm" h={30} onClick={() => setReplacing(true)}>
            {source.sessionEndsAt ? 'Hand over a new session' : 'New credentials'}
          </Button>
          {!bare && lastRuns.data?.[source.id] && <CheckForChanges of={{ sourceId: source.id }} small />}
          {!bare && (
            <Button
              variant="light"
              size="compact-sm"
              h={30}
              component={Link}
              href={`/runs/new?client=${source.clientId}&source=${source.id}`}
            >
              Migrate
            </Button>
          )}
        </div>
        {source.todo && !testing && <p className={classes.todo}>{source.todo}</p>}
        <Problem sentence={sentence(test.error)} />
        <Modal opened={replacing} onClose={() => setReplacing(false)} title={`A new sign-in for ${source.title}`}>
          <ReplaceCredentials
            source={source}
            bySession={source.health === 'challenge' || source.sessionEndsAt !== null}
            onDone={() => {
              asked.set(source.id, Date.now())
              setReplacing(false)
            }}
          />
        </Modal>
      </div>
    </div>
  )
}

/** Another part of the page asked for a test of this source. */
export function expectTest(sourceId: string): void {
  asked.set(sourceId, Date.now())
}
