// The report (contract §4): one JSON object a line, what became of everything, read from the ledger as it is written.
import { and, asc, eq, gt, isNotNull, isNull, lt, ne, notInArray, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import {
  clients,
  favourites,
  folders,
  galleries,
  photos,
  placements,
  runGalleries,
  runs,
  sets,
  sources,
} from '#db/schema.ts'
import { coveredByRun } from './coverage.ts'
import { explainFields } from './fields.ts'
import type { House } from './house.ts'
import { notFound } from './refusal.ts'
import { originalKey } from './store/store.ts'
import { addedListing } from './uploads/enter.ts'

type Books = Pick<House, 'db'>

const pageRows = 2000 // about 2 MB of rows; a gallery of more is read in several

/**
 * Lines, each with its newline: the run; each gallery in the order of the account with its photos in the order they were
 * listed and its favourite lists; lists of the whole account last. Memory does not grow with the run.
 *
 * A report tells the library as it is when it is written, for the galleries that its run covers: those it moved, and
 * those it found unchanged. So a later run that takes some of them over leaves no hole in it, and totals and lines
 * always agree. Photos that are kept though the account has them no more are counted (`totals.gone`) and have no line;
 * nor has a gallery that was gone when the run looked.
 * Throws Refusal `not_found`.
 */
export async function* writeReport(house: Books, runId: string): AsyncGenerator<string> {
  const run = await runLine(house, runId)
  yield line(run)
  const paths = await folderPaths(house, runId)
  for await (const gallery of galleriesOf(house, runId)) {
    yield line(await galleryLine(house, gallery, paths, tellsPasswords(run.fields)))
    for await (const photo of photosOf(house, gallery.id)) yield line(photoLine(photo, gallery.ref))
    for (const list of await favouritesOf(house, runId, eq(favourites.galleryRef, gallery.ref)))
      yield line(favouritesLine(list))
  }
  for (const list of await favouritesOf(house, runId, ofNoGallery(house, runId))) yield line(favouritesLine(list))
}

const line = (value: object) => `${JSON.stringify(value)}\n`

async function runLine(house: Books, runId: string) {
  const [run] = await house.db
    .select({
      kind: runs.kind,
      provider: sources.provider,
      client: clients.name,
      state: runs.state,
      startedAt: runs.startedAt,
      finishedAt: runs.finishedAt,
      fields: runs.fields,
    })
    .from(runs)
    .innerJoin(clients, eq(clients.id, runs.clientId))
    .leftJoin(sources, eq(sources.id, runs.sourceId))
    .where(eq(runs.id, runId))
  if (!run) throw notFound('run')
  const sum = (column: PgColumn) => sql`coalesce(sum(${column}), 0)`.mapWith(Number)
  const [counted] = await house.db
    .select({
      galleries: sql`count(*)`.mapWith(Number),
      photos: sum(galleries.total),
      bytes: sum(galleries.bytesStored),
      published: sum(galleries.published),
      skipped: sum(galleries.skipped),
      failed: sum(galleries.failed),
      degraded: sum(galleries.degraded),
    })
    .from(galleries)
    .where(covered(runId))
  const [ofProvider] = await house.db
    .select({ sets: sql`count(*)`.mapWith(Number) })
    .from(sets)
    .innerJoin(galleries, eq(galleries.id, sets.galleryId))
    .where(and(covered(runId), isNotNull(sets.ref)))
  const [kept] = await house.db
    .select({
      gone: sql`coalesce(sum(${galleries.gone} + case when ${galleries.goneAt} is null then 0 else ${galleries.total} end), 0)`.mapWith(
        Number,
      ),
    })
    .from(galleries)
    .innerJoin(runs, eq(runs.sourceId, galleries.sourceId))
    .where(eq(runs.id, runId))
  const { galleries: galleryCount, ...totals } = counted!
  const { kind, provider, client, state, startedAt, finishedAt, fields } = run
  return {
    type: 'run',
    version: 1,
    id: runId,
    kind,
    provider,
    client,
    state,
    startedAt,
    finishedAt,
    totals: { galleries: galleryCount, sets: ofProvider!.sets, ...totals, gone: kept!.gone },
    fields,
    fieldReasons: Object.fromEntries(explainFields(provider, fields).map(({ kind, why }) => [kind, why])),
  }
}

/** Titles from the top down, by folder id; an account has a few thousand folders at most. */
async function folderPaths(house: Books, runId: string): Promise<(folderId: number | null) => string[]> {
  const rows = await house.db
    .select({ id: folders.id, parentId: folders.parentId, title: folders.title })
    .from(folders)
    .innerJoin(runs, eq(runs.sourceId, folders.sourceId))
    .where(eq(runs.id, runId))
  const byId = new Map(rows.map((row) => [row.id, row]))
  return (folderId) => {
    const path: string[] = []
    for (let at = byId.get(folderId ?? -1); at && path.length < byId.size; at = byId.get(at.parentId ?? -1))
      path.unshift(at.title)
    return path
  }
}

type Gallery = typeof galleries.$inferSelect

async function* galleriesOf(house: Books, runId: string): AsyncGenerator<Gallery> {
  // As the run found the account; one that was entered without a plan has its place in the ledger.
  const ordinal = sql<number>`coalesce(${runGalleries.ordinal}, ${galleries.ordinal})`
  let after: { gallery: Gallery; ordinal: number } | undefined
  do {
    const page: { gallery: Gallery; ordinal: number }[] = await house.db
      .select({ gallery: galleries, ordinal })
      .from(galleries)
      .leftJoin(
        runGalleries,
        and(eq(runGalleries.runId, runId), eq(runGalleries.ref, galleries.ref), eq(runGalleries.covered, true)),
      )
      .where(and(covered(runId), after && sql`(${ordinal}, ${galleries.id}) > (${after.ordinal}, ${after.gallery.id})`))
      .orderBy(ordinal, asc(galleries.id))
      .limit(200)
    for (const { gallery } of page) yield gallery
    after = page.at(-1)
  } while (after)
}

const covered = (runId: string): SQL => sql`${galleries.id} = ${coveredByRun(runId)}`

const tellsPasswords = ({ passwords }: Record<string, string>) => passwords !== 'not_offered'

async function galleryLine(
  house: Books,
  gallery: Gallery,
  pathOf: (folderId: number | null) => string[],
  tellsPasswords: boolean,
) {
  const rows = await house.db
    .select({
      ref: sets.ref,
      parentRef: sets.parentRef,
      title: sets.title,
      photos: sql<
        string[]
      >`coalesce(array_agg(${photos.ref} order by ${placements.position}, ${placements.photoId}) filter (where ${photos.id} is not null), '{}')`,
    })
    .from(sets)
    .leftJoin(placements, and(eq(placements.setId, sets.id), lt(placements.listing, addedListing)))
    .leftJoin(photos, and(eq(photos.id, placements.photoId), ne(photos.state, 'deleted')))
    .where(and(eq(sets.galleryId, gallery.id), lt(sets.listing, addedListing)))
    .groupBy(sets.id)
    .orderBy(asc(sets.position), asc(sets.id))
  const { ref, title, description, date, access, passwordKnown, expiresAt, coverRef, state, statedCount } = gallery
  return {
    type: 'gallery',
    ref,
    path: pathOf(gallery.folderId),
    title,
    description,
    date,
    access,
    passwordKnown: tellsPasswords || gallery.passwordFilled ? passwordKnown : null,
    expiresAt,
    coverRef,
    state,
    statedCount,
    // A set that is none of the provider's has no title of its own.
    sets: rows.map((set) => ({ ...set, title: set.title || null })),
  }
}

type Photo = typeof photos.$inferSelect

async function* photosOf(house: Books, galleryId: number): AsyncGenerator<Photo> {
  let after = 0
  while (true) {
    const page: Photo[] = await house.db
      .select()
      .from(photos)
      .where(and(eq(photos.galleryId, galleryId), gt(photos.id, after), notInArray(photos.state, ['gone', 'deleted'])))
      // The sum keeps the planner from walking the primary key through everybody else's photos.
      .orderBy(sql`${photos.id} + 0`)
      .limit(pageRows)
    yield* page
    if (page.length < pageRows) return
    after = page.at(-1)!.id
  }
}

function photoLine(photo: Photo, gallery: string) {
  const sha256 = photo.sha256?.toString('hex') ?? null
  const { ref, filename, caption, keywords, takenAt, kind, bytes, contentType, width, height } = photo
  const { isOriginal, state, step, code, rendition, attempts } = photo
  return {
    type: 'photo',
    ref,
    gallery,
    filename,
    caption,
    keywords,
    takenAt,
    kind,
    bytes,
    sha256,
    key: sha256 && originalKey(photo.clientId, sha256),
    contentType,
    width,
    height,
    isOriginal,
    state,
    step,
    code,
    rendition,
    attempts,
  }
}

type List = typeof favourites.$inferSelect

/** Those that this run found, or a later one of the account found again. */
async function favouritesOf(house: Books, runId: string, which: ReturnType<typeof or>): Promise<List[]> {
  const rows = await house.db
    .select({ list: favourites })
    .from(favourites)
    .innerJoin(runs, eq(runs.id, runId))
    .where(
      and(
        or(
          eq(favourites.runId, runId),
          sql`${favourites.sourceId} = ${runs.sourceId} and ${runs.createdAt} < (select created_at from runs where id = ${favourites.runId})`,
        ),
        which,
      ),
    )
    .orderBy(asc(favourites.id))
  return rows.map(({ list }) => list)
}

/** Of the whole account, or of a gallery that this run does not move. */
function ofNoGallery(house: Books, runId: string) {
  const told = house.db.select({ ref: galleries.ref }).from(galleries).where(covered(runId))
  return or(isNull(favourites.galleryRef), notInArray(favourites.galleryRef, told))
}

function favouritesLine({ galleryRef, ref, name, owner, photoRefs }: List) {
  return { type: 'favourites', gallery: galleryRef, ref, name, owner, photos: photoRefs }
}
