'use client'
import { Skeleton } from '@mantine/core'
import { counted } from '../../format.ts'
import { Icon } from '../../icons.tsx'
import { Connection, Dimmed, FirstLook } from '../../live/connection.tsx'
import { PageHead, Section, TextLink, Trouble } from '../../parts/parts.tsx'
import { LooksOn } from './looks-on.tsx'
import { QueueRow } from './queue-row.tsx'
import classes from './queues.module.css'
import { type Operations, type Queue, useOperations } from './use-operations.ts'
import { groupWords, nameOf, queuesHeadline, wordsOfQueue } from './words.ts'

const columns = ['Queue', 'State', 'Ready', 'In hand', 'Waiting', 'Failed', 'Oldest', 'Rate', 'Until done']

/** How deep each queue is, who takes from it, and what can be done. */
export function QueuesPage({ mayAct }: { mayAct: boolean }) {
  const { view, connection, refused } = useOperations()
  if (refused) return <Trouble message={refused.message} />
  return (
    <>
      <PageHead title={view ? queuesHeadline(view) : 'Queues'}>
        <TextLink href="/workers">Workers</TextLink>
        <Connection connection={connection} />
      </PageHead>
      <LooksOn mayAct={mayAct} what="Pausing, resuming and clearing" />
      {!view && (
        <FirstLook connection={connection}>
          <div aria-busy="true" role="status" aria-label="Loading">
            {[1, 2, 3, 4, 5, 6].map((row) => (
              <Skeleton key={row} height={40} my="md" />
            ))}
          </div>
        </FirstLook>
      )}
      {view && (
        <Dimmed connection={connection}>
          <Notices view={view} />
          {view.groups.map(({ group, queues, working }) => (
            <Section
              key={group}
              id={group}
              title={groupWords[group].title}
              aside={`${groupWords[group].does} · ${working === 0 ? 'no worker' : counted(working, 'worker')}`}
            >
              <table className={classes.table}>
                <thead>
                  <tr>
                    {columns.map((column, index) => (
                      <th key={column} scope="col" data-number={index > 1 || undefined}>
                        {column}
                      </th>
                    ))}
                    <th scope="col">
                      <span className="visually-hidden">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {view.queues
                    .filter(({ name }) => queues.includes(name))
                    .map((queue) => (
                      <QueueRow key={queue.name} queue={queue} mayAct={mayAct} />
                    ))}
                </tbody>
              </table>
            </Section>
          ))}
        </Dimmed>
      )}
    </>
  )
}

/** In sentences: work that nobody takes, by the group that is missing. */
function Notices({ view }: { view: Operations }) {
  const isUnserved = (queue: Queue) => wordsOfQueue(queue).family === 'needs-you'
  const unserved = view.groups
    .map(({ group }) => ({ group, queues: view.queues.filter((queue) => queue.group === group && isUnserved(queue)) }))
    .filter(({ queues }) => queues.length > 0)
  if (unserved.length === 0) return null
  return (
    <ul className={classes.notices} aria-label="What to know">
      {unserved.map(({ group, queues }) => {
        const jobs = queues.reduce((sum, { ready, active }) => sum + ready + active, 0)
        return (
          <li key={group}>
            <span className={classes.alert}>
              <Icon name="alert" />
            </span>
            <span>
              <b>No worker takes {queues.map(({ name }) => nameOf(name)).join(', ')}</b>: {counted(jobs, 'job')}{' '}
              {jobs === 1 ? 'waits' : 'wait'}. Start a worker of the group <code>{group}</code>, or{' '}
              <TextLink href="/workers">let a drained one work again</TextLink>; the work goes on by itself then.
            </span>
          </li>
        )
      })}
    </ul>
  )
}
