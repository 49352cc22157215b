// Life cycle: what became of addresses that were handed out, how long what is kept, and what is on its way out.
import { sql } from 'drizzle-orm'
import { index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { at, bytea } from './columns.ts'
import { clients } from './runs.ts'

/** Pictures that were deleted: their addresses say so for ever, also when no other row of them is left. */
export const deletedImages = pgTable('deleted_images', {
  publicId: uuid('public_id').primaryKey(),
  clientId: uuid('client_id').notNull(),
  deletedAt: at('deleted_at').notNull().defaultNow(),
})

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
