import { signedIn } from '#server/accounts.ts'
import { consoleHouse } from './house.ts'
import type { Context } from './procedures.ts'

/** Asked once a request; a subscription is watched further by `watch`. */
export async function createContext({ req }: { req: Request }): Promise<Context> {
  const house = await consoleHouse()
  return { house, person: await signedIn(house, req.headers) }
}
