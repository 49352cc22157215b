// People: how they are let in, what photographers say, and what is written to them.
import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, pgTable, smallint, text, unique, uuid } from 'drizzle-orm/pg-core'
import { at, bytea, rowRef } from './columns.ts'
import { galleries } from './ledger.ts'
import { clients, runs } from './runs.ts'

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
    /** Why the last try did not count, or that it left a file where there is no server. */
    lastCode: text('last_code'),
    createdAt: at('created_at').notNull().defaultNow(),
    sentAt: at('sent_at'),
  },
  (t) => [index('mails_due').on(t.nextTryAt).where(sql`state = 'waiting'`), index('mails_client').on(t.clientId)],
)
