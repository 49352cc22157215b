// Every provider's connector; the compiler asks for a line when `server/providers.ts` gains an entry.
import type { ProviderId } from '#server/providers.ts'
import type { Connector } from './connector.ts'
import { zenfolio } from './zenfolio/connector.ts'

const connectors = { zenfolio } satisfies Record<ProviderId, Connector>

export function connectorOf(id: ProviderId): Connector {
  return connectors[id]
}
