'use client'
// What waits to be removed, of one client or of all, and the way back.
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { counted, dayOf } from '../format.ts'
import { Ago } from '../parts/ago.tsx'
import { Section } from '../parts/parts.tsx'
import { type Outputs, sentence, useTRPC } from '../trpc.ts'
import classes from './waiting.module.css'

type Row = Outputs['deletions']['list'][number]

/** Nothing at all where nothing waits. */
export function WaitingDeletions({ clientId }: { clientId?: string }) {
  const list = useQuery(useTRPC().deletions.list.queryOptions(clientId ? { clientId } : {}))
  if (!list.data || list.data.length === 0) return null
  return (
    <Section title="Waiting to be removed">
      <ul className={classes.rows}>
        {list.data.map((row) => (
          <Waiting key={row.id} row={row} withClient={clientId === undefined} />
        ))}
      </ul>
    </Section>
  )
}

function Waiting({ row, withClient }: { row: Row; withClient: boolean }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const restore = useMutation(
    trpc.deletions.restore.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(),
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  const { kind, title, photos, client, askedBy, askedAt, dueAt, begun } = row
  return (
    <li className={classes.row}>
      <span>
        <b>{whatOf(row)}</b>
        {withClient && kind !== 'client' && client.name && ` of ${client.name}`}
        {kind !== 'originals' && title !== null && photos > 1 && `, ${counted(photos, 'photo')}`}
      </span>
      <span className={classes.dim}>
        {begun ? 'is being removed now' : `removed on ${dayOf(dueAt)}`} · by {askedBy}, <Ago time={askedAt} />
      </span>
      {!begun && kind !== 'originals' && (
        <Button
          size="compact-sm"
          h={30}
          variant="default"
          loading={restore.isPending}
          onClick={() => restore.mutate({ id: row.id })}
        >
          Restore
        </Button>
      )}
    </li>
  )
}

function whatOf({ kind, title, photos }: Row): string {
  if (kind === 'originals') return 'Originals that are past their days'
  if (kind === 'client') return `The client ${title}`
  if (kind === 'gallery') return `The gallery “${title}”`
  return photos === 1 ? `${title}` : `${counted(photos, 'photo')} of “${title}”`
}
