// For tests of one step alone: its job, and a session that tells what the test wants.
import { randomUUID } from 'node:crypto'
import type { House } from '#server/house.ts'
import type { Connector, SourceSession } from '../connectors/connector.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'

export function jobOf<Queue extends 'build-gallery' | 'thaw-gallery'>(
  house: House,
  queue: Queue,
  galleryId: number,
): Job<Queue> {
  const job: Job<'build-gallery' | 'thaw-gallery'> = {
    ...{ queue, id: randomUUID(), runId: null, payload: { galleryId }, deaths: 0, suspect: false },
    signal: new AbortController().signal,
    finish: (work) => house.db.transaction(work),
    checkpoint: (work) => house.db.transaction(work),
  }
  return job as Job<Queue>
}

/** Whatever the source, this is its session. */
export function toolsOf(house: House, session: Partial<SourceSession>, connector: Partial<Connector> = {}): Tools {
  const sessions = {
    with: (_: string, work: (session: SourceSession, connector: Connector) => unknown) =>
      work(session as SourceSession, connector as Connector),
    handedOver: async () => null,
  }
  return { house, sessions } as unknown as Tools
}
