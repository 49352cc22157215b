import type { FaultSwitch } from '../faults.ts'
import type { RequestBook } from '../requests.ts'
import type { Exchange } from '../server.ts'
import { cookiesOf, type Sessions } from './sessions.ts'
import type { Signing } from './signing.ts'
import type { World } from './world.ts'

/** What all hosts of the stand-in share. Addresses have no slash at the end. */
export interface Service {
  world: World
  sessions: Sessions
  faults: FaultSwitch
  requests: RequestBook
  signing: Signing
  addresses: Record<'accounts' | 'galleries' | 'site' | 'pictures' | 'originals' | 'stream', string>
  /** Numbers as text here and there, ranks out of order, folders on later pages. */
  tricky: boolean
}

/** A host that is none of the dashboard's remembers who brought its session along. */
export function noteLeak(exchange: Exchange, requests: RequestBook, host: string): void {
  if (cookiesOf(exchange).has('wsid')) requests.unknownMethod(`the session of the dashboard at ${host}`)
}

export const isRead = ({ method }: Exchange) => method === 'GET' || method === 'HEAD'
