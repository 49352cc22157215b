'use client'
import { useQuery } from '@tanstack/react-query'
import { type Outputs, useTRPC } from '../trpc.ts'

export type RunExport = Outputs['exports']['mine'][number]

const askAgainMilliseconds = 2000

/** One's own files; asked for again only while one is being written. */
export function useExports(): RunExport[] {
  const files = useQuery(
    useTRPC().exports.mine.queryOptions(undefined, {
      staleTime: 60_000,
      refetchInterval: ({ state: { data } }) =>
        data?.some(({ state }) => state === 'waiting') ? askAgainMilliseconds : false,
    }),
  )
  return files.data ?? []
}

export const addressOfExport = ({ id }: Pick<RunExport, 'id'>) => `/api/export/runs/${id}`
