// Bytes from a sender to the store: spooled while they come, looked at, held, put under their SHA-256. What is not a
// picture goes no further.
import { mkdtemp, open, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ownFolder } from '../folders.ts'
import type { House } from '../house.ts'
import { type Spooled, spool, TooManyBytes } from '../spool.ts'
import { originalKey, StoreFull } from '../store/store.ts'
import { checkPicture, type FaultCode, type Passed } from './check.ts'
import { type Holdings, openHoldings } from './loose.ts'

const MB = 1_000_000

/** One original, whatever way it comes. */
export const maxFileBytes = 200 * MB

/** A picture that is in the store and not yet in the ledger. */
export interface Arrived extends Passed {
  filename: string | null
  sha256: string
  bytes: number
  /** The hold on its object; see `loose.ts`. */
  loose: number
}

/** A file that is none, and why. */
export interface Refused {
  filename: string | null
  code: FaultCode
}

export type Received = Arrived | Refused

export interface Incoming {
  filename: string | null
  stream: AsyncIterable<Uint8Array>
  /** Hex, where the sender states it. */
  sha256?: string
}

export interface Reception {
  /** Throws what the stream throws, StoreFull, StoreUnavailable, StoreRefused; nothing is left behind then. */
  receive(clientId: string, file: Incoming): Promise<Received>
  /** Spools what is looked at by the caller. Throws TooManyBytes, StoreFull, what the stream throws. */
  spool(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Spooled>
  /** What is spooled already. */
  keep(clientId: string, spooled: Spooled, filename: string | null, sha256?: string): Promise<Received>
  /** Nothing of these will be entered. Never throws. */
  drop(received: Received[]): Promise<void>
  /** These were entered. */
  entered(received: Received[]): void
  /** Removes its folder too. */
  close(): Promise<void>
}

export function openReception(house: House): Reception {
  const holdings: Holdings = openHoldings(house)
  let folder: Promise<string> | undefined
  const temp = () => {
    folder ??= ownFolder(house.env.PASS_DATA_DIR, 'media').then((own) => mkdtemp(join(own, 'in-')))
    folder.catch(() => (folder = undefined))
    return folder
  }

  async function spooled(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Spooled> {
    try {
      return await spool(stream, await temp(), maxBytes)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      throw code === 'ENOSPC' || code === 'EDQUOT' ? new StoreFull('temporary files', { cause: error }) : error
    }
  }

  async function keep(clientId: string, spooled: Spooled, filename: string | null, stated?: string): Promise<Received> {
    try {
      const { sha256, bytes, body } = spooled
      if (stated !== undefined && stated !== sha256) return { filename, code: 'checksum_mismatch' }
      const key = originalKey(clientId, sha256)
      const looking = checkPicture(spooled, filename ?? undefined)
      // Of a large one nothing waits for another; most that are refused are small, and leave no trace.
      if (Array.isArray(body)) {
        const checked = await looking
        if ('code' in checked) return { filename, code: checked.code }
      }
      const [looked, held] = await Promise.allSettled([
        looking,
        holdings.hold(clientId, sha256),
        house.store.path(key) === null ? null : onItsWay(body),
      ])
      const holds = held.status === 'fulfilled' ? [held.value] : []
      try {
        const checked = outcomeOf(looked)
        const loose = outcomeOf(held)
        if ('code' in checked) {
          await holdings.drop(holds)
          return { filename, code: checked.code }
        }
        await house.store.put(key, body, { sha256, bytes, contentType: checked.contentType, proven: true })
        return { filename, sha256, bytes, ...checked, loose }
      } catch (error) {
        await holdings.drop(holds)
        throw error
      }
    } finally {
      await spooled.remove()
    }
  }

  return {
    keep,
    spool: spooled,
    async receive(clientId, { filename, stream, sha256 }) {
      let file: Spooled
      try {
        file = await spooled(stream, maxFileBytes)
      } catch (error) {
        if (error instanceof TooManyBytes) return { filename, code: 'file_too_large' }
        throw error
      }
      return keep(clientId, file, filename, sha256)
    },
    drop: (received) => holdings.drop(holdsOf(received)),
    entered: (received) => holdings.forget(holdsOf(received)),
    async close() {
      holdings.close()
      if (!folder) return
      await rm(await folder, { recursive: true, force: true })
      await rmdir(dirname(await folder)).catch(() => {}) // another reception of this process still has its own in it
    },
  }
}

function outcomeOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

/** Asks the disk for a file that the store is about to; what goes wrong, the store meets again. */
async function onItsWay(body: Spooled['body']): Promise<void> {
  if (Array.isArray(body)) return
  await using file = await open(body.path, 'r')
  await file.datasync()
}

const holdsOf = (received: Received[]) => received.flatMap((one) => ('loose' in one ? [one.loose] : []))
