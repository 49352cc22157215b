// The words, then every table.
//
// client          a photographer or studio being onboarded; the tenant: every row belongs to one
// provider        a gallery host we read from
// source          one client's account at a provider: sign-in, health, endpoints
// run             one migration (from a source) or one upload (from files, URLs, the API); same ledger, steps, report
// folder, gallery, set, photo   the structure that is moved; a gallery sits at a path of folders and has sets
// placement       photo × set × position; a photo may be placed in several sets, or in a gallery other than its own
// favourite list  photos a visitor picked, with the list's name and owner
// original        the bytes as the provider held them; stored once per client under its SHA-256 (table `assets`)
// rendition       a picture made from an original by instructions
// ledger          the rows that say what became of every photo (galleries, photos, placements); the truth
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
export const galleryState = pgEnum('gallery_state', [
  'found',
  'planned',
  'waiting',
  'copying',
  'verified',
  'published',
  'attention',
])
export const photoState = pgEnum('photo_state', ['listed', 'stored', 'rendered', 'published', 'skipped', 'failed'])
export const photoKind = pgEnum('photo_kind', ['photo', 'video', 'file'])
export const access = pgEnum('access', ['public', 'hidden', 'private', 'password'])

export const clients = pgTable('clients', {
  id: uuid('id').primaryKey().defaultRandom(),
  name: text('name').notNull().unique(),
  email: text('email'),
  createdAt: at('created_at').notNull().defaultNow(),
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
    /** What the provider tells of the whole account, once the survey has asked. */
    account: jsonb('account').$type<Record<string, unknown>>(),
    plan: jsonb('plan').$type<Record<string, unknown>>(),
    /** Kept, mapped, not_offered or lost, per kind (contract §4). */
    fields: jsonb('fields').$type<Record<string, string>>().notNull().default({}),
    /** Totals as they stood when it finished. */
    totals: jsonb('totals').$type<Record<string, number>>(),
    createdBy: text('created_by').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    startedAt: at('started_at'),
    finishedAt: at('finished_at'),
  },
  (t) => [
    index('runs_client').on(t.clientId, t.createdAt),
    index('runs_state').on(t.state),
    /** Twenty starts of one migration are one run. */
    uniqueIndex('runs_one_open_per_source')
      .on(t.sourceId)
      .where(sql`state in ('surveying', 'planned', 'running', 'paused', 'blocked')`),
  ],
)

/** What a survey has read so far, page by page, so that one that is taken over asks for no page again; gone with the plan. */
export const surveyPages = pgTable(
  'survey_pages',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    number: integer('number').notNull(),
    folders: jsonb('folders').notNull(),
    galleries: jsonb('galleries').notNull(),
    /** Where the next page begins; null after the last. */
    next: text('next'),
  },
  (t) => [primaryKey({ columns: [t.runId, t.number] })],
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
    /** It lies in an archive that is asked to bring it back, and what the next look needs. */
    archived: boolean('archived').notNull().default(false),
    thawTicket: jsonb('thaw_ticket'),
    statedCount: integer('stated_count'),
    /** Photos that the listing must come to; null where no number of the provider can be trusted. */
    expectedCount: integer('expected_count'),
    statedBytes: bigint('stated_bytes', { mode: 'number' }),
    changeToken: text('change_token'),
    extra: jsonb('extra').$type<Record<string, unknown>>(),
    /** Where listing goes on; null before the first page. */
    cursor: text('cursor'),
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
    /** Of rendered and published: whose rendition could not be made as wanted. */
    degraded: integer('degraded').notNull().default(0),
    /** Bytes stated by the provider for everything listed, and bytes safe in the store. */
    bytesFound: bigint('bytes_found', { mode: 'number' }).notNull().default(0),
    bytesStored: bigint('bytes_stored', { mode: 'number' }).notNull().default(0),
  },
  (t) => [
    unique('galleries_ref').on(t.clientId, t.sourceId, t.ref).nullsNotDistinct(),
    index('galleries_run').on(t.runId, t.ordinal),
    check(
      'galleries_total',
      sql`${t.total} = ${t.listed} + ${t.stored} + ${t.rendered} + ${t.published} + ${t.skipped} + ${t.failed}`,
    ),
  ],
)

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
    bytes: bigint('bytes', { mode: 'number' }),
    contentType: text('content_type'),
    attempts: smallint('attempts').notNull().default(0),
    /** When the next attempt is due; null where none is waiting. */
    nextTryAt: at('next_try_at'),
    /** The job that works on it; the sweep enqueues rows whose job is gone. */
    jobId: uuid('job_id'),
  },
  (t) => [
    uniqueIndex('photos_public_id').on(t.publicId),
    uniqueIndex('photos_ref').on(t.galleryId, t.ref, sql`(kind = 'file')`),
    index('photos_unsettled').on(t.runId, t.state, t.jobId).where(sql`state in ('listed', 'stored')`),
    index('photos_troubled').on(t.runId, t.code, t.id).where(sql`code is not null`),
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
export const audit = pgTable('audit', {
  id: rowId(),
  at: at('at').notNull().defaultNow(),
  actor: text('actor').notNull(),
  act: text('act').notNull(),
  clientId: uuid('client_id'),
  subject: text('subject').notNull(),
  data: jsonb('data').$type<Record<string, unknown>>().notNull().default({}),
  previous: bytea('previous').notNull(),
  hash: bytea('hash').notNull(),
})

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
})

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

/** Wrong passwords and other repeated requests, counted (better-auth's shape). */
export const rateLimits = pgTable('rate_limits', {
  id: text('id').primaryKey(),
  key: text('key').notNull().unique(),
  count: integer('count').notNull(),
  lastRequest: bigint('last_request', { mode: 'number' }).notNull(),
})
