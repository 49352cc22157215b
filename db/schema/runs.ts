// Whose accounts are moved, and by which runs: clients, their sources, runs and what is kept of a run.
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  doublePrecision,
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

/** A gallery of the account held against the ledger. */
export const difference = pgEnum('difference', ['new', 'changed', 'moved', 'same', 'gone'])

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
