// The media API's callers: keys, their repeated requests, what is counted of them, and what is told to them.
import { sql } from 'drizzle-orm'
import {
  bigint,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { at, bytea } from './columns.ts'
import { clients } from './runs.ts'

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
