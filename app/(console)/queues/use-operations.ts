'use client'
import { type Live, useLive } from '../../live/use-live.ts'
import { type Outputs, useTRPCClient } from '../../trpc.ts'

type Followed = Outputs['queues']['follow']
export type Operations = Followed extends AsyncIterable<infer View> ? View : never
export type Queue = Operations['queues'][number]
export type Worker = Operations['workers'][number]
export type Group = Operations['groups'][number]

/** Queues, workers and how many should be: the one subscription of either page. */
export function useOperations(): Live<Operations> {
  const client = useTRPCClient()
  return useLive<Operations>('operations', (handlers) => client.queues.follow.subscribe(undefined, handlers))
}
