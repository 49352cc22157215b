import type { FaultSwitch } from '../faults.ts'
import type { RequestBook } from '../requests.ts'
import type { Addresses } from './addresses.ts'
import type { Tokens } from './tokens.ts'
import type { Wire } from './wire.ts'
import type { World } from './world.ts'

/** What all hosts of the stand-in share. */
export interface Service {
  world: World
  faults: FaultSwitch
  requests: RequestBook
  tokens: Tokens
  addresses: Addresses
  wire: Wire
  /** The most that a page of the Studio API holds, whatever is asked. */
  mostRows: number
  /** Where the hosts listen. */
  at: { api: string; auth: string; studio: string }
}

export function bearerOf(authorization: string | undefined): string | null {
  return /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? null
}
