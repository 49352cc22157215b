'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { type Live, useLive } from '../live/use-live.ts'
import { type Outputs, useTRPC, useTRPCClient } from '../trpc.ts'

type Album = Outputs['clientPage']['albums']['albums'][number]
export type Picture = Outputs['clientPage']['pictures']['pictures'][number]
export type { Album }

export interface ClientPage {
  name: string
  from: string[]
  stage: 'nothing' | 'preparing' | 'moving' | 'held' | 'done'
  needed: 'sign_in' | 'passwords' | null
  photos: { total: number; safe: number; look: number }
  galleries: { total: number; safe: number }
  differences: { of: 'photos' | 'galleries' | 'pictures'; code: string; count: number; examples: string[] }[]
  lost: string[]
  newest: Picture[]
  approval: { saidBy: string; saidAt: Date; total: number; safe: number } | null
  problems: {
    id: string
    words: string | null
    gallery: string | null
    saidAt: Date
    settledAt: Date | null
    answer: string | null
  }[]
  ended: { id: string; at: Date }[]
}

/** How this page was opened: by a link's token, or signed in (no token). */
export const Visit = createContext<{ token?: string }>({})

export const useVisit = () => useContext(Visit)

export function useClientPage(): Live<ClientPage> {
  const client = useTRPCClient()
  const visit = useVisit()
  return useLive<ClientPage>('client page', (handlers) => client.clientPage.follow.subscribe(visit, handlers))
}

export function useAlbums() {
  const trpc = useTRPC()
  return useInfiniteQuery(
    trpc.clientPage.albums.infiniteQueryOptions(useVisit(), { getNextPageParam: (page) => page.nextCursor }),
  )
}

export function usePictures(publicId: string) {
  const trpc = useTRPC()
  return useInfiniteQuery(
    trpc.clientPage.pictures.infiniteQueryOptions(
      { ...useVisit(), publicId },
      { getNextPageParam: (page) => page.nextCursor, staleTime: 60_000 },
    ),
  )
}
