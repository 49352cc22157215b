// Every provider's connector; the compiler asks for a line when `server/providers.ts` gains an entry.
import type { ProviderId } from '#server/providers.ts'
import type { Connector } from './connector.ts'
import { nextzen } from './nextzen/connector.ts'
import { picTime } from './pic-time/connector.ts'
import { pixieset } from './pixieset/connector.ts'
import { shootproof } from './shootproof/connector.ts'
import { zenfolio } from './zenfolio/connector.ts'

const connectors = { zenfolio, nextzen, pixieset, 'pic-time': picTime, shootproof } satisfies Record<
  ProviderId,
  Connector
>

export function connectorOf(id: ProviderId): Connector {
  return connectors[id]
}
