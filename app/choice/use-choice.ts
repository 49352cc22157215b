'use client'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { sentence, useTRPC } from '../trpc.ts'
import { choosable, type PlannedGallery, withChoice } from './choice.ts'

/** So long nothing more is ticked before the choice is told. */
const restMilliseconds = 500

export interface Choice {
  galleries: PlannedGallery[] | undefined
  chosen: ReadonlySet<string>
  take(refs: string[], take: boolean): void
  /** Not told, or not counted yet. */
  unsettled: boolean
  /** Tells what is not told yet; resolves when the plan has counted it. */
  settle(): Promise<void>
  error: Parameters<typeof sentence>[0]
  reload(): void
}

/** The galleries of a plan and which of them are chosen: ticked here at once, told to the server when the hand rests. */
export function useChoice(runId: string): Choice {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const planned = useQuery(trpc.runs.planned.queryOptions({ id: runId }, { staleTime: Number.POSITIVE_INFINITY }))
  const [ticked, setTicked] = useState<ReadonlySet<string>>()
  const [told, setTold] = useState<ReadonlySet<string>>()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const choose = useMutation(
    trpc.runs.choose.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.runs.detail.queryFilter({ id: runId })),
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  const { data: galleries } = planned
  const chosen = ticked ?? new Set(galleries?.filter((gallery) => gallery.chosen).map(({ ref }) => ref))

  const tell = async (next: ReadonlySet<string>) => {
    clearTimeout(timer.current)
    if (!galleries || next.size === 0) return
    await choose.mutateAsync({ id: runId, refs: next.size === choosable(galleries).length ? null : [...next] })
    setTold(next)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  return {
    galleries,
    chosen,
    take(refs, take) {
      const next = withChoice(chosen, refs, take)
      setTicked(next)
      clearTimeout(timer.current)
      timer.current = setTimeout(() => void tell(next).catch(() => {}), restMilliseconds)
    },
    unsettled: ticked !== undefined && ticked !== told,
    settle: async () => {
      if (ticked !== undefined && ticked !== told) await tell(ticked)
    },
    error: planned.error,
    reload: () => void planned.refetch(),
  }
}
