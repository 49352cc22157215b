// The list of files that a sender announces, page by page: the listing of its upload run. Announcing a file twice changes
// nothing and tells what became of it, so that who comes again learns what is still to be sent.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { recordAudit } from '../audit.ts'
import { recordEvent } from '../events.ts'
import { finishIfSettled } from '../finish.ts'
import type { Actor, House } from '../house.ts'
import { announce } from '../live.ts'
import { Refusal } from '../refusal.ts'
import { reopenRun } from '../retry.ts'
import { lockRun, type RunFacts, wrongState } from '../runs.ts'
import { enqueueMissing } from '../sweep.ts'
import { maxFileBytes } from '../uploads/receive.ts'
import { type EnteredFile, enterFiles, placesOf } from './enter.ts'
import { manifestOf } from './facts.ts'
import { lookAgain } from './look-again.ts'

/** Files of one page, and of one run, at most. */
export const pageFiles = 5000
export const runFiles = 200_000

export interface AnnouncedFile {
  /** Below what was chosen, its folders before slashes. */
  path: string
  bytes: number
  /** Milliseconds since 1970, as the sender's disk says. */
  modified: number
}

export interface AnnouncedPage {
  /** Place of the page's first file in the whole list, from 0. */
  from: number
  files: AnnouncedFile[]
  /** Whether files that are not in the listing enter it. */
  add: boolean
  /** Whether files that differ from what was sent are to be sent again. */
  replace: boolean
}

/** Places in the whole list. What is in none of these is here. */
export interface Compared {
  /** To be sent. */
  lacking: number[]
  /** Sent before, and now of another size or date. */
  changed: number[]
  /** Not in the listing. */
  unknown: number[]
  /** Not taken, and the stable code of why. */
  refused: { n: number; code: string }[]
}

/** Throws Refusal `not_found`, `wrong_state`, `too_many_items`. */
export async function announceFiles(house: House, actor: Actor, runId: string, page: AnnouncedPage): Promise<Compared> {
  if (page.from + page.files.length > runFiles)
    throw new Refusal('too_many_items', 413, `One upload has at most ${runFiles.toLocaleString('en')} files.`)
  const compared = await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    const manifest = await manifestOf(tx, runId)
    if (run.state === 'cancelled' || run.state === 'failed') throw wrongState(run.state, 'be sent files')
    const places = await placesOf(tx, manifest, page.files, page.add)
    const files = page.files.map((file, i): EnteredFile => {
      return { ...file, ...places[i]!, n: page.from + i, code: refusalOf(file) }
    })
    const { entered, known } = page.add ? await enterFiles(tx, manifest, files) : { entered: [], known: files }
    const { wantedAgain, ...seen } = await lookAgain(tx, known, page.replace)
    if (manifest.complete && entered.length + wantedAgain > 0) await goOn(tx, house, actor, run)
    return {
      ...seen,
      lacking: [...seen.lacking, ...entered.filter(({ code }) => code === null).map(({ n }) => n)],
      refused: [...seen.refused, ...entered.flatMap(({ n, code }) => (code === null ? [] : [{ n, code }]))],
    }
  })
  announce(house, runId)
  return compared
}

/** What is known to be refused before a byte is sent. */
function refusalOf({ bytes }: AnnouncedFile): string | null {
  if (bytes === 0) return 'empty_file'
  return bytes > maxFileBytes ? 'file_too_large' : null
}

/**
 * The whole list is in, and its bytes may come. `files` is how many the sender announced. Harmless twice.
 * Throws Refusal `wrong_state`, `nothing_announced`, and `manifest_incomplete` where fewer have arrived.
 */
export async function completeManifest(house: House, actor: Actor, runId: string, files: number): Promise<void> {
  await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    const manifest = await manifestOf(tx, runId)
    if (manifest.complete) return renumber(tx, runId)
    if (run.state !== 'planned') throw wrongState(run.state, 'be sent files')
    const { rows } = await tx.execute<{ total: number; bytes: number }>(sql`
      select coalesce(sum(total), 0)::int as total, coalesce(sum(bytes_found), 0)::int8 as bytes from galleries where run_id = ${runId}`)
    const { total, bytes } = rows[0]!
    if (total === 0) throw new Refusal('nothing_announced', 422, 'There is no file in this upload.')
    // More: an earlier, broken-off list had files that are not there any more. They are lacking until a person has enough.
    if (total < files)
      throw new Refusal('manifest_incomplete', 409, `${files} files were announced, and the list has ${total}.`)
    await tx.execute(sql`update manifests set complete_at = now() where run_id = ${runId}`)
    await tx.execute(sql`
      update runs set state = 'running', state_by = ${actor}, state_at = now(), started_at = now() where id = ${runId}`)
    await recordEvent(tx, runId, actor, 'started', { files, bytes })
    await recordAudit(tx, actor, 'run.start', runId, {}, run.clientId)
    await goOn(tx, house, actor, { ...run, state: 'running' })
  })
  announce(house, runId)
}

/** Files that came to the list later may have been given places that others had: in their sets they stand one by one. */
async function renumber(tx: Tx, runId: string): Promise<void> {
  await tx.execute(sql`
    with doubled as (
      select distinct set_id from (
        select l.set_id from placements l join sets s on s.id = l.set_id join galleries g on g.id = s.gallery_id
        where g.run_id = ${runId} group by l.set_id, l.position having count(*) > 1
      ) twice
    ), numbered as (
      select l.set_id, l.photo_id, row_number() over (partition by l.set_id order by l.position, l.photo_id) - 1 as position
      from placements l join doubled d on d.set_id = l.set_id
    )
    update placements l set position = n.position from numbered n
    where l.set_id = n.set_id and l.photo_id = n.photo_id and l.position <> n.position`)
}

/** The run waits for bytes, or for nothing at all. */
async function goOn(tx: Tx, house: House, actor: Actor, run: RunFacts): Promise<void> {
  // Their files are listed and their sets stand: nothing but bytes is missing.
  await tx.execute(sql`
    update galleries set state = 'copying', code = null, tries = 0, verified_at = null, expected_count = total,
      listed_at = coalesce(listed_at, now()), built_at = coalesce(built_at, now())
    where run_id = ${run.id} and (listed > 0 or listed_at is null or expected_count is distinct from total)`)
  if (run.state === 'done' || run.state === 'done_with_problems') await reopenRun(tx, run, actor)
  if ((await enqueueMissing(tx, house.queues, run.id)) === 0) await finishIfSettled(tx, run.id)
}

/**
 * A person has enough: what has not come is left out, and the run ends with what is here. Returns how many were left
 * out. Throws Refusal `not_found`, `wrong_state`.
 */
export async function finishWithout(house: House, actor: Actor, runId: string): Promise<{ left: number }> {
  const left = await house.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId)
    const manifest = await manifestOf(tx, runId)
    if (run.state !== 'running' || !manifest.complete) throw wrongState(run.state, 'be finished without the rest')
    const { rows } = await tx.execute<{ left: number }>(sql`
      with locked as (
        select id from photos where run_id = ${runId} and state = 'listed' order by id for update
      ), changed as (
        update photos p set state = 'skipped', step = 'receive', code = 'not_sent' from locked l where p.id = l.id
        returning p.gallery_id
      ), counted as (
        update galleries g set listed = g.listed - m.n, skipped = g.skipped + m.n
        from (select gallery_id, count(*)::int as n from changed group by gallery_id) m where g.id = m.gallery_id
      ) select count(*)::int as left from changed`)
    const { left } = rows[0]!
    await recordEvent(tx, runId, actor, 'finished_without', { photos: left })
    await recordAudit(tx, actor, 'run.finish_without', runId, { photos: left }, run.clientId)
    if ((await enqueueMissing(tx, house.queues, runId)) === 0) await finishIfSettled(tx, runId)
    return left
  })
  announce(house, runId)
  return { left }
}
