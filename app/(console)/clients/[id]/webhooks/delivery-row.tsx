'use client'
import { Button, Collapse, Skeleton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ago, at, counted, duration, exactly } from '../../../../format.ts'
import { useNow } from '../../../../live/use-now.ts'
import { Ago, Moment } from '../../../../parts/ago.tsx'
import { TextLink } from '../../../../parts/parts.tsx'
import { Unfold } from '../../../../parts/unfold.tsx'
import { State } from '../../../../states/state.tsx'
import type { StateWords } from '../../../../states/states.ts'
import { type Outputs, sentence, useTRPC } from '../../../../trpc.ts'
import classes from './webhooks.module.css'

type Delivery = Outputs['webhooks']['list']['deliveries'][number]

/** One message: what it is, what became of it, and on demand all that is known; `withClient` says whose it is. */
export function DeliveryRow({ of: delivery, withClient = false }: { of: Delivery; withClient?: boolean }) {
  const [open, { toggle }] = useDisclosure(false)
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const replay = useMutation(
    trpc.webhooks.replay.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.webhooks.pathFilter()),
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  const label = delivery.type ?? 'message'
  return (
    <li data-testid="delivery">
      <div className={classes.row}>
        <div className={classes.cell}>
          <span>
            <b>{label}</b>
            {withClient && (
              <>
                {' for '}
                <TextLink href={`/clients/${delivery.client.id}/webhooks`}>{delivery.client.name}</TextLink>
              </>
            )}
          </span>
          <span className={classes.dim} title={delivery.url}>
            {delivery.url}
          </span>
        </div>
        <div className={classes.cell}>
          <State of={wordsOfDelivery(delivery)} />
          <Next of={delivery} />
        </div>
        <div className={classes.cell}>
          <span>{answerOf(delivery)}</span>
          <span className={classes.dim}>
            {counted(delivery.attempts, 'try', 'tries')}
            {delivery.lastMilliseconds !== null && `, the last took ${took(delivery.lastMilliseconds)}`}
          </span>
        </div>
        <div className={classes.cell}>
          <Ago time={delivery.createdAt} />
          <span className={classes.dim}>{delivery.key.name}</span>
        </div>
        <div className={classes.actions}>
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            loading={replay.isPending}
            onClick={() => replay.mutate({ id: delivery.id })}
            aria-label={`${delivery.state === 'waiting' ? 'Try now' : 'Send anew'}: ${label} to ${delivery.url}`}
          >
            {delivery.state === 'waiting' ? 'Try now' : 'Send anew'}
          </Button>
          <Unfold open={open} toggle={toggle} of={`Details: ${label} to ${delivery.url}`} />
        </div>
      </div>
      <Collapse expanded={open}>{open && <Details of={delivery} />}</Collapse>
    </li>
  )
}

function wordsOfDelivery({ state, attempts }: Delivery): StateWords {
  if (state === 'delivered') return { family: 'safe', icon: 'circleCheck', word: 'delivered' }
  if (state === 'failed') return { family: 'needs-you', icon: 'alert', word: 'failed' }
  return attempts === 0
    ? { family: 'moving', icon: 'moving', word: 'being sent' }
    : { family: 'recovers', icon: 'clock', word: 'will be tried again' }
}

function Next({ of: { state, nextTryAt, attempts } }: { of: Delivery }) {
  const now = useNow()
  if (state !== 'waiting' || !nextTryAt || attempts === 0) return null
  return (
    <span className={classes.dim}>
      <Moment time={nextTryAt}>
        {nextTryAt.getTime() > now ? `at ${at(nextTryAt, now)}, ${ago(nextTryAt, now)}` : 'any moment'}
      </Moment>
    </span>
  )
}

const reasons: Record<string, string> = {
  gone: 'wants no more (410)',
  url_not_allowed: 'address not allowed',
  timeout: 'no answer in time',
  unreachable: 'not reachable',
  secret_unreadable: 'its secret does not open here',
}

function answerOf({ lastStatus, lastCode, attempts }: Delivery): string {
  if (attempts === 0) return 'not tried yet'
  if (lastCode === 'redirected') return `sends elsewhere (${lastStatus}); not followed`
  return (lastCode && reasons[lastCode]) ?? `answered ${lastStatus}`
}

const took = (milliseconds: number) => (milliseconds < 1000 ? `${milliseconds} ms` : duration(milliseconds / 1000))

function Details({ of: { id, lastResponse, lastAt } }: { of: Delivery }) {
  const body = useQuery(useTRPC().webhooks.body.queryOptions({ id }, { staleTime: Number.POSITIVE_INFINITY }))
  return (
    <dl className={classes.details}>
      <dt>Message</dt>
      <dd>
        <code>msg_{id.replaceAll('-', '')}</code>
      </dd>
      <dt>What was said</dt>
      <dd>
        {body.isPending && <Skeleton height={20} />}
        {body.error && sentence(body.error)}
        {body.data !== undefined && <pre>{pretty(body.data)}</pre>}
      </dd>
      {lastAt && (
        <>
          <dt>What came back</dt>
          <dd>{lastResponse ? <pre>{lastResponse}</pre> : <span className={classes.dim}>nothing</span>}</dd>
          <dt>Last try</dt>
          <dd>{exactly(lastAt)}</dd>
        </>
      )}
    </dl>
  )
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
