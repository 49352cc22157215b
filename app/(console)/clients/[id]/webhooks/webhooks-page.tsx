'use client'
import { Button, Group, Modal, Skeleton, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { count, counted } from '../../../../format.ts'
import { Icon } from '../../../../icons.tsx'
import { Dimmed, FirstLook } from '../../../../live/connection.tsx'
import { useLive } from '../../../../live/use-live.ts'
import { Empty, Section, Trouble } from '../../../../parts/parts.tsx'
import { Problem } from '../../../../parts/problem.tsx'
import { Tabs } from '../../../../run-list/tabs.tsx'
import { sentence, useTRPC, useTRPCClient } from '../../../../trpc.ts'
import { filterWords, type MessageFilter, type MessagePage, Messages } from '../../../webhooks/messages.tsx'
import { ClientHead } from '../places.tsx'
import classes from './webhooks.module.css'

/** What the client's own systems were told, and what they said to that. */
export function WebhooksPage({ clientId }: { clientId: string }) {
  const [filter, setFilter] = useState<MessageFilter>('all')
  const of = filter === 'all' ? { clientId } : { clientId, state: filter }
  const client = useTRPCClient()
  const { view, connection, refused } = useLive<MessagePage>(`webhooks ${clientId} ${filter}`, (handlers) =>
    client.webhooks.follow.subscribe(of, handlers),
  )
  const [counts, setCounts] = useState(view?.counts)
  if (view && view.counts !== counts) setCounts(view.counts)
  const total = counts ? counts.waiting + (counts.delivered ?? 0) + counts.failed : 0
  return (
    <>
      <ClientHead clientId={clientId} here="/webhooks" />
      <Section
        title="Messages"
        aside={total > 0 ? `of the last 30 days` : undefined}
        actions={
          counts && counts.failed > 0 ? <ReplayFailed clientId={clientId} failed={counts.failed} mayAct /> : undefined
        }
      >
        {refused && <Trouble message={refused.message} />}
        {!view && !refused && (
          <FirstLook connection={connection}>
            <Skeleton height={40} my="md" />
          </FirstLook>
        )}
        {counts && total === 0 && (
          <Empty title="Nothing was to be told yet">
            An upload that names an address (<code>notifyUrl</code>) is told when its pictures are ready: at once, and
            again for a day where nobody answers. Each message is listed here with what the receiver said.
          </Empty>
        )}
        {counts && total > 0 && (
          <>
            <div className={classes.which}>
              <Tabs
                label="Which messages"
                words={filterWords}
                counts={{ ...counts, all: total }}
                tab={filter}
                onChange={setFilter}
              />
            </div>
            {view && (
              <Dimmed connection={connection}>
                {view.deliveries.length === 0 ? (
                  <p className={classes.none}>None of these.</p>
                ) : (
                  <Messages key={filter} view={view} of={of} />
                )}
              </Dimmed>
            )}
          </>
        )}
      </Section>
    </>
  )
}

/** `clientId` null: of all clients, which is for ops and administrators. */
export function ReplayFailed({
  clientId,
  failed,
  mayAct,
}: {
  clientId: string | null
  failed: number
  mayAct: boolean
}) {
  const [asking, ask] = useDisclosure(false)
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const options = {
    async onSuccess({ replayed }: { replayed: number }) {
      notifications.show({ message: `${counted(replayed, 'message')} ${replayed === 1 ? 'is' : 'are'} sent anew.` })
      ask.close()
      await queryClient.invalidateQueries(trpc.webhooks.pathFilter())
    },
  }
  const ofOne = useMutation(trpc.webhooks.replayFailed.mutationOptions(options))
  const ofAll = useMutation(trpc.webhooks.replayEverybodysFailed.mutationOptions(options))
  const replay = clientId === null ? ofAll : ofOne
  return (
    <>
      <Button
        size="compact-sm"
        h={30}
        variant="default"
        leftSection={<Icon name="retry" size={14} />}
        onClick={ask.open}
        disabled={!mayAct}
        title={mayAct ? undefined : 'For ops and administrators; on a client’s own page it is for you too.'}
      >
        Send {count(failed)} failed anew
      </Button>
      <Modal opened={asking} onClose={ask.close} title={`Send ${counted(failed, 'message')} anew?`}>
        <Stack>
          <p>
            Each keeps its id, by which the receiver knows one that it has already. Those that fail again are tried for
            another day.{clientId === null && ' These are the messages of all clients, at most 10,000 at once.'}
          </p>
          <Problem sentence={sentence(replay.error)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={ask.close}>
              Back
            </Button>
            <Button
              loading={replay.isPending}
              onClick={() => (clientId === null ? ofAll.mutate() : ofOne.mutate({ clientId }))}
            >
              Send them
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
