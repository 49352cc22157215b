import type { House } from './house.ts'
import { notFound } from './refusal.ts'
import type { RunState } from './runs.ts'

/** What steps need of a gallery. */
export interface GalleryFacts {
  id: number
  runId: string
  runState: RunState
  clientId: string
  sourceId: string | null
  ref: string
  virtual: boolean
  state: string
  cursor: string | null
  listedAt: Date | null
  builtAt: Date | null
  statedCount: number | null
}

export async function galleryFacts(house: House, galleryId: number): Promise<GalleryFacts> {
  const { rows } = await house.pool.query<GalleryFacts>(
    `select g.id, g.run_id as "runId", r.state as "runState", g.client_id as "clientId", g.source_id as "sourceId", g.ref, g."virtual",
       g.state, g.cursor, g.listed_at as "listedAt", g.built_at as "builtAt", g.stated_count as "statedCount"
     from galleries g join runs r on r.id = g.run_id where g.id = $1`,
    [galleryId],
  )
  if (!rows[0]) throw notFound('gallery')
  return rows[0]
}
