// A CDN keeps what it has served, for ever as it was told: what is removed is removed there too, where it takes PURGE
// (Fastly, Varnish, Squid, nginx with a module).
import pLimit from 'p-limit'
import { request } from 'undici'
import type { House } from './house.ts'

const atOnce = 8
const timeoutMilliseconds = 10_000

/** Rejects where the CDN does not say that it has none any more: the removal is tried again. Nothing to do without `MEDIA_CDN_PURGE`. */
export async function purge({ env }: Pick<House, 'env'>, keys: string[]): Promise<void> {
  if (!env.MEDIA_CDN_URL || !env.MEDIA_CDN_PURGE) return
  const limit = pLimit(atOnce)
  await Promise.all(keys.map((key) => limit(purgeOne, `${env.MEDIA_CDN_URL}/${key}`)))
}

async function purgeOne(address: string): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMilliseconds)
  const { statusCode, body } = await request(address, { method: 'PURGE' as 'DELETE', signal })
  await body.dump()
  // 404: it never had it.
  if (statusCode >= 300 && statusCode !== 404) throw new Error(`the CDN answered ${statusCode} to PURGE`)
}
