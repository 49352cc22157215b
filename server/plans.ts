// The plan of a run: the surveyed account held against the ledger, and which of it is chosen. It changes nothing in the
// library until the run is started; then what is new, changed or moved enters the ledger for this run.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { type ComparedGallery, compare, compareFolders, type LedgerFolder, type LedgerGallery } from './differences.ts'
import { jsonb, storable } from './jsonb.ts'
import { type FoundFavourites, recordFolders, recordGalleries } from './listing.ts'
import { Refusal } from './refusal.ts'
import { forgetSurvey, type SurveyedAccount, surveyed } from './surveys.ts'

/** What the plan counts; of chosen galleries where nothing else is said. */
export interface PlanTotals {
  galleries: number
  collections: number
  /** Stated by the provider; null where it does not. */
  photos: number | null
  bytes: number | null
  archived: number
  /** Photos that are not here yet, as far as stated counts tell; replaced ones show when they are listed. */
  photosToCopy: number | null
  /** A range. */
  secondsExpected: [number, number]
  /** Galleries of the whole account, chosen or not. */
  accountGalleries: number
  /** Of the whole account. `untold`: changed ones of which only is known that they must be looked through. */
  difference: Record<ComparedGallery['difference'] | 'untold', number>
}

export interface PlannedRun {
  id: string
  clientId: string
  sourceId: string
  only: string[] | null
  deltaOf: string | null
}

/**
 * The comparison as rows of this run; entering it twice changes nothing. Throws Refusal `unknown_gallery` where a
 * gallery is asked for that the account does not have.
 */
export async function recordPlan(
  tx: Tx,
  run: PlannedRun,
  account: SurveyedAccount,
): Promise<{ repeated: boolean; folders: { renamed: number; moved: number } }> {
  const ledger = await ledgerOf(tx, run.sourceId)
  const rows = compare(account.folders, account.galleries, ledger.galleries)
  const chosen = await choiceOf(tx, run, rows)
  await tx.execute(sql`delete from run_galleries where run_id = ${run.id}`)
  for (let i = 0; i < rows.length; i += 500) {
    const some = rows.slice(i, i + 500).map((row) => ({ ...row, chosen: chosen === null || chosen.has(row.ref) }))
    await tx.execute(sql`
      insert into run_galleries (run_id, ref, gallery_id, ordinal, path, folder_refs, title, date, "virtual", archived, stated_count,
        stated_bytes, here, difference, reasons, chosen)
      select ${run.id}::uuid, r.ref, r."galleryId", r.ordinal, r.path, r."folderRefs", r.title, r.date, r."virtual", r.archived,
        r."statedCount", r."statedBytes", r.here, r.difference, r.reasons, r.chosen
      from jsonb_to_recordset(${jsonb(some)}::jsonb) as r(ref text, "galleryId" int8, ordinal int4, path text[], "folderRefs" text[],
        title text, date text, "virtual" bool, archived bool, "statedCount" int4, "statedBytes" int8, here int4, difference difference,
        reasons jsonb, chosen bool)`)
  }
  await tx.execute(sql`update runs set only_refs = ${chosen && jsonb([...chosen])}::jsonb where id = ${run.id}`)
  return { repeated: ledger.galleries.length > 0, folders: compareFolders(account.folders, ledger.folders) }
}

/** null: everything. What was left out of the run that this one repeats stays out; what came since does not. */
async function choiceOf(tx: Tx, run: PlannedRun, rows: ComparedGallery[]): Promise<Set<string> | null> {
  const there = rows.filter((row) => row.difference !== 'gone')
  if (run.only) {
    const wanted = new Set(run.only)
    for (const { ref } of there) wanted.delete(ref)
    if (wanted.size > 0)
      throw new Refusal('unknown_gallery', 422, `The account has no gallery ${[...wanted].join(', ')}.`)
    return new Set(run.only)
  }
  if (!run.deltaOf) return null
  const { rows: out } = await tx.execute<{ ref: string }>(
    sql`select ref from run_galleries where run_id = ${run.deltaOf} and not chosen and difference <> 'gone'`,
  )
  const left = new Set(out.map((row) => row.ref))
  const chosen = there.filter((row) => !left.has(row.ref)).map((row) => row.ref)
  return chosen.length < there.length ? new Set(chosen) : null
}

async function ledgerOf(tx: Tx, sourceId: string): Promise<{ galleries: LedgerGallery[]; folders: LedgerFolder[] }> {
  const { rows: galleries } = await tx.execute<LedgerGallery & Record<string, unknown>>(sql`
    with recursive ways as (
      select f.id, array[f.title] as path from folders f where f.source_id = ${sourceId} and f.parent_id is null
      union all select f.id, w.path || f.title from folders f join ways w on w.id = f.parent_id
    )
    select g.id::int8 as id, g.ref, f.ref as "folderRef", coalesce(w.path, '{}') as path, g.position, g.ordinal, g.title, g.date, g."virtual",
      g.stated_count as "statedCount", g.failed, g.skipped, g.change_token as "changeToken", g.surveyed, g.gone_at is not null as gone, g.deletion_id is not null as deleted,
      g.state = 'published' and g.listed = 0 and g.stored = 0 as through,
      case when g."virtual" then (select count(distinct l.photo_id)::int from sets s join placements l on l.set_id = s.id where s.gallery_id = g.id)
        else g.stored + g.rendered + g.published end as here
    from galleries g left join folders f on f.id = g.folder_id left join ways w on w.id = g.folder_id
    where g.source_id = ${sourceId} order by g.id`)
  const { rows: folders } = await tx.execute<LedgerFolder & Record<string, unknown>>(sql`
    select f.ref, o.ref as "parentRef", f.title from folders f left join folders o on o.id = f.parent_id where f.source_id = ${sourceId}`)
  return { galleries, folders }
}

/** Counted anew whenever the choice changes. `account`: what the provider says of the whole of it. */
export async function planTotals(
  tx: Tx,
  runId: string,
  account: { photos: number | null; bytes: number | null } | null,
): Promise<PlanTotals> {
  const { rows } = await tx.execute<
    Omit<PlanTotals, 'secondsExpected' | 'difference'> &
      PlanTotals['difference'] & { bytesToCopy: number | null; whole: boolean }
  >(sql`
    select count(*) filter (where taken)::int as galleries, count(*) filter (where taken and "virtual")::int as collections,
      count(*) filter (where taken and archived)::int as archived,
      sum(stated_count) filter (where taken and own)::int8 as photos, sum(stated_bytes) filter (where taken and own)::int8 as bytes,
      sum(missing) filter (where taken and own)::int8 as "photosToCopy",
      sum(stated_bytes * missing / greatest(stated_count, 1)) filter (where taken and own)::int8 as "bytesToCopy",
      count(*) filter (where difference <> 'gone')::int as "accountGalleries", bool_and(chosen or difference = 'gone') as whole,
      count(*) filter (where difference = 'new')::int as new, count(*) filter (where difference = 'changed')::int as changed,
      count(*) filter (where difference = 'moved')::int as moved, count(*) filter (where difference = 'same')::int as same,
      count(*) filter (where difference = 'gone')::int as gone,
      count(*) filter (where difference = 'changed' and reasons @> '[{"what":"untold"}]' and jsonb_array_length(reasons) = 1)::int as untold
    from (
      select *, chosen and difference <> 'gone' as taken, not "virtual" as own,
        case difference when 'new' then stated_count when 'changed' then greatest(0, stated_count - here) else 0 end as missing
      from run_galleries where run_id = ${runId}
    ) r`)
  const { new: fresh, changed, moved, same, gone, untold, bytesToCopy, whole, ...counted } = rows[0]!
  const photos = counted.photos ?? (whole ? (account?.photos ?? null) : null)
  const bytes = (whole ? account?.bytes : null) ?? counted.bytes
  const first = fresh === counted.accountGalleries
  const photosToCopy = first ? photos : counted.photosToCopy
  return {
    ...counted,
    photos,
    bytes,
    photosToCopy,
    secondsExpected: secondsExpected(photosToCopy ?? 0, first ? bytes : bytesToCopy),
    difference: { new: fresh, changed, moved, same, gone, untold },
  }
}

/** A range: between a fast line with two workers' rendering and a slow provider. */
function secondsExpected(photos: number, bytes: number | null): [number, number] {
  const size = bytes ?? photos * 6e6
  return [Math.ceil(Math.max(photos / 60, size / 100e6)), Math.ceil(Math.max(photos / 8, size / 10e6))]
}

/**
 * The start: folders as they are now; chosen galleries that are new or changed for listing, moved ones in their new
 * place, those that are gone marked and kept. Entering it twice changes nothing.
 */
export async function enterPlan(tx: Tx, run: { id: string; clientId: string; sourceId: string | null }): Promise<void> {
  const account = await surveyed(tx, run.id)
  if (!account || !run.sourceId) return
  const source = { id: run.sourceId, clientId: run.clientId }
  const owner = { id: run.id, clientId: run.clientId, sourceId: run.sourceId }
  const { rows } = await tx.execute<{ ref: string; difference: ComparedGallery['difference'] }>(
    sql`select ref, difference from run_galleries where run_id = ${run.id} and chosen and difference <> 'gone'`,
  )
  const taken = new Map(rows.map((row) => [row.ref, row.difference]))
  const listed = account.galleries.filter(({ ref }) => taken.get(ref) === 'new' || taken.get(ref) === 'changed')
  await recordFolders(tx, source, account.folders)
  for (let i = 0; i < listed.length; i += 500) await recordGalleries(tx, owner, listed.slice(i, i + 500))
  const placed = account.galleries.filter(({ ref }) => taken.get(ref) === 'moved' || taken.get(ref) === 'same')
  await tx.execute(sql`
    update galleries g set folder_id = f.id, position = p.position, ordinal = p.ordinal,
      run_id = case when p.moved then ${run.id}::uuid else g.run_id end
    from jsonb_to_recordset(${jsonb(placed.map(({ ref, folderRef, position, ordinal }) => ({ ref, folderRef, position, ordinal, moved: taken.get(ref) === 'moved' })))}::jsonb)
      as p(ref text, "folderRef" text, position int4, ordinal int4, moved bool)
      left join folders f on f.source_id = ${source.id} and f.ref = p."folderRef"
    where g.client_id = ${source.clientId} and g.source_id = ${source.id} and g.ref = p.ref
      and (p.moved or (g.folder_id, g.position, g.ordinal) is distinct from (f.id, p.position, p.ordinal))`)
  await tx.execute(sql`
    update galleries g set gone_at = now() from run_galleries r
    where r.run_id = ${run.id} and r.difference = 'gone' and g.id = r.gallery_id and g.gone_at is null`)
  await recordFavourites(tx, owner, account.favourites ?? [])
  await tx.execute(sql`
    update run_galleries r set covered = true, gallery_id = g.id from galleries g
    where r.run_id = ${run.id} and r.chosen and r.difference <> 'gone'
      and g.client_id = ${source.clientId} and g.source_id = ${source.id} and g.ref = r.ref`)
  await forgetSurvey(tx, run.id)
}

async function recordFavourites(
  tx: Tx,
  run: { id: string; clientId: string; sourceId: string },
  lists: FoundFavourites[],
): Promise<void> {
  for (const list of lists) {
    await tx.execute(sql`
      insert into favourites (client_id, source_id, run_id, gallery_ref, ref, name, owner, photo_refs)
      values (${run.clientId}, ${run.sourceId}, ${run.id}, ${list.galleryRef}, ${list.ref}, ${storable(list.name)},
        ${list.owner && storable(list.owner)}, ${list.photoRefs ? jsonb(list.photoRefs) : null}::jsonb)
      on conflict (client_id, source_id, gallery_ref, ref) do update set run_id = excluded.run_id, name = excluded.name,
        owner = excluded.owner, photo_refs = excluded.photo_refs`)
  }
}

/** What a run that is never started leaves: nothing. */
export async function forgetPlan(tx: Tx, runId: string): Promise<void> {
  await forgetSurvey(tx, runId)
  await tx.execute(
    sql`delete from run_galleries where run_id = ${runId} and not exists (select from runs where id = ${runId} and started_at is not null)`,
  )
}
