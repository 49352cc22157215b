// The bytes: originals as they are stored, and what is made of them.
import { bigint, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { at, bytea } from './columns.ts'

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
