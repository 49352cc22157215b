// What keeps the house going: workers, queues, hosts and their limits, and who did what.
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, bytea, rowId } from './columns.ts'

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

/** What administrators have set for the whole house, by name. */
export const settings = pgTable('settings', {
  name: text('name').primaryKey(),
  value: jsonb('value').notNull(),
  setBy: text('set_by').notNull(),
  setAt: at('set_at').notNull().defaultNow(),
})
