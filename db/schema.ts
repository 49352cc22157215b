// The words, then every table.
//
// client          a photographer or studio being onboarded; the tenant: every row belongs to one
// provider        a gallery host we read from
// connection      a person who went to a provider's own page to connect an account there, and is expected back
// source          one client's account at a provider: sign-in, health, endpoints
// run             one migration (from a source) or one upload (from files, URLs, the API); same ledger, steps, report
// folder, gallery, set, photo   the structure that is moved; a gallery sits at a path of folders and has sets
// placement       photo × set × position; a photo may be placed in several sets, or in a gallery other than its own
// favourite list  photos a visitor picked, with the list's name and owner
// original        the bytes as the provider held them; stored once per client under its SHA-256 (table `assets`)
// rendition       a picture made from an original by instructions
// manifest        the list of files that a sender announces for an upload run; its bytes follow
// ledger          the rows that say what became of every photo (galleries, photos, placements); the truth
// deletion        what a person asked to be removed: hidden at once, restorable until it is due, then gone for good
// step, queue, job   the code for one kind of work; its queue (same name); one queued call
// snapshot        the counted state of a run, as the console shows it
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  customType,
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
  timestamp,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
const at = (name: string) => timestamp(name, { withTimezone: true })
const rowId = () => bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity()
const rowRef = (name: string) => bigint(name, { mode: 'number' })

export const runKind = pgEnum('run_kind', ['migration', 'upload'])
/**
 * surveying → planned (staff confirm) → running → done | done_with_problems; paused and blocked (needs a person) go on
 * where they were; cancelled and failed are final.
 */
export const runState = pgEnum('run_state', [
  'surveying',
  'planned',
  'running',
  'paused',
  'blocked',
  'done',
  'done_with_problems',
  'cancelled',
  'failed',
])
/** Whose work comes first: `first` before the turns of all others, `last` where nobody else has work. */
export const runPriority = pgEnum('run_priority', ['first', 'normal', 'last'])
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
/** A gallery of the account held against the ledger. */
export const difference = pgEnum('difference', ['new', 'changed', 'moved', 'same', 'gone'])
export const photoKind = pgEnum('photo_kind', ['photo', 'video', 'file'])
export const access = pgEnum('access', ['public', 'hidden', 'private', 'password'])

export const clients = pgTable('clients', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull().unique(),
  email: text('email'),
  /** Whether it is written to by e-mail when something begins, is needed or is done. */
  mailed: boolean('mailed').notNull().default(true),
  createdAt: at('created_at').notNull().defaultNow(),
  /** It is to be removed with all that is its: nobody sees it any more. */
  deletionId: uuid('deletion_id'),
})

export const sources = pgTable(
  'sources',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id),
    provider: text('provider').notNull(),
    /** Which account at which endpoints, hashed: the same one is one source, so nothing is moved twice. */
    accountKey: text('account_key').notNull(),
    /** What staff call it; the account's name once signed in. */
    title: text('title').notNull(),
    endpoints: jsonb('endpoints').$type<Record<string, string>>().notNull(),
    /** AES-256-GCM, bound to client and source; null once forgotten. */
    credentials: bytea('credentials'),
    /** When these credentials were given: a session that was handed over lives from then. */
    givenAt: at('given_at'),
    /** Handed over while the ones above still work; they take over once a worker has signed in with them. Sealed. */
    offered: bytea('offered'),
    offeredHash: text('offered_hash'),
    /** The signed-in session, sealed the same way, shared by all workers. */
    session: bytea('session'),
    /** Counts sign-ins: who holds an older one takes the newer instead of signing in again. */
    sessionGeneration: integer('session_generation').notNull().default(0),
    health: text('health', { enum: ['untested', 'ok', 'refused', 'challenge', 'unreachable'] })
      .notNull()
      .default('untested'),
    /** The provider's own id of the account, once signed in. */
    accountRef: text('account_ref'),
    /** Keyed hash of the credentials as they were given: those kept may have been rotated since. */
    givenHash: text('given_hash'),
    /** When a session that we cannot renew ourselves ends; null where none is known to end. */
    sessionEndsAt: at('session_ends_at'),
    /** One sentence that says what a person has to do. */
    todo: text('todo'),
    checkedAt: at('checked_at'),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (t) => [unique('sources_account').on(t.clientId, t.provider, t.accountKey)],
)

/** A person who has gone to a provider's own page to connect an account there, and is expected back. */
export const connections = pgTable('connections', {
  id: uuid('id').primaryKey().defaultRandom(),
  /** The console's session of whoever began it: nobody else can end it. */
  sessionId: text('session_id').notNull(),
  clientId: uuid('client_id')
    .notNull()
    .references(() => clients.id),
  /** null: a new source. */
  sourceId: uuid('source_id').references(() => sources.id),
  provider: text('provider').notNull(),
  endpoints: jsonb('endpoints').$type<Record<string, string>>().notNull(),
  /** Our client id at the provider. */
  appId: text('app_id').notNull(),
  redirectUri: text('redirect_uri').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  usedAt: at('used_at'),
})

export const runs = pgTable(
  'runs',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id),
    /** null for uploads. */
    sourceId: uuid('source_id').references(() => sources.id),
    kind: runKind('kind').notNull(),
    state: runState('state').notNull(),
    /** Where a paused or blocked run goes on. */
    resumeTo: runState('resume_to'),
    /** Stable code of why it is blocked, paused or failed, and the sentence for a person. */
    code: text('code'),
    todo: text('todo'),
    stateBy: text('state_by'),
    stateAt: at('state_at').notNull().defaultNow(),
    /** Starts at once when the survey is through, without a person's yes. */
    /** Failed tries of the survey since it was asked for. */
    tries: smallint('tries').notNull().default(0),
    autoStart: boolean('auto_start').notNull().default(false),
    /** Instructions of each rendition by name: `{ thumb: {…}, web: {…} }`; empty makes none. */
    renditions: jsonb('renditions').$type<Record<string, unknown>>().notNull(),
    /** Gallery refs to take; null takes all. */
    only: jsonb('only_refs').$type<string[]>(),
    /** The run whose account is looked through again: what was left out of that one stays out. */
    deltaOf: uuid('delta_of'),
    /** What the provider tells of the whole account, once the survey has asked. */
    account: jsonb('account').$type<Record<string, unknown>>(),
    plan: jsonb('plan').$type<Record<string, unknown>>(),
    /** Kept, mapped, not_offered or lost, per kind (contract §4). */
    fields: jsonb('fields').$type<Record<string, string>>().notNull().default({}),
    /** Totals as they stood when it finished. */
    totals: jsonb('totals').$type<Record<string, number>>(),
    createdBy: text('created_by').notNull(),
    /** E-mail of the person who looks after it; null: whoever created it. */
    assignedTo: text('assigned_to'),
    priority: runPriority('priority').notNull().default('normal'),
    createdAt: at('created_at').notNull().defaultNow(),
    startedAt: at('started_at'),
    finishedAt: at('finished_at'),
    /** What the samples told of the stages, once they are gone (`server/samples.ts`). */
    marks: jsonb('marks').$type<Record<string, string>>(),
    /** Seconds since the start in which it stood still for a person or the provider, and since when it does now. */
    waitedSeconds: doublePrecision('waited_seconds').notNull().default(0),
    waitsSince: at('waits_since'),
    /** Until then what fails is kept with the requests that led there. */
    captureUntil: at('capture_until'),
  },
  (t) => [
    index('runs_client').on(t.clientId, t.createdAt),
    index('runs_state').on(t.state),
    /** The orders of the run list, and the later runs of a source. */
    index('runs_newest').on(t.createdAt, t.id),
    index('runs_changed').on(t.stateAt, t.id),
    index('runs_source').on(t.sourceId, t.createdAt),
    index('runs_staff').on(sql`(coalesce(assigned_to, created_by))`, t.createdAt),
    /** Few at any time: workers ask for them every second. */
    index('runs_prioritised').on(t.state).where(sql`priority <> 'normal'`),
    /** Twenty starts of one migration are one run. */
    uniqueIndex('runs_one_open_per_source')
      .on(t.sourceId)
      .where(sql`state in ('surveying', 'planned', 'running', 'paused', 'blocked')`),
  ],
)

/** The list of runs as a file, asked for by a person and written by a worker; gone when its time is over. */
export const runExports = pgTable(
  'run_exports',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    /** E-mail. */
    askedBy: text('asked_by').notNull(),
    askedAt: at('asked_at').notNull().defaultNow(),
    /** The list's filter. */
    query: jsonb('query').$type<Record<string, unknown>>().notNull(),
    /** waiting → ready | failed. */
    state: text('state').notNull().default('waiting'),
    /** Runs in the file, and its size. */
    runs: integer('runs'),
    bytes: bigint('bytes', { mode: 'number' }),
    /** Key in the object store. */
    key: text('key'),
    readyAt: at('ready_at'),
    expiresAt: at('expires_at'),
  },
  (t) => [index('run_exports_person').on(t.askedBy, t.askedAt), index('run_exports_expiry').on(t.expiresAt)],
)

/** What a survey has read so far, page by page, so that one that is taken over asks for no page again; gone with the start. */
export const surveyPages = pgTable(
  'survey_pages',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    number: integer('number').notNull(),
    folders: jsonb('folders').notNull(),
    galleries: jsonb('galleries').notNull(),
    /** Favourite lists, behind the last page; null on the others. */
    favourites: jsonb('favourites'),
    /** Where the next page begins; null after the last. */
    next: text('next'),
  },
  (t) => [primaryKey({ columns: [t.runId, t.number] })],
)

/**
 * Each gallery of the account as a run's survey found it, held against the ledger: the plan. From the start on it says
 * which galleries the run covers, whoever moves them later.
 */
export const runGalleries = pgTable(
  'run_galleries',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    ref: text('ref').notNull(),
    /** In the ledger; null while it is new and not started. */
    galleryId: rowRef('gallery_id'),
    ordinal: integer('ordinal').notNull(),
    /** Titles and refs of its folders, from the top down. */
    path: text('path').array().notNull(),
    folderRefs: text('folder_refs').array().notNull(),
    title: text('title').notNull(),
    date: text('date'),
    virtual: boolean('virtual').notNull(),
    archived: boolean('archived').notNull(),
    statedCount: integer('stated_count'),
    statedBytes: bigint('stated_bytes', { mode: 'number' }),
    /** Photos of it in the library when the plan was made; null for new ones. */
    here: integer('here'),
    difference: difference('difference').notNull(),
    reasons: jsonb('reasons').$type<unknown[]>().notNull(),
    chosen: boolean('chosen').notNull(),
    /** Chosen and in the account when the run was started: its report tells of it. */
    covered: boolean('covered').notNull().default(false),
  },
  (t) => [primaryKey({ columns: [t.runId, t.ref] })],
)

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

/** Originals: equal bytes in two places are two photos and one of these. */
export const assets = pgTable(
  'assets',
  {
    clientId: uuid('client_id').notNull(),
    sha256: bytea('sha256').notNull(),
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
    contentType: text('content_type').notNull(),
    /** As displayed, upright; null until decoded or where it cannot be. */
    width: integer('width'),
    height: integer('height'),
    /** How its last rendering ended: `ok` or a code. */
    renditionCode: text('rendition_code'),
    storedAt: at('stored_at').notNull().defaultNow(),
    /** Since when the bytes are gone by the client's own rule, and only renditions are left. */
    removedAt: at('removed_at'),
  },
  (t) => [primaryKey({ columns: [t.clientId, t.sha256] })],
)

export const renditions = pgTable(
  'renditions',
  {
    clientId: uuid('client_id').notNull(),
    sha256: bytea('sha256').notNull(),
    /** Hash of the instructions. */
    hash: text('hash').notNull(),
    extension: text('extension').notNull(),
    contentType: text('content_type').notNull(),
    bytes: integer('bytes').notNull(),
    /** Of the rendition itself. */
    fileSha256: bytea('file_sha256').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    /** The rung of the decode ladder that worked: strict, error, none. */
    level: text('level').notNull(),
  },
  (t) => [primaryKey({ columns: [t.clientId, t.sha256, t.hash] })],
)

/** Attempts that failed; one that succeeds leaves none. */
export const attempts = pgTable(
  'attempts',
  {
    photoId: rowRef('photo_id').notNull(),
    attempt: smallint('attempt').notNull(),
    step: text('step').notNull(),
    code: text('code').notNull(),
    /** Technical detail, secrets masked. */
    detail: text('detail'),
    at: at('at').notNull().defaultNow(),
  },
  (t) => [index('attempts_photo').on(t.photoId, t.at)],
)

/** Causes of a run that a person has set aside: one that comes back later is open again by itself. */
export const causeNotes = pgTable(
  'cause_notes',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    code: text('code').notNull(),
    state: text('state', { enum: ['failed', 'skipped'] }).notNull(),
    decision: text('decision', { enum: ['ignored', 'resolved'] }).notNull(),
    /** An ignored one comes back then, or once there are so many photos of it; both null: never. */
    until: at('until'),
    untilCount: integer('until_count'),
    /** Photos of it when it was decided. */
    photos: integer('photos').notNull(),
    note: text('note'),
    decidedBy: text('decided_by').notNull(),
    decidedAt: at('decided_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.code, t.state] })],
)

/** What happened to a run, for its timeline: state changes, sign-ins, waits, evidence. */
export const events = pgTable(
  'events',
  {
    id: rowId(),
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    galleryId: rowRef('gallery_id'),
    at: at('at').notNull().defaultNow(),
    kind: text('kind').notNull(),
    actor: text('actor').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
  },
  (t) => [index('events_run').on(t.runId, t.id)],
)

/** Privileged acts: append-only, each row holds the hash of the one before. */
export const audit = pgTable(
  'audit',
  {
    id: rowId(),
    at: at('at').notNull().defaultNow(),
    actor: text('actor').notNull(),
    act: text('act').notNull(),
    clientId: uuid('client_id'),
    subject: text('subject').notNull(),
    data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
    previous: bytea('previous').notNull(),
    hash: bytea('hash').notNull(),
  },
  (t) => [
    index('audit_at').on(t.at, t.id),
    index('audit_actor').on(t.actor, t.at, t.id),
    index('audit_act').on(t.act, t.at, t.id),
    index('audit_client').on(t.clientId, t.at, t.id),
    index('audit_subject').on(t.subject, t.at, t.id),
  ],
)

/** Counters of a run every few seconds while they move: its rate, its sparkline, its remaining time. */
export const samples = pgTable(
  'samples',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    at: at('at').notNull().defaultNow(),
    found: integer('found').notNull(),
    stored: integer('stored').notNull(),
    rendered: integer('rendered').notNull(),
    settled: integer('settled').notNull(),
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.at] })],
)

/** What a host lets us ask of it, shared by all workers. */
export const hostBudgets = pgTable(
  'host_budgets',
  {
    host: text('host').notNull(),
    lane: text('lane').notNull(),
    rate: doublePrecision('rate').notNull(),
    least: doublePrecision('least').notNull(),
    most: doublePrecision('most').notNull(),
    tokens: doublePrecision('tokens').notNull(),
    refilledAt: at('refilled_at').notNull().defaultNow(),
    blockedUntil: at('blocked_until'),
    reason: text('reason'),
    updatedAt: at('updated_at').notNull().defaultNow(),
    paused: boolean('paused').notNull().default(false),
    /** Whose pictures or pages it serves, as far as we have asked it. */
    provider: text('provider'),
    /** The person who changed it last, and when; null where only the host itself did. */
    setBy: text('set_by'),
    setAt: at('set_at'),
  },
  (t) => [primaryKey({ columns: [t.host, t.lane] })],
)

export const workers = pgTable('workers', {
  id: uuid('id').primaryKey(),
  group: text('group').notNull(),
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  version: text('version').notNull(),
  startedAt: at('started_at').notNull().defaultNow(),
  seenAt: at('seen_at').notNull().defaultNow(),
  residentBytes: bigint('resident_bytes', { mode: 'number' }).notNull().default(0),
  jobs: integer('jobs').notNull().default(0),
  /** As it says itself. A drained one takes nothing until it is let. */
  state: text('state', { enum: ['working', 'draining', 'drained'] })
    .notNull()
    .default('working'),
  /** Who told it to drain, and when; null: nobody. */
  drainBy: text('drain_by'),
  drainAt: at('drain_at'),
  /** The jobs in its hands, the oldest first. */
  work: jsonb('work').$type<{ queue: string; runId: string | null; since: string }[]>().notNull().default([]),
  /** Jobs that came to their end within the last minute, by queue. */
  ended: jsonb('ended').$type<Record<string, number>>().notNull().default({}),
})

/** Queues that no worker takes from until they are resumed. */
export const queuePauses = pgTable('queue_pauses', {
  queue: text('queue').primaryKey(),
  by: text('by').notNull(),
  at: at('at').notNull().defaultNow(),
  note: text('note'),
})

/** Providers that nothing is asked of until somebody lets us. */
export const providerStops = pgTable('provider_stops', {
  provider: text('provider').primaryKey(),
  by: text('by').notNull(),
  at: at('at').notNull().defaultNow(),
  note: text('note'),
})

/** What became of the requests to a host, by the minute: how well it answers, and what its budget was. */
export const hostMinutes = pgTable(
  'host_minutes',
  {
    host: text('host').notNull(),
    lane: text('lane').notNull(),
    minute: at('minute').notNull(),
    provider: text('provider'),
    requests: integer('requests').notNull(),
    /** 429, or another answer that says how long to wait. */
    limited: integer('limited').notNull(),
    /** 403. */
    refused: integer('refused').notNull(),
    /** 5xx, or no answer. */
    failed: integer('failed').notNull(),
    /** Answers by how long they took: the nth took up to 10 × 1.5ⁿ ms. */
    took: integer('took').array().notNull(),
    /** Requests a second that were allowed at the end of it. */
    rate: doublePrecision('rate'),
  },
  (t) => [primaryKey({ columns: [t.host, t.lane, t.minute] }), index('host_minutes_minute').on(t.minute)],
)

/** Who may sign in, in better-auth's shape; `role` and `clientId` are ours. */
export const users = pgTable('users', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text('image'),
  role: text('role', { enum: ['staff', 'ops', 'admin', 'photographer'] })
    .notNull()
    .default('staff'),
  /** The client of a photographer. */
  clientId: uuid('client_id').references(() => clients.id),
  twoFactorEnabled: boolean('two_factor_enabled').notNull().default(false),
  /** Since when they may not sign in. */
  disabledAt: at('disabled_at'),
  /** At most a minute old while they are here. */
  seenAt: at('seen_at'),
  createdAt: at('created_at').notNull().defaultNow(),
  updatedAt: at('updated_at').notNull().defaultNow(),
})

export const sessions = pgTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    token: text('token').notNull().unique(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    expiresAt: at('expires_at').notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    /** At most a minute old while it is used. */
    seenAt: at('seen_at'),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (t) => [index('sessions_user').on(t.userId)],
)

export const accounts = pgTable(
  'accounts',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    password: text('password'),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: at('access_token_expires_at'),
    refreshTokenExpiresAt: at('refresh_token_expires_at'),
    scope: text('scope'),
    createdAt: at('created_at').notNull().defaultNow(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (t) => [index('accounts_user').on(t.userId)],
)

export const verifications = pgTable('verifications', {
  id: text('id').primaryKey(),
  identifier: text('identifier').notNull(),
  value: text('value').notNull(),
  expiresAt: at('expires_at').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  updatedAt: at('updated_at').notNull().defaultNow(),
})

/** Filters of a list that a person keeps under a name. */
export const savedViews = pgTable(
  'saved_views',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** As in the address of the page, without its question mark. */
    query: text('query').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (t) => [unique('saved_views_name').on(t.userId, t.name)],
)

/** Wrong passwords and other repeated requests, counted (better-auth's shape). */
export const rateLimits = pgTable('rate_limits', {
  id: text('id').primaryKey(),
  key: text('key').notNull().unique(),
  count: integer('count').notNull(),
  lastRequest: bigint('last_request', { mode: 'number' }).notNull(),
})

// The media API's callers: keys, their repeated requests, what is counted of them, and what is told to them.

/** What a program of a client signs its requests to the media API with; the key itself is known to nobody here. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id),
    name: text('name').notNull(),
    /** Its first characters, to tell keys apart. */
    prefix: text('prefix').notNull(),
    /** SHA-256 of the whole key: 32 random bytes cannot be guessed, so nothing slower is needed. */
    hash: bytea('hash').notNull().unique(),
    scopes: text('scopes').array().notNull(),
    /** Sealed; signs what is told to this key's receivers. */
    webhookSecret: bytea('webhook_secret').notNull(),
    /** Requests a minute; null: the house's default. */
    perMinute: integer('per_minute'),
    /** Pictures a UTC day; null: no end. */
    perDay: integer('per_day'),
    createdBy: text('created_by').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    expiresAt: at('expires_at'),
    /** At most a minute old while it is used. */
    lastUsedAt: at('last_used_at'),
    revokedAt: at('revoked_at'),
    revokedBy: text('revoked_by'),
  },
  (t) => [index('api_keys_client').on(t.clientId, t.createdAt)],
)

/** Requests of each key in its minute, as rate-limiter-flexible counts them; `expire` in milliseconds since 1970. */
export const keyMinutes = pgTable('key_minutes', {
  key: varchar('key', { length: 255 }).primaryKey(),
  points: integer('points').notNull().default(0),
  expire: bigint('expire', { mode: 'number' }),
})

/** Pictures that a key has sent on its last day (UTC). */
export const keyBudgets = pgTable('key_budgets', {
  keyId: uuid('key_id')
    .primaryKey()
    .references(() => apiKeys.id),
  day: text('day').notNull(),
  pictures: integer('pictures').notNull().default(0),
})

/** Requests with an Idempotency-Key, for a day: in work (`status` null) or answered. */
export const idempotentRequests = pgTable(
  'idempotent_requests',
  {
    keyId: uuid('key_id')
      .notNull()
      .references(() => apiKeys.id),
    key: text('key').notNull(),
    /** Names what the request makes: the same at every try of it. */
    requestId: uuid('request_id').notNull().defaultRandom(),
    fingerprint: text('fingerprint').notNull(),
    /** Whoever works on it holds it until then, and says so again while it lives. */
    holder: uuid('holder').notNull(),
    heldUntil: at('held_until').notNull(),
    status: smallint('status'),
    body: jsonb('body'),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.keyId, t.key] }), index('idempotent_requests_age').on(t.createdAt)],
)

/** What a receiver is to be told, and how that went. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    /** The message's id at the receiver too: the same at every try. */
    id: uuid('id').primaryKey().defaultRandom(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id),
    keyId: uuid('key_id')
      .notNull()
      .references(() => apiKeys.id),
    url: text('url').notNull(),
    /** The body as it is signed and sent, to the byte. */
    body: text('body').notNull(),
    state: text('state', { enum: ['waiting', 'delivered', 'failed'] })
      .notNull()
      .default('waiting'),
    attempts: smallint('attempts').notNull().default(0),
    /** null once it is settled. */
    nextTryAt: at('next_try_at'),
    lastAt: at('last_at'),
    /** The receiver's answer; null where there was none, and `lastCode` says why. */
    lastStatus: smallint('last_status'),
    lastCode: text('last_code'),
    /** The beginning of what it said. */
    lastResponse: text('last_response'),
    lastMilliseconds: integer('last_milliseconds'),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (t) => [
    index('webhook_deliveries_client').on(t.clientId, t.createdAt, t.id),
    index('webhook_deliveries_due').on(t.nextTryAt).where(sql`state = 'waiting'`),
    index('webhook_deliveries_state').on(t.state, t.createdAt, t.id),
    index('webhook_deliveries_at').on(t.createdAt, t.id),
  ],
)

/** Instructions by name, besides the built-in ones: of one client, or everybody's. */
export const presets = pgTable(
  'presets',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    /** null: everybody's. */
    clientId: uuid('client_id').references(() => clients.id),
    name: text('name').notNull(),
    instructions: jsonb('instructions').$type<Record<string, unknown>>().notNull(),
    updatedBy: text('updated_by').notNull(),
    updatedAt: at('updated_at').notNull().defaultNow(),
  },
  (t) => [unique('presets_name').on(t.clientId, t.name).nullsNotDistinct()],
)

/** A client's own pictures for watermarks. Instructions hold the picture itself, so a name may get another one. */
export const watermarks = pgTable(
  'watermarks',
  {
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id),
    name: text('name').notNull(),
    sha256: bytea('sha256').notNull(),
    bytes: integer('bytes').notNull(),
    contentType: text('content_type').notNull(),
    width: integer('width').notNull(),
    height: integer('height').notNull(),
    addedBy: text('added_by').notNull(),
    addedAt: at('added_at').notNull().defaultNow(),
    /** Since when the name means another picture, or none; its object stays a while for work that names it. */
    replacedAt: at('replaced_at'),
  },
  (t) => [
    primaryKey({ columns: [t.clientId, t.name, t.sha256] }),
    uniqueIndex('watermarks_current').on(t.clientId, t.name).where(sql`replaced_at is null`),
  ],
)

// Uploads: what their senders asked for beside the ledger's own rows.

/**
 * Renditions that the sender of one photo asked for, by the name they are served under; `renditions` is the truth of what
 * is made. A name that is asked for again with other instructions means the newer ones.
 */
export const wantedRenditions = pgTable(
  'wanted_renditions',
  {
    photoId: rowRef('photo_id')
      .notNull()
      .references(() => photos.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** In the order asked for: the address of the first is the photo's. */
    position: smallint('position').notNull().default(0),
    instructions: jsonb('instructions').$type<Record<string, unknown>>().notNull(),
    /** Of the instructions: the rendition's part of its key in the store. */
    hash: text('hash').notNull(),
    /** `ok`, or why there is none; null while it is being made. */
    code: text('code'),
  },
  (t) => [primaryKey({ columns: [t.photoId, t.name] })],
)

/** Addresses that are to be told when a run (`photoId` null) or one photo is ready. */
export const uploadCallbacks = pgTable(
  'upload_callbacks',
  {
    id: rowId(),
    clientId: uuid('client_id').notNull(),
    keyId: uuid('key_id').notNull(),
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    photoId: rowRef('photo_id').references(() => photos.id, { onDelete: 'cascade' }),
    url: text('url').notNull(),
    /** When the message was entered for delivery. */
    toldAt: at('told_at'),
  },
  (t) => [index('upload_callbacks_due').on(t.runId).where(sql`told_at is null`)],
)

/**
 * Objects that were put and that no ledger row names yet. Whoever receives them holds them; when that ends without an
 * entry they are removed, unless an original of the same bytes was entered or somebody else holds them.
 */
export const looseObjects = pgTable(
  'loose_objects',
  {
    id: rowId(),
    clientId: uuid('client_id').notNull(),
    sha256: bytea('sha256').notNull(),
    /** The process that receives it; it says so again while it lives. */
    holder: uuid('holder').notNull(),
    heldUntil: at('held_until').notNull(),
  },
  (t) => [
    index('loose_objects_key').on(t.clientId, t.sha256),
    index('loose_objects_holder').on(t.holder),
    index('loose_objects_held').on(t.heldUntil),
  ],
)

// Upload runs of folders: the list that goes first, whose bytes follow.

/** The files that a sender announced for an upload run: the run's listing. Bytes come from the sender, in any order. */
export const manifests = pgTable(
  'manifests',
  {
    runId: uuid('run_id')
      .primaryKey()
      .references(() => runs.id),
    clientId: uuid('client_id').notNull(),
    /** Which gallery and set a file belongs to by its path: `server/manifests/layout.ts`. */
    layout: jsonb('layout').$type<Record<string, unknown>>().notNull(),
    /** The folder at its sender, so that the same command goes on where it was; null: a person drops it again. */
    origin: text('origin'),
    /** The gallery that arrived photos are placed in too, behind position `targetFrom`; null: only in the run's own. */
    targetId: rowRef('target_id').references(() => galleries.id),
    targetFrom: integer('target_from').notNull().default(0),
    /** When the whole list was in. */
    completeAt: at('complete_at'),
    /** Files whose bytes were here already: photos of their own, and no new object. */
    duplicates: integer('duplicates').notNull().default(0),
    duplicateBytes: bigint('duplicate_bytes', { mode: 'number' }).notNull().default(0),
  },
  (t) => [index('manifests_origin').on(t.clientId, t.origin).where(sql`origin is not null`)],
)

// Hosting: what became of addresses that were handed out.

/** Pictures that were deleted: their addresses say so for ever, also when no other row of them is left. */
export const deletedImages = pgTable('deleted_images', {
  publicId: uuid('public_id').primaryKey(),
  clientId: uuid('client_id').notNull(),
  deletedAt: at('deleted_at').notNull().defaultNow(),
})

// Life cycle: how long what is kept, and what is on its way out.

/** A client's rules; one without a row has the house's defaults. Days. */
export const retention = pgTable('retention', {
  clientId: uuid('client_id')
    .primaryKey()
    .references(() => clients.id),
  /** Since an original was stored, until it moves to a cheaper class of the bucket; null: it stays. */
  infrequentAfter: integer('infrequent_after'),
  archiveAfter: integer('archive_after'),
  /** Since a migration ended, until originals of it that have renditions are removed; null: never. */
  originalsAfter: integer('originals_after'),
  /** Without a sign of their sender, until announced files are given up. */
  unfinishedAfter: integer('unfinished_after').notNull(),
  /** Between a deletion and the removal. */
  grace: integer('grace').notNull(),
  updatedBy: text('updated_by').notNull(),
  updatedAt: at('updated_at').notNull().defaultNow(),
})

/** Outlives what it removes, the client included: who asked for it, and what became of it. */
export const deletions = pgTable(
  'deletions',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    clientId: uuid('client_id').notNull(),
    /** `originals`: by the client's own rule; their renditions stay. */
    kind: text('kind', { enum: ['photos', 'gallery', 'client', 'originals'] }).notNull(),
    /** As people know it; null once it is gone. */
    title: text('title'),
    photos: integer('photos').notNull(),
    askedBy: text('asked_by').notNull(),
    askedAt: at('asked_at').notNull().defaultNow(),
    /** From then on it is removed. */
    dueAt: at('due_at').notNull(),
    restoredBy: text('restored_by'),
    restoredAt: at('restored_at'),
    /** Nothing can be restored from here on. */
    begunAt: at('begun_at'),
    doneAt: at('done_at'),
    /** Removed so far. */
    objects: integer('objects').notNull().default(0),
  },
  (t) => [
    index('deletions_client').on(t.clientId, t.askedAt),
    index('deletions_open').on(t.dueAt).where(sql`restored_at is null and done_at is null`),
  ],
)

/** Objects whose rows are gone and that are removed next: who is killed in between leaves no orphan. */
export const removals = pgTable(
  'removals',
  {
    key: text('key').primaryKey(),
    clientId: uuid('client_id').notNull(),
    deletionId: uuid('deletion_id').notNull(),
    /** Of the original, or of the one that a rendition was made of; null for anything else. */
    sha256: bytea('sha256'),
    /** null for originals. */
    hash: text('hash'),
  },
  (t) => [index('removals_deletion').on(t.deletionId)],
)

// People: how they are let in, what photographers say, and what is written to them.

/** Second factors in better-auth's shape; secret and recovery codes are encrypted. */
export const twoFactors = pgTable(
  'two_factors',
  {
    id: text('id').primaryKey(),
    secret: text('secret').notNull(),
    backupCodes: text('backup_codes').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** A code of it was shown once: from then on it is asked for. */
    verified: boolean('verified').notNull().default(true),
    failedVerificationCount: integer('failed_verification_count').notNull().default(0),
    lockedUntil: at('locked_until'),
  },
  (t) => [index('two_factors_user').on(t.userId)],
)

/** Somebody who may become a user by a link in an e-mail, once. */
export const invitations = pgTable('invitations', {
  id: uuid('id').primaryKey().defaultRandom(),
  email: text('email').notNull(),
  role: text('role', { enum: ['staff', 'ops', 'admin', 'photographer'] }).notNull(),
  /** Of a photographer. */
  clientId: uuid('client_id').references(() => clients.id, { onDelete: 'cascade' }),
  /** SHA-256 of what is in the link. */
  hash: bytea('hash').notNull().unique(),
  invitedBy: text('invited_by').notNull(),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at').notNull(),
  acceptedAt: at('accepted_at'),
  revokedAt: at('revoked_at'),
})

/** Links that show a client its own page without signing in. */
export const shareLinks = pgTable(
  'share_links',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'cascade' }),
    /** SHA-256 of the 32 random bytes in the link. */
    hash: bytea('hash').notNull().unique(),
    createdBy: text('created_by').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    expiresAt: at('expires_at').notNull(),
    /** At most a minute old while it is used. */
    lastUsedAt: at('last_used_at'),
    revokedAt: at('revoked_at'),
    revokedBy: text('revoked_by'),
  },
  (t) => [index('share_links_client').on(t.clientId, t.createdAt)],
)

/** What a photographer says of what arrived: that it is right, or what is not. */
export const replies = pgTable(
  'replies',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id, { onDelete: 'cascade' }),
    /** The run that it is about. */
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    galleryId: rowRef('gallery_id').references(() => galleries.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: ['approved', 'problem'] }).notNull(),
    words: text('words'),
    /** What was counted when it was said: photos in all, and safe. */
    total: integer('total').notNull(),
    safe: integer('safe').notNull(),
    saidBy: text('said_by').notNull(),
    saidAt: at('said_at').notNull().defaultNow(),
    settledBy: text('settled_by'),
    settledAt: at('settled_at'),
    /** What was answered to a problem. */
    answer: text('answer'),
  },
  (t) => [
    index('replies_client').on(t.clientId, t.saidAt),
    index('replies_open').on(t.saidAt).where(sql`kind = 'problem' and settled_at is null`),
  ],
)

/** E-mails, entered with what they tell of and sent once. */
export const mails = pgTable(
  'mails',
  {
    /** The message's id at its receiver too. */
    id: uuid('id').primaryKey().defaultRandom(),
    /** null: not about a client. */
    clientId: uuid('client_id').references(() => clients.id, { onDelete: 'cascade' }),
    /** What it tells of, once: `started <run>`, `done <run> <time>` … */
    occasion: text('occasion').notNull().unique(),
    receiver: text('receiver').notNull(),
    subject: text('subject').notNull(),
    /** Text and HTML, sealed: an invitation's link is in it; null once it is sent or given up. */
    body: bytea('body'),
    state: text('state', { enum: ['waiting', 'sent', 'failed'] })
      .notNull()
      .default('waiting'),
    attempts: smallint('attempts').notNull().default(0),
    nextTryAt: at('next_try_at'),
    /** Why the last try did not count. */
    lastCode: text('last_code'),
    createdAt: at('created_at').notNull().defaultNow(),
    sentAt: at('sent_at'),
  },
  (t) => [index('mails_due').on(t.nextTryAt).where(sql`state = 'waiting'`), index('mails_client').on(t.clientId)],
)

/** What administrators have set for the whole house, by name. */
export const settings = pgTable('settings', {
  name: text('name').primaryKey(),
  value: jsonb('value').notNull(),
  setBy: text('set_by').notNull(),
  setAt: at('set_at').notNull().defaultNow(),
})
