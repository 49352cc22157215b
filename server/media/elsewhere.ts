// Where somebody else sends a picture's bytes for us: a CDN, or the bucket itself (`MEDIA_CDN_URL`, `MEDIA_REDIRECT`).
import type { House } from '#server/house.ts'
import type { Image, StoredPicture } from '#server/images.ts'

/** An address that was handed out opens the picture for so long, whatever happens to it here. */
const openSeconds = 300
/** Callers may keep the redirect for so long: the address is good for some minutes more. */
const keptSeconds = 60

export interface Wanted {
  access: Image['access']
  picture: StoredPicture
  /** A `Content-Disposition`, where it needs one. */
  disposition: string | null
  /** Of the address that was asked for; null where it never expires. */
  secondsLeft: number | null
}

/** null where this process sends the bytes itself. `seconds`: how long the redirect may be kept. */
export function elsewhere(
  { env, store }: Pick<House, 'env' | 'store'>,
  { access, picture, disposition, secondsLeft }: Wanted,
): Promise<{ address: string; seconds: number }> | null {
  // A CDN's addresses are open to everybody and for ever, and cannot say `attachment`.
  if (env.MEDIA_CDN_URL && access === 'public' && !disposition?.startsWith('attachment')) {
    return Promise.resolve({ address: `${env.MEDIA_CDN_URL}/${picture.key}`, seconds: keptSeconds })
  }
  if (!env.MEDIA_REDIRECT) return null
  const open = Math.min(openSeconds, secondsLeft ?? openSeconds)
  return store.signedUrl(picture.key, open, disposition ?? undefined).then((address) => {
    if (address === null) throw new Error('the store has no addresses of its own')
    return { address, seconds: Math.min(keptSeconds, open) }
  })
}
