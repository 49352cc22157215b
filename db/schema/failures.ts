// What failed: each attempt at a photo, and what people say of a cause.
import { index, integer, pgTable, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core'
import { at, rowRef } from './columns.ts'
import { runs } from './runs.ts'

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
