'use client'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { type Live, useLive } from '../../../live/use-live.ts'
import { type Outputs, useTRPC, useTRPCClient } from '../../../trpc.ts'

export type Gallery = Outputs['galleries']['detail']
export type Photo = Outputs['galleries']['photos']['photos'][number]

export function useGallery(publicId: string): Live<Gallery> {
  const client = useTRPCClient()
  return useLive<Gallery>(`gallery ${publicId}`, (handlers) =>
    client.galleries.follow.subscribe({ publicId }, handlers),
  )
}

const refreshMilliseconds = 2000

/** The pictures of one set in order, as far as one has scrolled; looked at again while the gallery's counts move. */
export function usePhotos(gallery: Gallery, setId: number) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const input = { publicId: gallery.publicId, setId }
  const pages = useInfiniteQuery(
    trpc.galleries.photos.infiniteQueryOptions(input, {
      getNextPageParam: (page) => page.nextCursor,
      staleTime: Number.POSITIVE_INFINITY,
    }),
  )
  const changed = `${gallery.total} ${gallery.published} ${gallery.skipped} ${gallery.failed} ${gallery.bytesStored} ${gallery.state}`
  const seen = useRef(changed)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the counts say when to look again
  useEffect(() => {
    if (seen.current === changed) return
    seen.current = changed
    const timer = setTimeout(
      () => void queryClient.invalidateQueries(trpc.galleries.photos.infiniteQueryFilter(input)),
      refreshMilliseconds,
    )
    return () => clearTimeout(timer)
  }, [changed])
  return pages
}
