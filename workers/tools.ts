import type { House } from '#server/house.ts'
import type { Http } from './connectors/connector.ts'
import type { Imager } from './imaging.ts'
import type { Sessions } from './sessions.ts'

/** What a worker process gives to every step. */
export interface Tools {
  house: House
  sessions: Sessions
  /** For addresses that senders name; connectors have their own. */
  http: Http
  imager: Imager
  /** A folder of this process for bytes on their way; empty between photos. */
  temp: string
}
