// Anything, found by what a person has at hand: a name, an e-mail, an id or its beginning, a gallery, a file name, an
// address at the provider. Every way is one index.
import type { House } from './house.ts'

type Searching = Pick<House, 'pool'>

export interface Hit {
  kind: 'client' | 'run' | 'gallery' | 'photo'
  /** As in its page's address; of a photo: its gallery's. */
  id: string
  title: string
  /** Whose it is and what it is: empty where the title says it. */
  detail: string
}

/** `exact`: what was asked for is the id or the address of this one. `limit` hits of each kind. */
export async function searchAnything(
  house: Searching,
  text: string,
  limit = 6,
): Promise<{ exact: Hit | null; hits: Hit[] }> {
  const asked = understand(text)
  if (!asked) return { exact: null, hits: [] }
  const named = asked.id ? await byId(house, asked.id, limit) : []
  const exact = named.length === 1 ? named[0]! : null
  // The first digits of an id may be a word or a number of something else as well.
  if (named.length > 0 && asked.id![0] === asked.id![1]) return { exact, hits: named }
  if (asked.addresses) {
    const hits = await byAddress(house, asked.addresses, limit)
    return { exact: hits.length === 1 ? hits[0]! : null, hits }
  }
  const found = await Promise.all([
    clientsByName(house, asked.text, limit),
    galleriesByTitle(house, asked.text, limit),
    photosByFilename(house, asked.text, limit),
  ])
  const others = found.flat()
  return { exact: others.length === 0 ? exact : null, hits: [...named, ...others] }
}

/** As many as a list can still be narrowed by. */
const aboutLimit = 1000

/** Clients all of whose runs are meant, and single runs, by any text. */
export async function runsAbout(house: Searching, text: string): Promise<{ clientIds: string[]; runIds: string[] }> {
  const asked = understand(text)
  if (!asked) return { clientIds: [], runIds: [] }
  const { rows } = await house.pool.query<{ client: string | null; run: string | null }>(
    `(select id as client, null::uuid as run from clients where $1::text is not null and (name ilike $1 or email ilike $1) limit $7)
     union all (select id, null from clients where id between $2 and $3)
     union all (select null, id from runs where id between $2 and $3)
     union all (select null, run_id from galleries where public_id between $2 and $3)
     union all (select null, run_id from photos where public_id between $2 and $3)
     union all (select null, run_id from galleries where $4::text is not null and ${titleWords} @@ to_tsquery('simple', $4) limit $7)
     union all (select null, run_id from galleries where ref = $5 limit $7)
     union all (select null, run_id from galleries where lower(extra->>'publicUrl') = any($6::text[]) limit $7)
     union all (select distinct null::uuid, run_id from (select run_id from photos where $8::text is not null and lower(filename) like $8 limit $7) p)`,
    [
      asked.addresses ? null : containing(asked.text),
      asked.id?.[0] ?? null,
      asked.id?.[1] ?? null,
      asked.addresses ? null : wordsOf(asked.text),
      asked.addresses ? null : asked.text,
      asked.addresses ?? [],
      aboutLimit,
      asked.addresses ? null : beginningOf(asked.text),
    ],
  )
  const distinct = (all: (string | null)[]) => [...new Set(all.filter((one) => one !== null))]
  return { clientIds: distinct(rows.map((row) => row.client)), runIds: distinct(rows.map((row) => row.run)) }
}

interface Asked {
  text: string
  /** First and last id that begin so. */
  id: [string, string] | null
  /** It is an address: it and those above it, the longest first, in small letters. */
  addresses: string[] | null
}

const least = 2

function understand(text: string): Asked | null {
  const trimmed = text.trim().slice(0, 200).toWellFormed().replaceAll('\u0000', '')
  if (trimmed.length < least) return null
  if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed))
    return { text: trimmed, id: idRange(trimmed), addresses: null }
  const url = new URL(trimmed)
  // The address of a page of this console holds an id.
  const inside = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(url.pathname)
  return { text: trimmed, id: inside ? idRange(inside[0]) : null, addresses: addressesAbove(url) }
}

const shortest = 6

/** Where the text is an id or its first digits. */
function idRange(text: string): [string, string] | null {
  const digits = text.toLowerCase().replaceAll('-', '')
  if (!/^[0-9a-f]+$/.test(digits) || digits.length < shortest || digits.length > 32) return null
  const whole = (filler: string) =>
    digits.padEnd(32, filler).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return [whole('0'), whole('f')]
}

/** With and without the last slash, by either scheme. */
function addressesAbove(url: URL): string[] {
  const parts = url.pathname.split('/').filter((part) => part !== '')
  const paths = parts.map((_, i) => `/${parts.slice(0, parts.length - i).join('/')}`)
  return [...paths.flatMap((path) => [path, `${path}/`]), '/']
    .flatMap((path) => [`https://${url.host}${path}`, `http://${url.host}${path}`])
    .map((address) => address.toLowerCase())
}

const escaped = (text: string) => text.replace(/[\\%_]/g, '\\$&')
const containing = (text: string) => `%${escaped(text)}%`
/** Of a file name; null where nearly all begin so. */
const beginningOf = (text: string) => (text.length < 3 ? null : `${escaped(text.toLowerCase())}%`)

const titleWords = `to_tsvector('simple', translate(title, '/_-.@&:,', '        '))`

/** Every word, by its beginning; null where there is none. */
function wordsOf(text: string): string | null {
  const words = text.match(/[\p{L}\p{N}]+/gu)
  return words ? words.map((word) => `'${word}':*`).join(' & ') : null
}

async function byId(house: Searching, range: [string, string], limit: number): Promise<Hit[]> {
  const { rows } = await house.pool.query<Hit>(
    `(select 'run' as kind, r.id, c.name as title, ${runDetail} as detail from runs r join clients c on c.id = r.client_id
        left join sources s on s.id = r.source_id where r.id between $1 and $2 and c.deletion_id is null limit $3)
     union all (select 'client', id, name, coalesce(email, '') from clients where id between $1 and $2 and deletion_id is null limit $3)
     union all (${galleryHits} where g.public_id between $1 and $2 and ${galleryShown} limit $3)
     union all (${photoHits} where p.public_id between $1 and $2 and ${photoShown} limit $3)`,
    [...range, limit],
  )
  return rows
}

/** The gallery at the longest of these addresses; of a bare host, those that it has. */
async function byAddress(house: Searching, addresses: string[], limit: number): Promise<Hit[]> {
  const { rows } = await house.pool.query<Hit>(
    `${galleryHits} where lower(g.extra->>'publicUrl') = any($1::text[]) and ${galleryShown}
     order by array_position($1::text[], lower(g.extra->>'publicUrl')) limit $2`,
    [addresses, limit],
  )
  if (rows.length > 0 || addresses.length > 2) return rows
  const below = await house.pool.query<Hit>(
    `${galleryHits} where (lower(g.extra->>'publicUrl') like $1 or lower(g.extra->>'publicUrl') like $2) and ${galleryShown} limit $3`,
    [...addresses.map((address) => `${escaped(address)}%`), limit],
  )
  return below.rows
}

async function clientsByName(house: Searching, text: string, limit: number): Promise<Hit[]> {
  const { rows } = await house.pool.query<Hit>(
    `select 'client' as kind, id, name as title, coalesce(email, '') as detail from clients
     where (name ilike $1 or email ilike $1) and deletion_id is null
     order by lower(name) not like lower($2), lower(name) limit $3`,
    [containing(text), `${escaped(text)}%`, limit],
  )
  return rows
}

async function galleriesByTitle(house: Searching, text: string, limit: number): Promise<Hit[]> {
  const { rows } = await house.pool.query<Hit>(
    `select * from (
       (${galleryHits} where g.ref = $1 and ${galleryShown} limit $3)
       union (${galleryHits} where $2::text is not null and ${titleWords.replace('title', 'g.title')} @@ to_tsquery('simple', $2) and ${galleryShown} limit $3)
     ) hits limit $3`,
    [text, wordsOf(text), limit],
  )
  return rows
}

async function photosByFilename(house: Searching, text: string, limit: number): Promise<Hit[]> {
  const beginning = beginningOf(text)
  if (!beginning) return []
  const { rows } = await house.pool.query<Hit>(
    `${photoHits} where lower(p.filename) like $1 and ${photoShown} order by lower(p.filename) using ~<~ limit $2`,
    [beginning, limit],
  )
  return rows
}

const runDetail = `coalesce(s.provider, 'upload') || ', ' || replace(r.state::text, '_', ' ')`
const galleryHits = `select 'gallery' as kind, g.public_id as id, g.title, c.name as detail from galleries g join clients c on c.id = g.client_id`
const galleryShown = 'g.deletion_id is null and c.deletion_id is null'
const photoHits = `select 'photo' as kind, g.public_id as id, coalesce(p.filename, p.ref) as title, g.title || ', ' || c.name as detail
  from photos p join galleries g on g.id = p.gallery_id join clients c on c.id = p.client_id`
const photoShown = `${galleryShown} and p.state <> 'deleted'`
