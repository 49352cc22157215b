import type { FaultSwitch } from '../faults.ts'
import type { Originals } from '../originals.ts'
import type { Archive } from './archive.ts'
import type { Cdn } from './cdn-site.ts'
import type { Exports } from './exports.ts'
import type { Sessions } from './sessions.ts'
import type { World } from './world.ts'

/** What the three origins have in common. */
export interface Service {
  world: World
  faults: FaultSwitch
  sessions: Sessions
  archive: Archive
  exports: Exports
  originals: Originals
  cdn: Cdn
  /** Filled when the origins listen. */
  addresses: { login: string; account: string; cdn: string }
}
