// Which galleries a run counts and reports: those it moves, and those that its plan found as they were. A later run that
// takes one over changes nothing in this; one that is deleted is in none.
import { type SQL, sql } from 'drizzle-orm'

/**
 * `id = …`, as SQL; `run` is SQL too: a placeholder or a column. An array, so that galleries are looked up one by one
 * however many others there are.
 */
export const coveredBy = (run: string) =>
  `any(array(select id from galleries where run_id = ${run} and deletion_id is null union select m.gallery_id from run_galleries m
    join galleries o on o.id = m.gallery_id and o.deletion_id is null where m.run_id = ${run} and m.covered))`

/** The same for one run, by its id. */
export const coveredByRun = (runId: string): SQL => sql`any(array(
  select id from galleries where run_id = ${runId} and deletion_id is null union select m.gallery_id from run_galleries m
    join galleries o on o.id = m.gallery_id and o.deletion_id is null where m.run_id = ${runId} and m.covered))`
