'use client'
import { type Outputs, useTRPCClient } from '../trpc.ts'
import { type Live, useLive } from './use-live.ts'

export type RunsView = Outputs['runs']['list']

/** The newest runs, of everybody or of one client, live. */
export function useRuns(clientId?: string, limit = 100): Live<RunsView> {
  const client = useTRPCClient()
  return useLive<RunsView>(`runs ${clientId ?? '*'} ${limit}`, (handlers) =>
    client.runs.followAll.subscribe({ clientId, limit }, handlers),
  )
}
