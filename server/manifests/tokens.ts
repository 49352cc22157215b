// What a sender shows with every request to the media API: it names one run and who sends to it, and ends soon. Whoever
// may look after the run gets a new one.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Actor, House } from '../house.ts'

type Signer = Pick<House, 'secretKey'>

export interface Sender {
  runId: string
  actor: Actor
}

/** Long enough for many files, short enough that a lost one opens nothing for long. */
export const tokenSeconds = 15 * 60

export function uploadToken(
  house: Signer,
  { runId, actor }: Sender,
  now = Date.now(),
): { token: string; expiresAt: Date } {
  const expires = Math.floor(now / 1000) + tokenSeconds
  const said = Buffer.from(JSON.stringify([runId, actor, expires])).toString('base64url')
  return { token: `upload_${said}.${signature(house, said)}`, expiresAt: new Date(expires * 1000) }
}

/** Who bears it; null where it is none of ours or has ended. `authorization`: the whole header. */
export function senderOf(house: Signer, authorization: string | null | undefined, now = Date.now()): Sender | null {
  const [, said, signed] = bearer.exec(authorization ?? '') ?? []
  if (!said || !signed) return null
  const [given, right] = [Buffer.from(signed), Buffer.from(signature(house, said))]
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null
  const [runId, actor, expires] = JSON.parse(Buffer.from(said, 'base64url').toString()) as [string, Actor, number]
  return expires * 1000 > now ? { runId, actor } : null
}

const bearer = /^Bearer upload_([\w-]{1,2000})\.([\w-]{43})$/

function signature({ secretKey }: Signer, said: string): string {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'pass upload tokens', 32))
  return createHmac('sha256', key).update(said).digest('base64url')
}
