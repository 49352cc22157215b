// Where the galleries of a run were found at the provider, and where they are now: as a table, and as rules for servers.
// No old address leads to a page that is more open than it was: one that was private, had a password, was closed or whose
// access is not known is left out, and it is said why.
import { coveredGalleries } from './covered-galleries.ts'
import { csvLine } from './csv.ts'
import type { House } from './house.ts'
import { notFound, Refusal } from './refusal.ts'

type RedirectsHouse = Pick<House, 'pool' | 'env'>

/** Why an old address leads nowhere. */
export type LeftOut =
  | 'address_not_told'
  | 'access_not_told'
  | 'private'
  | 'password'
  | 'expired'
  | 'gone_at_source'
  | 'not_verified'
  | 'same_address'

export interface Redirect {
  /** null: the provider does not tell it. */
  from: string | null
  /** null: left out. */
  to: string | null
  leftOut: LeftOut | null
  path: string[]
  title: string
  ref: string
  access: string | null
}

/**
 * In the order of the account; a gallery that is found at two addresses has two. `to`: the address, ending in a slash, that
 * galleries stand below by their public id; absent, the console's own, which lets in only who is signed in.
 * Throws Refusal `not_found`, `invalid_address`.
 */
export async function* redirectsOf(house: RedirectsHouse, runId: string, to?: string): AsyncGenerator<Redirect> {
  const base = baseOf(to ?? `${house.env.CONSOLE_URL}/galleries/`)
  const run = await house.pool.query('select from runs where id = $1', [runId])
  if (run.rows.length === 0) throw notFound('run')
  const taken = new Set<string>()
  for await (const gallery of galleriesOf(house, runId)) {
    const { path, title, ref, access, publicId } = gallery
    const why = leftOut(gallery)
    const addresses = oldAddresses(gallery)
    if (addresses.length === 0) yield { from: null, to: null, leftOut: 'address_not_told', path, title, ref, access }
    for (const from of addresses) {
      const reason = why ?? (taken.has(from) ? 'same_address' : null)
      taken.add(from)
      yield { from, to: reason ? null : new URL(publicId, base).href, leftOut: reason, path, title, ref, access }
    }
  }
}

/** Lines of `csvLine`. */
export async function* redirectsCsv(redirects: AsyncIterable<Redirect>): AsyncGenerator<string> {
  yield csvLine(['old address', 'new address', 'left out because', 'folders', 'gallery', 'gallery ref', 'access'])
  for await (const { from, to, leftOut, path, title, ref, access } of redirects)
    yield csvLine([from, to, leftOut, path.join(' / '), title, ref, access])
}

/** A map for nginx, by the path of the old address, whatever its host. */
export async function* redirectsNginx(redirects: AsyncIterable<Redirect>): AsyncGenerator<string> {
  yield '# In the http block, beside: server { … if ($pass_gallery) { return 301 $pass_gallery; } }\n'
  yield '# Long addresses need map_hash_bucket_size 256, thousands of them map_hash_max_size 65536.\n'
  yield comment
  yield 'map $uri $pass_gallery {\n  default "";\n'
  // nginx compares without regard to case, and refuses a map with one key twice.
  const taken = new Set<string>()
  for await (const redirect of redirects) {
    const rule = ruleOf(redirect)
    const key = rule && decoded(rule.url.pathname)
    if (!rule || !key || taken.has(key.toLowerCase())) {
      yield `  # ${whyNot(redirect)}\n`
      continue
    }
    for (const one of key === '/' ? [key] : [key, key.endsWith('/') ? key.slice(0, -1) : `${key}/`]) {
      if (taken.has(one.toLowerCase())) continue
      taken.add(one.toLowerCase())
      yield `  ${quoted(one)} ${quoted(rule.to.replaceAll('$', '%24'))};\n`
    }
  }
  yield '}\n'
}

/** A `_redirects` file, by the path of the old address. A slash at the end makes no difference there. */
export async function* redirectsNetlify(redirects: AsyncIterable<Redirect>): AsyncGenerator<string> {
  yield comment
  const taken = new Set<string>()
  for await (const redirect of redirects) {
    const rule = ruleOf(redirect)
    const path = rule?.url.pathname.replaceAll(':', '%3A').replaceAll('*', '%2A')
    if (!rule || !path || taken.has(bare(path))) {
      yield `# ${whyNot(redirect)}\n`
      continue
    }
    taken.add(bare(path))
    yield `${path} ${rule.to} 301\n`
  }
}

const comment =
  '# Left out, with the reason: galleries that were private, had a password, were closed, or whose access is not known.\n'

interface Gallery {
  id: number
  publicId: string
  ref: string
  path: string[]
  title: string
  provider: string | null
  access: string | null
  state: string
  expired: boolean
  gone: boolean
  publicUrl: string | null
  ordinal: number
}

const galleriesOf = (house: RedirectsHouse, runId: string): AsyncGenerator<Gallery> =>
  coveredGalleries(
    house,
    runId,
    `g.id, g.public_id as "publicId", g.ref, g.title, s.provider, g.access, g.state,
       coalesce(g.expires_at < to_char(now() at time zone 'utc', 'YYYY-MM-DD'), false) as expired, g.gone_at is not null as gone,
       g.extra->>'publicUrl' as "publicUrl"`,
    'left join sources s on s.id = g.source_id',
  )

function leftOut({ access, state, expired, gone }: Gallery): LeftOut | null {
  if (access === null) return 'access_not_told'
  if (access !== 'public' && access !== 'hidden') return access === 'password' ? 'password' : 'private'
  if (gone) return 'gone_at_source'
  if (expired) return 'expired'
  return state === 'published' ? null : 'not_verified'
}

/** What the connector was told; beside it the short address that Zenfolio Classic gives every gallery. */
function oldAddresses({ provider, ref, publicUrl }: Gallery): string[] {
  const url = publicUrl === null ? null : httpUrl(publicUrl)
  if (!url) return []
  const short = provider === 'zenfolio' && /^\d+$/.test(ref) ? new URL(`/p${ref}`, url).href : url.href
  return [...new Set([url.href, short])]
}

function httpUrl(text: string): URL | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  url.hash = ''
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : null
}

function baseOf(to: string): URL {
  const url = httpUrl(to)
  if (!url?.pathname.endsWith('/') || url.search !== '' || url.username !== '')
    throw new Refusal('invalid_address', 422, 'New addresses begin with http:// or https:// and end with a slash.')
  return url
}

/** null: none, or an address that is told apart by more than its path. */
function ruleOf({ from, to }: Redirect): { url: URL; to: string } | null {
  if (from === null || to === null) return null
  const url = new URL(from)
  return url.search === '' ? { url, to } : null
}

function whyNot({ from, to, leftOut, title, ref }: Redirect): string {
  const why = leftOut ?? (to !== null && from?.includes('?') ? 'not_by_path' : 'same_address')
  return oneLine(`${from ?? `gallery ${ref}`}: ${why} (${title})`)
}

/** As nginx has it in `$uri`; null where that cannot be written. */
function decoded(path: string): string | null {
  try {
    const plain = decodeURIComponent(path).replace(/\/{2,}/g, '/')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get into a rule
    return /[\u0000-\u001f\u007f]/.test(plain) ? null : plain
  } catch {
    return null
  }
}

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
const bare = (path: string) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)
// biome-ignore lint/suspicious/noControlCharactersInRegex: a comment ends with its line
const oneLine = (text: string) => text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ')
