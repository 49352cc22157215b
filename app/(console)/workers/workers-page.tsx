'use client'
import { Skeleton } from '@mantine/core'
import { count, counted } from '../../format.ts'
import { Connection, Dimmed, FirstLook } from '../../live/connection.tsx'
import { Empty, PageHead, Section, TextLink, Trouble } from '../../parts/parts.tsx'
import { State } from '../../states/state.tsx'
import type { StateWords } from '../../states/states.ts'
import { LooksOn } from '../queues/looks-on.tsx'
import { type Group, type Operations, useOperations } from '../queues/use-operations.ts'
import { becauseOf, groupWords, nameOf, workersHeadline } from '../queues/words.ts'
import { WorkerRow } from './worker-row.tsx'
import classes from './workers.module.css'

/** Who is there, what each has in hand, and how many there should be. */
export function WorkersPage({ mayAct }: { mayAct: boolean }) {
  const { view, connection, refused } = useOperations()
  if (refused) return <Trouble message={refused.message} />
  return (
    <>
      <PageHead title={view ? workersHeadline(view) : 'Workers'}>
        <Connection connection={connection} />
      </PageHead>
      <LooksOn mayAct={mayAct} what="Draining" />
      {!view && (
        <FirstLook connection={connection}>
          <div aria-busy="true" role="status" aria-label="Loading">
            {[1, 2, 3].map((row) => (
              <Skeleton key={row} height={56} my="md" />
            ))}
          </div>
        </FirstLook>
      )}
      {view && (
        <Dimmed connection={connection}>
          <Wanted view={view} />
          <Section title="There" aside={counted(view.workers.length, 'worker')}>
            {view.workers.length === 0 && (
              <Empty title="Nobody takes work">
                Nothing is lost: work waits in the queues. Start workers with <code>node workers/main.ts all</code>, or
                one of each group with <code>scrape</code>, <code>transfer</code>, <code>render</code>; they show here
                within a second.
              </Empty>
            )}
            <ul className={classes.workers}>
              {view.workers.map((worker) => (
                <WorkerRow key={worker.id} worker={worker} view={view} mayAct={mayAct} />
              ))}
            </ul>
          </Section>
        </Dimmed>
      )}
    </>
  )
}

/** How many there should be by the rule, how many there are, and the rule itself. */
function Wanted({ view }: { view: Operations }) {
  const { groups, queues, rule, oneMachine } = view
  return (
    <Section title="Wanted" actions={<TextLink href="/queues">Queues</TextLink>}>
      <table className={classes.wanted}>
        <thead>
          <tr>
            <th scope="col">Group</th>
            <th scope="col">Takes</th>
            <th scope="col">There</th>
            <th scope="col">Wanted</th>
            <th scope="col">Because</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.group} data-testid={`wanted-${group.group}`}>
              <th scope="row">{groupWords[group.group].title}</th>
              <td className={classes.dim}>{group.queues.map(nameOf).join(', ')}</td>
              <td data-label="there">
                <State of={wordsOfGroup(group)} word={count(group.working)} />
                <span className="visually-hidden">, {wordsOfGroup(group).word}</span>
              </td>
              <td data-label="wanted">
                <b>{count(group.wanted.workers)}</b>
              </td>
              <td>{becauseOf(group, queues, rule)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classes.rule}>
        The rule: jobs that are ready or in hand make {rule.rounds} rounds for each worker at most, a round being as
        many jobs as it does at once. Where the oldest job is ready for longer than {rule.patienceSeconds} s, one worker
        more than now. Never fewer than {rule.least}, never more than {rule.most}; paused queues ask for nobody.{' '}
        {oneMachine
          ? 'Here every worker takes every queue, and their number is set at the start (PASS_WORKERS): nothing changes it by itself.'
          : 'What scales the groups follows the same rule.'}
      </p>
    </Section>
  )
}

function wordsOfGroup({ working, wanted }: Group): StateWords {
  if (working >= wanted.workers) return { family: 'safe', icon: 'check', word: 'enough' }
  if (working === 0) return { family: 'needs-you', icon: 'alert', word: 'nobody' }
  return { family: 'recovers', icon: 'clock', word: 'more are wanted' }
}
