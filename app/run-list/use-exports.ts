'use client'
import { useQuery } from '@tanstack/react-query'
import { type Outputs, useTRPC } from '../trpc.ts'

export type RunExport = Outputs['exports']['mine'][number]

/** One's own files; `ExportWatch` has them asked for again. */
export function useExports(): RunExport[] {
  return useQuery(useTRPC().exports.mine.queryOptions(undefined, { staleTime: 60_000 })).data ?? []
}

export const addressOfExport = ({ id }: Pick<RunExport, 'id'>) => `/api/export/runs/${id}`
