// Uploads: what their senders asked for beside the ledger's own rows, and the list of a folder that goes before its bytes.
import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core'
import { at, bytea, rowId, rowRef } from './columns.ts'
import { galleries, photos } from './ledger.ts'
import { runs } from './runs.ts'

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
