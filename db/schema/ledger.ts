// The ledger: what became of every gallery and photo.
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, bytea, rowId, rowRef } from './columns.ts'
import { runs, sources } from './runs.ts'

export const galleryState = pgEnum('gallery_state', [
  'found',
  'planned',
  'waiting',
  'copying',
  'verified',
  'published',
  'attention',
])

/**
 * `gone`: kept, though the provider has it no more; counted apart, in no place. `deleted`: a person asked for its removal
 * (`deletions`); hidden, in no count.
 */
export const photoState = pgEnum('photo_state', [
  'listed',
  'stored',
  'rendered',
  'published',
  'skipped',
  'failed',
  'gone',
  'deleted',
])

export const photoKind = pgEnum('photo_kind', ['photo', 'video', 'file'])
export const access = pgEnum('access', ['public', 'hidden', 'private', 'password'])

export const folders = pgTable(
  'folders',
  {
    id: rowId(),
    clientId: uuid('client_id').notNull(),
    sourceId: uuid('source_id')
      .notNull()
      .references(() => sources.id),
    ref: text('ref').notNull(),
    parentId: rowRef('parent_id'),
    title: text('title').notNull(),
    description: text('description'),
    position: integer('position').notNull(),
    access: access('access'),
  },
  (t) => [
    unique('folders_ref').on(t.sourceId, t.ref),
    foreignKey({ columns: [t.parentId], foreignColumns: [t.id], name: 'folders_parent' }),
  ],
)

export const galleries = pgTable(
  'galleries',
  {
    id: rowId(),
    publicId: uuid('public_id').notNull().defaultRandom().unique(),
    clientId: uuid('client_id').notNull(),
    /** null for uploads. */
    sourceId: uuid('source_id').references(() => sources.id),
    /** The run that moves it now, or moved it last. */
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    folderId: rowRef('folder_id').references(() => folders.id),
    ref: text('ref').notNull(),
    title: text('title').notNull(),
    description: text('description'),
    /** The day as written. */
    date: text('date'),
    expiresAt: text('expires_at'),
    access: access('access'),
    passwordKnown: boolean('password_known').notNull().default(true),
    /** Sealed, where known. */
    password: bytea('password'),
    /** It was filled in by hand: the provider does not tell it. */
    passwordFilled: boolean('password_filled').notNull().default(false),
    passwordHint: text('password_hint'),
    coverRef: text('cover_ref'),
    position: integer('position').notNull(),
    /** Place in the whole account, depth first: the order of lists and reports. */
    ordinal: integer('ordinal').notNull(),
    virtual: boolean('virtual').notNull().default(false),
    state: galleryState('state').notNull().default('found'),
    code: text('code'),
    /** Since when the provider is bringing it back, and when to ask again. */
    waitingSince: at('waiting_since'),
    askAgainAt: at('ask_again_at'),
    /** How long that usually takes, where the provider's help says so. */
    thawUsualHours: doublePrecision('thaw_usual_hours'),
    /** It lies in an archive that is asked to bring it back, and what the next look needs. */
    archived: boolean('archived').notNull().default(false),
    thawTicket: jsonb('thaw_ticket'),
    statedCount: integer('stated_count'),
    /** Photos that the listing must come to; null where no number of the provider can be trusted. */
    expectedCount: integer('expected_count'),
    statedBytes: bigint('stated_bytes', { mode: 'number' }),
    changeToken: text('change_token'),
    /** What the survey told of it last: the next one is held against this. */
    surveyed: jsonb('surveyed').$type<Record<string, unknown>>(),
    /** Since when the account has it no more; it is kept as it was. */
    goneAt: at('gone_at'),
    extra: jsonb('extra').$type<Record<string, unknown>>(),
    /** Where listing goes on; null before the first page. */
    cursor: text('cursor'),
    /** Counts its listings: places of an earlier one are none any more when this one is through. */
    listing: smallint('listing').notNull().default(1),
    /** Failed tries of list, build and reconcile since the last progress. */
    tries: smallint('tries').notNull().default(0),
    listedAt: at('listed_at'),
    builtAt: at('built_at'),
    verifiedAt: at('verified_at'),
    publishedAt: at('published_at'),
    /** Counters: advanced in the statement that advances the photos. total = the sum of the states, always. */
    total: integer('total').notNull().default(0),
    listed: integer('listed').notNull().default(0),
    stored: integer('stored').notNull().default(0),
    rendered: integer('rendered').notNull().default(0),
    published: integer('published').notNull().default(0),
    skipped: integer('skipped').notNull().default(0),
    failed: integer('failed').notNull().default(0),
    /** Kept though the provider has them no more; not in the total. */
    gone: integer('gone').notNull().default(0),
    /** Of rendered and published: whose rendition could not be made as wanted. */
    degraded: integer('degraded').notNull().default(0),
    /** Bytes stated by the provider for everything listed, and bytes safe in the store. */
    bytesFound: bigint('bytes_found', { mode: 'number' }).notNull().default(0),
    bytesStored: bigint('bytes_stored', { mode: 'number' }).notNull().default(0),
    /** It is to be removed: nobody sees it any more, and no listing takes it over. */
    deletionId: uuid('deletion_id'),
  },
  (t) => [
    unique('galleries_ref').on(t.clientId, t.sourceId, t.ref).nullsNotDistinct(),
    index('galleries_run').on(t.runId, t.ordinal),
    /** Which runs have one that needs a look. */
    index('galleries_attention_run').on(t.runId).where(sql`state = 'attention'`),
    /** What a gallery is searched by: words of its title, the provider's id, its old address. */
    index('galleries_words').using('gin', sql`to_tsvector('simple', translate(title, '/_-.@&:,', '        '))`),
    index('galleries_by_ref').on(t.ref),
    index('galleries_old_address')
      .on(sql`lower(extra->>'publicUrl') text_pattern_ops`)
      .where(sql`extra->>'publicUrl' is not null`),
    index('galleries_thawing').on(t.runId).where(sql`state = 'waiting'`),
    check(
      'galleries_total',
      sql`${t.total} = ${t.listed} + ${t.stored} + ${t.rendered} + ${t.published} + ${t.skipped} + ${t.failed}`,
    ),
  ],
)

/** What a gallery comes to in a certificate, kept when it is published; see `server/certificates-kept.ts`. */
export const galleryProofs = pgTable('gallery_proofs', {
  galleryId: rowRef('gallery_id')
    .primaryKey()
    .references(() => galleries.id, { onDelete: 'cascade' }),
  /** Of the gallery's row as it was gone through: another one makes this worthless. */
  version: text('version').notNull(),
  tally: jsonb('tally').$type<Record<string, unknown>>().notNull(),
  root: text('root').notNull(),
  differences: jsonb('differences').$type<Record<string, unknown>>().notNull(),
})

export const sets = pgTable(
  'sets',
  {
    id: rowId(),
    galleryId: rowRef('gallery_id')
      .notNull()
      .references(() => galleries.id),
    /** null: the photos that lie in no set of the provider's. */
    ref: text('ref'),
    parentRef: text('parent_ref'),
    title: text('title').notNull(),
    position: integer('position').notNull(),
    /** Of the gallery, when it was told last. */
    listing: smallint('listing').notNull().default(1),
  },
  (t) => [unique('sets_ref').on(t.galleryId, t.ref).nullsNotDistinct()],
)

export const photos = pgTable(
  'photos',
  {
    id: rowId(),
    /** What leaves the system: cannot be guessed. */
    publicId: uuid('public_id').notNull().defaultRandom(),
    clientId: uuid('client_id').notNull(),
    runId: uuid('run_id').notNull(),
    galleryId: rowRef('gallery_id')
      .notNull()
      .references(() => galleries.id),
    ref: text('ref').notNull(),
    kind: photoKind('kind').notNull(),
    filename: text('filename'),
    caption: text('caption'),
    keywords: text('keywords').array().notNull().default([]),
    takenAt: text('taken_at'),
    statedBytes: bigint('stated_bytes', { mode: 'number' }),
    width: integer('width'),
    height: integer('height'),
    access: access('access'),
    star: boolean('star'),
    /** What the connector needs to find the bytes again. */
    handle: jsonb('handle'),
    changeToken: text('change_token'),
    extra: jsonb('extra').$type<Record<string, unknown>>(),
    state: photoState('state').notNull().default('listed'),
    /** The step that failed or settled it, and the stable code of why. */
    step: text('step'),
    code: text('code'),
    /** `ok` or the code of why a rendition is not as wanted; null before rendering. */
    rendition: text('rendition'),
    isOriginal: boolean('is_original').notNull().default(true),
    sha256: bytea('sha256'),
    /** The original before this one, where the provider has replaced it; its object stays. */
    replacedSha256: bytea('replaced_sha256'),
    bytes: bigint('bytes', { mode: 'number' }),
    contentType: text('content_type'),
    attempts: smallint('attempts').notNull().default(0),
    /** When the next attempt is due; null where none is waiting. */
    nextTryAt: at('next_try_at'),
    /** The job that works on it; the sweep enqueues rows whose job is gone. */
    jobId: uuid('job_id'),
    /** Of a deleted one: what removes it, and the state that it was in. */
    deletionId: uuid('deletion_id'),
    deletedFrom: photoState('deleted_from'),
  },
  (t) => [
    uniqueIndex('photos_public_id').on(t.publicId),
    uniqueIndex('photos_ref').on(t.galleryId, t.ref, sql`(kind = 'file')`),
    /** Searched by the beginning of its file name. */
    index('photos_filename').on(sql`lower(filename) text_pattern_ops`).where(sql`filename is not null`),
    index('photos_unsettled').on(t.runId, t.state, t.jobId).where(sql`state in ('listed', 'stored')`),
    index('photos_troubled').on(t.runId, t.code, t.id).where(sql`code is not null`),
    index('photos_retrying').on(t.runId).where(sql`code is not null and state in ('listed', 'stored')`),
    index('photos_failed').on(t.step).where(sql`state = 'failed'`),
    index('photos_deleted').on(t.deletionId, t.id).where(sql`deletion_id is not null`),
    /** Who else needs an original, before it is removed. */
    index('photos_original').on(t.clientId, t.sha256).where(sql`sha256 is not null`),
    index('photos_replaced').on(t.clientId, t.replacedSha256).where(sql`replaced_sha256 is not null`),
  ],
)

export const placements = pgTable(
  'placements',
  {
    setId: rowRef('set_id')
      .notNull()
      .references(() => sets.id),
    photoId: rowRef('photo_id')
      .notNull()
      .references(() => photos.id),
    position: integer('position').notNull(),
    /** Of the set's gallery, when it was told last. */
    listing: smallint('listing').notNull().default(1),
  },
  (t) => [primaryKey({ columns: [t.setId, t.photoId] })],
)

export const favourites = pgTable(
  'favourites',
  {
    id: rowId(),
    clientId: uuid('client_id').notNull(),
    sourceId: uuid('source_id').references(() => sources.id),
    runId: uuid('run_id').notNull(),
    galleryRef: text('gallery_ref'),
    ref: text('ref').notNull(),
    name: text('name').notNull(),
    owner: text('owner'),
    /** null: the provider does not tell which. */
    photoRefs: jsonb('photo_refs').$type<string[] | null>(),
  },
  (t) => [unique('favourites_ref').on(t.clientId, t.sourceId, t.galleryRef, t.ref).nullsNotDistinct()],
)
