// The empty gallery as it is at the provider: description, access, cover, sets. Running twice writes the same again.
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import { galleryFacts } from '#server/galleries.ts'
import { jsonb, storable } from '#server/jsonb.ts'
import { seal } from '#server/sealing.ts'
import type { GalleryDetail, SourceSet } from '../connectors/connector.ts'
import type { Job } from '../run.ts'
import type { Tools } from '../tools.ts'
import { guarded } from '../trouble.ts'

export async function buildGallery(job: Job<'build-gallery'>, { house, sessions }: Tools): Promise<void> {
  const gallery = await galleryFacts(house, job.payload.galleryId)
  if (gallery.runState !== 'running' || gallery.builtAt || !gallery.sourceId) return
  await guarded(job, house, { runId: gallery.runId, galleryId: gallery.id }, async () => {
    const detail = await sessions.with(gallery.sourceId!, (session) => session.detail(gallery))
    const password =
      detail.password === null
        ? null
        : seal(house.secretKey, { password: detail.password }, [
            gallery.clientId,
            gallery.sourceId!,
            'gallery password',
          ])
    await job.finish(async (tx) => {
      await enterDetail(tx, gallery.id, detail, password)
      await enterSets(tx, gallery.id, detail.sets)
      const { rows } = await tx.execute<{ complete: boolean }>(sql`
        select listed = 0 and stored = 0 and listed_at is not null as complete from galleries where id = ${gallery.id}`)
      if (rows[0]?.complete)
        await house.queues.enqueue(tx, 'reconcile-gallery', [
          { runId: gallery.runId, payload: { galleryId: gallery.id } },
        ])
    })
  })
}

async function enterDetail(tx: Tx, galleryId: number, detail: GalleryDetail, password: Buffer | null): Promise<void> {
  // Where only the survey told that a password is needed, nobody told which.
  const unknown = sql`(${detail.passwordUnknown}::bool or (${detail.access === null && !password}::bool and access is not distinct from 'password'))`
  await tx.execute(sql`
    update galleries set description = ${detail.description && storable(detail.description)}, expires_at = ${detail.expiresAt},
      access = coalesce(${detail.access}::access, access),
      password = case when ${unknown} then password else ${password} end,
      password_known = not ${unknown} or password is not null, password_filled = password_filled and ${unknown},
      password_hint = ${detail.passwordHint && storable(detail.passwordHint)}, cover_ref = coalesce(${detail.coverRef}, cover_ref),
      date = coalesce(${detail.date}, date), stated_count = coalesce(${detail.statedCount}, stated_count),
      expected_count = ${detail.expectedCount},
      extra = ${jsonb(detail.extra)}::jsonb, built_at = now(), tries = 0,
      state = case when state in ('found', 'planned') then 'copying' else state end
    where id = ${galleryId}`)
}

async function enterSets(tx: Tx, galleryId: number, sets: SourceSet[]): Promise<void> {
  await tx.execute(sql`
    insert into sets (gallery_id, ref, parent_ref, title, position, listing)
    select g.id, s.ref, s."parentRef", s.title, s.position, g.listing
    from jsonb_to_recordset(${jsonb(sets)}::jsonb) as s(ref text, "parentRef" text, title text, position int4)
    join galleries g on g.id = ${galleryId}
    on conflict (gallery_id, ref) do update set parent_ref = excluded.parent_ref, title = excluded.title,
      position = excluded.position, listing = excluded.listing`)
}
