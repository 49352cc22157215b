// Gallery passwords that the provider does not tell: filled in by hand, one by one or from a table, and sealed. Until
// then such a gallery is private here.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from './audit.ts'
import { parseCsv } from './csv.ts'
import type { Actor, House } from './house.ts'
import { announce } from './live.ts'
import { notFound, Refusal } from './refusal.ts'
import { seal } from './sealing.ts'

/** Of one run, or of all that a client has. */
export type PasswordScope = { runId: string } | { clientId: string }

export interface LockedGallery {
  publicId: string
  ref: string
  /** Folders, from the top. */
  path: string[]
  title: string
  /** As the provider shows it to visitors. */
  hint: string | null
  filled: boolean
}

/** Longer ones are no password that anybody types. */
const longestPassword = 200
const longestTable = 5000 // lines

/** Galleries whose password was or is to be filled in, those that lack one first; at most 5,000. */
export async function lockedGalleries(
  house: Pick<House, 'pool'>,
  scope: PasswordScope,
): Promise<{ galleries: LockedGallery[]; missing: number }> {
  const rows = await lockedIn(house, scope)
  return {
    galleries: rows.map(({ id: _, clientId: __, sourceId: ___, runId: ____, ...gallery }) => gallery),
    missing: rows.filter((row) => !row.filled).length,
  }
}

/** Throws Refusal `not_found`, `invalid_password`. */
export async function fillPassword(house: House, actor: Actor, publicId: string, password: string): Promise<void> {
  const why = notAPassword(password)
  if (why) throw new Refusal('invalid_password', 422, why)
  const { rows } = await house.pool.query<{ id: number; clientId: string; sourceId: string | null; runId: string }>(
    `select id, client_id as "clientId", source_id as "sourceId", run_id as "runId" from galleries where public_id = $1 and ${isLocked}`,
    [publicId],
  )
  const gallery = rows[0]
  if (!gallery) throw notFound('gallery that needs a password')
  await house.db.transaction(async (tx) => {
    await enter(tx, house, gallery, password)
    await recordAudit(tx, actor, 'gallery.password', publicId, {}, gallery.clientId)
  })
  announce(house, gallery.runId)
}

export interface TableProblem {
  line: number
  code: 'no_password' | 'too_long' | 'no_gallery' | 'unknown_gallery' | 'ambiguous_title' | 'twice'
  sentence: string
}

export interface TableMatch {
  line: number
  publicId: string
  ref: string
  path: string[]
  title: string
  /** It has one already, which this replaces. */
  replaces: boolean
}

export interface TablePreview {
  matches: TableMatch[]
  problems: TableProblem[]
  /** Galleries that lack a password still, once the matches are entered. */
  missingAfter: number
}

/**
 * What a table with the columns gallery (ref or title) and password would fill in; nothing is changed, and no password
 * comes back. A first line with the column `password` names the columns. Throws Refusal `empty_table`, `table_too_long`.
 */
export async function previewPasswords(
  house: Pick<House, 'pool'>,
  scope: PasswordScope,
  table: string,
): Promise<TablePreview> {
  const { matches, problems, missingAfter } = await read(house, scope, table)
  return { matches: matches.map(({ password: _, gallery: __, ...match }) => match), problems, missingAfter }
}

/** Fills in every line that matches; the others are told again. One transaction. */
export async function applyPasswords(
  house: House,
  actor: Actor,
  scope: PasswordScope,
  table: string,
): Promise<{ filled: number; problems: TableProblem[] }> {
  const { matches, problems } = await read(house, scope, table)
  if (matches.length > 0) {
    await house.db.transaction(async (tx) => {
      for (const { gallery, password } of matches) await enter(tx, house, gallery, password)
      const subject = 'runId' in scope ? scope.runId : scope.clientId
      const data = { galleries: matches.map(({ publicId }) => publicId) }
      await recordAudit(tx, actor, 'gallery.passwords', subject, data, matches[0]!.gallery.clientId)
    })
    for (const runId of new Set(matches.map(({ gallery }) => gallery.runId))) announce(house, runId)
  }
  return { filled: matches.length, problems }
}

interface Row extends LockedGallery {
  id: number
  clientId: string
  sourceId: string | null
  runId: string
}

/** A password is needed, the provider did not tell it when the gallery was built, and one may have been filled in. */
const isLocked = `built_at is not null and access = 'password' and (password is null or password_filled)`

async function lockedIn(house: Pick<House, 'pool'>, scope: PasswordScope): Promise<Row[]> {
  const [column, id] = 'runId' in scope ? ['run_id', scope.runId] : ['client_id', scope.clientId]
  const { rows } = await house.pool.query<Row>(
    `with recursive locked as (
       select * from galleries where ${column} = $1 and ${isLocked} order by password is not null, ordinal limit ${longestTable}
     ), up as (
       select l.id as gallery, f.parent_id, f.title, 0 as depth from locked l join folders f on f.id = l.folder_id
       union all select up.gallery, f.parent_id, f.title, up.depth + 1 from folders f join up on f.id = up.parent_id
     )
     select l.id, l.public_id as "publicId", l.client_id as "clientId", l.source_id as "sourceId", l.run_id as "runId", l.ref, l.title,
       l.password_hint as hint, l.password is not null as filled,
       coalesce((select array_agg(up.title order by up.depth desc) from up where up.gallery = l.id), '{}') as path
     from locked l order by l.password is not null, l.ordinal, l.id`,
    [id],
  )
  return rows
}

/** Sealed as a worker seals one that the provider tells. */
async function enter(
  tx: Tx,
  house: House,
  gallery: { id: number; clientId: string; sourceId: string | null },
  password: string,
): Promise<void> {
  const bound = [gallery.clientId, gallery.sourceId ?? '', 'gallery password']
  const sealed = seal(house.secretKey, { password }, bound)
  await tx.execute(sql`
    update galleries set password = ${sealed}, password_known = true, password_filled = true where id = ${gallery.id}`)
}

function notAPassword(password: string): string | null {
  if (password.trim() === '') return 'There is no password.'
  return password.length > longestPassword ? `The password is longer than ${longestPassword} characters.` : null
}

interface Match extends TableMatch {
  password: string
  gallery: Row
}

async function read(house: Pick<House, 'pool'>, scope: PasswordScope, table: string) {
  const rows = parseCsv(table)
  const header = rows[0]?.cells.map((cell) => cell.trim().toLowerCase()) ?? []
  const named = header.includes('password')
  const lines = named ? rows.slice(1) : rows
  if (lines.length === 0)
    throw new Refusal('empty_table', 422, 'The table is empty: it needs the columns gallery and password.')
  if (lines.length > longestTable)
    throw new Refusal('table_too_long', 422, `The table has more than ${longestTable} lines.`)
  const columns = named ? columnsOf(header) : { galleries: [0], password: 1 }
  const galleries = await lockedIn(house, scope)
  const find = finder(galleries)
  const matches: Match[] = []
  const problems: TableProblem[] = []
  const seen = new Map<number, number>()
  for (const { line, cells } of lines) {
    const found = matchOf(cells, columns, find, seen, line)
    if ('sentence' in found) problems.push({ line, ...found })
    else matches.push(found)
  }
  const filled = new Set(matches.map(({ gallery }) => gallery.id))
  const missingAfter = galleries.filter((gallery) => !gallery.filled && !filled.has(gallery.id)).length
  return { matches, problems, missingAfter }
}

interface Columns {
  /** Those that may name the gallery, in the order they are asked. */
  galleries: number[]
  password: number
}

function columnsOf(header: string[]): Columns {
  const named = ['ref', 'gallery ref', 'id', 'gallery', 'title', 'gallery title', 'name'].map((name) =>
    header.indexOf(name),
  )
  const galleries = named.filter((column) => column >= 0)
  const password = header.indexOf('password')
  return { galleries: galleries.length > 0 ? galleries : [password === 0 ? 1 : 0], password }
}

function matchOf(
  cells: string[],
  columns: Columns,
  find: (name: string) => Row[],
  seen: Map<number, number>,
  line: number,
): Match | Omit<TableProblem, 'line'> {
  const names = columns.galleries.map((column) => (cells[column] ?? '').trim()).filter((name) => name !== '')
  if (names.length === 0) return { code: 'no_gallery', sentence: 'No gallery is named here.' }
  const password = (cells[columns.password] ?? '').trim()
  const why = notAPassword(password)
  if (why) return { code: password === '' ? 'no_password' : 'too_long', sentence: `“${names[0]}”: ${why}` }
  const found = names.map(find).find((some) => some.length > 0) ?? []
  const gallery = found[0]
  if (!gallery)
    return {
      code: 'unknown_gallery',
      sentence: `No gallery that needs a password is called “${names.join('” or “')}”.`,
    }
  if (found.length > 1)
    return {
      code: 'ambiguous_title',
      sentence: `${found.length} galleries are called “${gallery.title}”: name the one by its ref (${found.map(({ ref }) => ref).join(', ')}).`,
    }
  const before = seen.get(gallery.id)
  if (before !== undefined)
    return { code: 'twice', sentence: `“${gallery.title}” has a password in line ${before} already.` }
  seen.set(gallery.id, line)
  const { publicId, ref, path, title, filled } = gallery
  return { line, publicId, ref, path, title, replaces: filled, password, gallery }
}

/** By ref; else by title, behind its folders or alone. */
function finder(galleries: Row[]): (name: string) => Row[] {
  const byRef = Map.groupBy(galleries, ({ ref }) => ref)
  const byPath = Map.groupBy(galleries, ({ path, title }) => plain([...path, title].join(' / ')))
  const byTitle = Map.groupBy(galleries, ({ title }) => plain(title))
  return (name) => byRef.get(name) ?? byPath.get(plain(name)) ?? byTitle.get(plain(name)) ?? []
}

const plain = (text: string) => text.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase()
