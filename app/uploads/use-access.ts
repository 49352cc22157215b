'use client'
import { useCallback } from 'react'
import { useTRPCClient } from '../trpc.ts'
import type { Access } from './messages.ts'

/** Asks for a fresh token of a run, whenever one is needed. */
export function useAccess(): (runId: string) => () => Promise<Access> {
  const client = useTRPCClient()
  return useCallback((runId) => () => client.uploads.token.mutate({ id: runId }), [client])
}
