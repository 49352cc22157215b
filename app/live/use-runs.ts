'use client'
import type { OpenProblem } from '#server/replies.ts'
import { type Outputs, useTRPCClient } from '../trpc.ts'
import { type Live, useLive } from './use-live.ts'

export type RunsView = Outputs['runs']['list'] & { problems: OpenProblem[] }

/** The newest runs and what photographers wait for an answer to, of everybody or of one client, live. */
export function useRuns(clientId?: string, limit = 100): Live<RunsView> {
  const client = useTRPCClient()
  return useLive<RunsView>(`runs ${clientId ?? '*'} ${limit}`, (handlers) =>
    client.runs.followAll.subscribe({ clientId, limit }, handlers),
  )
}
