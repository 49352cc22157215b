// Runs in every state, as rows of the ledger: what the screenshots and `npm run demo` show. Nothing in them is left for a
// worker to do.
import { eq, sql } from 'drizzle-orm'
import type { Db, Tx } from '#db/client.ts'
import { samples } from '#db/schema.ts'
import {
  addClient,
  addEvent,
  addGalleries,
  addPhotos,
  addPlanned,
  addRun,
  fields,
  minutesAgo,
  moving,
  type Planned,
  plan,
  safe,
  spread,
} from './scenes-parts.ts'
import { decideSome, makeStanding, renewStanding, type Standing } from './scenes-standing.ts'

export interface Scenes extends Standing {
  client: string
  running: string
  planned: string
  /** A second migration, planned: something of everything is different. */
  repeated: string
  surveying: string
  blocked: string
  paused: string
  troubled: string
  done: string
}

const arranged = new WeakMap<Db, Promise<Scenes>>()

/** Once for each database. */
export function arrange(db: Db): Promise<Scenes> {
  // At once: a worker that saw a run before its galleries would take it for done.
  const scenes = arranged.get(db) ?? db.transaction((tx) => makeScenes(tx))
  arranged.set(db, scenes)
  return scenes
}

async function makeScenes(db: Tx): Promise<Scenes> {
  const names = [
    'Anna Weber',
    'Studio Nordlicht',
    'Jörg & Anna Kaltenbach',
    'Lumen Photography',
    'Atelier Río',
    'Mira Okafor',
    'Hafen Hochzeiten',
    'Tom Ellery',
  ]
  const ids = new Map<string, { client: string; source: string }>()
  for (const [index, name] of names.entries()) ids.set(name, await addClient(db, name, index))
  const of = (name: string) => ids.get(name)!

  const running = await addRun(db, of('Anna Weber'), { state: 'running', plan, fields, startedAt: minutesAgo(52) })
  await fillBigRun(db, running, of('Anna Weber'))
  const planned = await addRun(db, of('Studio Nordlicht'), {
    state: 'planned',
    plan: { ...plan, account: 'Studio Nordlicht', collections: 4, repeated: false, archived: 0 },
    fields,
  })
  await addPlanned(db, planned, 1763, () => ({ difference: 'new' }))
  const repeated = await addRun(db, of('Tom Ellery'), {
    state: 'planned',
    plan: {
      ...plan,
      account: 'Tom Ellery',
      galleries: 238,
      repeated: true,
      photosToCopy: 214,
      foldersRenamed: 1,
      foldersMoved: 0,
      difference: { new: 2, changed: 5, moved: 2, same: 229, gone: 2, untold: 0 },
    },
    fields,
  })
  await addPlanned(db, repeated, 240, differing)
  const surveying = await addRun(db, of('Mira Okafor'), { state: 'surveying' })
  await holdSurvey(db, surveying)
  const blocked = await addRun(db, of('Lumen Photography'), {
    state: 'blocked',
    resumeTo: 'running',
    code: 'challenge',
    todo: 'Zenfolio asks for a code sent by e-mail: sign in once in a browser, then enter a fresh token here.',
    startedAt: minutesAgo(300),
    plan,
    fields,
  })
  await addGalleries(db, blocked, of('Lumen Photography'), 86, (index) => (index < 31 ? safe(60) : moving(60, 0)))
  const paused = await addRun(db, of('Atelier Río'), {
    state: 'paused',
    resumeTo: 'running',
    stateBy: 'lena@pass.local',
    stateAt: minutesAgo(20),
    startedAt: minutesAgo(95),
    plan,
    fields,
  })
  await addGalleries(db, paused, of('Atelier Río'), 140, (index) => (index < 70 ? safe(80) : moving(80, 20)))
  await addEvent(db, paused, 'paused', 'lena@pass.local', { note: 'until the studio has bought more space' })
  const troubled = await addRun(db, of('Jörg & Anna Kaltenbach'), {
    state: 'done_with_problems',
    startedAt: minutesAgo(400),
    finishedAt: minutesAgo(40),
    plan,
    fields,
  })
  await addGalleries(db, troubled, of('Jörg & Anna Kaltenbach'), 64, (index) =>
    index === 0
      ? { ...safe(600), total: 640, published: 600, failed: 34, skipped: 6 }
      : index === 1
        ? { ...safe(110), total: 112, skipped: 2 }
        : safe(110),
  )
  await addTroubles(db, troubled)
  await decideSome(db, troubled)
  let done = ''
  for (const name of ['Tom Ellery', 'Hafen Hochzeiten']) {
    const run = await addRun(db, of(name), {
      state: 'done',
      startedAt: minutesAgo(3000),
      finishedAt: minutesAgo(2700),
      plan,
      fields,
    })
    await addGalleries(db, run, of(name), 40, () => safe(95))
    done = run
  }
  const { client } = of('Lumen Photography')
  const standing = await makeStanding(db)
  await spread(db)
  return { client, running, planned, repeated, surveying, blocked, paused, troubled, done, ...standing }
}

/** What runs out of all scenes, put back to where it is worth looking at. */
export async function renewScenes(db: Db, scenes: Scenes): Promise<void> {
  for (const run of [scenes.running, scenes.huge]) await freshSamples(db, run)
  for (const run of [scenes.stalled, scenes.limited]) await freshSamples(db, run, 420)
  for (const run of [scenes.retrying, scenes.archived]) await freshSamples(db, run, 840)
  await renewStanding(db, scenes)
}

/** The rate of a scene ages: renewed before it is looked at. `stoodSeconds`: nothing has come for so long. */
export async function freshSamples(db: Db, runId: string, stoodSeconds = 0): Promise<void> {
  await db.delete(samples).where(eq(samples.runId, runId))
  const { rows } = await db.execute<{ found: number; copied: number; begun: string }>(sql`
    select sum(g.total)::int as found, sum(g.stored + g.rendered + g.published)::int as copied, r.started_at as begun
    from galleries g join runs r on r.id = g.run_id where r.id = ${runId} group by r.id`)
  const { found, copied, begun } = rows[0]!
  const sample = (at: Date, all: number, stored: number, rendered: number) => {
    return { runId, at, found: all, stored, rendered, settled: rendered, bytes: stored * 6_000_000 }
  }
  const after = (seconds: number) => new Date(new Date(begun).getTime() + seconds * 1000)
  const values = [sample(after(5), 60, 0, 0), sample(after(15), 300, 12, 0), sample(after(25), 480, 30, 4)]
  const steps = 180 - stoodSeconds / 5
  for (let step = steps; step >= 0; step--) {
    // Half of it came in this quarter of an hour, now faster and now slower, up to what the ledger says.
    const left = step + 6 * Math.sin(step / 9) + 2 * Math.sin(step / 3.1)
    const stored = Math.max(30, Math.round(copied - (copied / 360) * Math.max(0, left)))
    values.push(
      sample(new Date(Date.now() - (step * 5 + stoodSeconds) * 1000), found, stored, Math.max(4, stored - 60)),
    )
  }
  await db.insert(samples).values(values).onConflictDoNothing()
}

/** Two hundred and forty galleries, eleven of which are not what they were. */
function differing(index: number): Planned {
  const here = 120 + ((index * 37) % 400)
  if (index >= 238) return { difference: 'gone', folderRefs: [] }
  switch (index) {
    case 0:
    case 41:
      return { difference: 'new' }
    case 7:
      return {
        difference: 'changed',
        here,
        statedCount: here + 3,
        reasons: [{ what: 'count', stated: here + 3, here }],
      }
    case 52:
      return { difference: 'changed', here, reasons: [{ what: 'title', was: 'Untitled', now: 'now' }] }
    case 90:
      return { difference: 'changed', here, reasons: [{ what: 'undone', failed: 4, skipped: 0 }] }
    case 91:
      return { difference: 'changed', here, reasons: [{ what: 'cover' }, { what: 'position' }] }
    case 130:
      return { difference: 'changed', here, reasons: [{ what: 'content' }] }
    case 60:
      return { difference: 'moved', here, reasons: [{ what: 'folder', was: ['Weddings', '2013'], now: [] }] }
    case 61:
      return { difference: 'moved', here, reasons: [{ what: 'position' }] }
    default:
      return { difference: 'same', here }
  }
}

/** 1,763 galleries, most of them still to come, with one of everything that can be the matter. */
async function fillBigRun(db: Tx, runId: string, whose: { client: string; source: string }) {
  await addGalleries(db, runId, whose, 1763, (index) => {
    if (index === 3) return { ...moving(29, 0), state: 'attention', code: 'count_mismatch', total: 29, listed: 29 }
    if (index === 5) return { state: 'attention', code: 'password_needed', statedCount: 18 }
    if ([9, 14, 22].includes(index))
      return {
        ...moving(29, 0),
        state: 'waiting',
        waitingSince: minutesAgo(48),
        askAgainAt: new Date(Date.now() + 22 * 60_000),
      }
    if (index === 30) return { ...safe(29), published: 26, failed: 3, bytesStored: 26 * 6e6 }
    if (index === 35 || index === 42) return { ...safe(29), password: null }
    if (index < 425) return safe(29)
    if (index < 437) return moving(29, 29 - (index - 420))
    return { ...moving(29, 0), state: 'planned' }
  })
  await addPhotos(db, runId, 'g30', 3, { state: 'failed', code: 'truncated', step: 'fetch-photos' })
}

async function addTroubles(db: Tx, runId: string) {
  await addPhotos(db, runId, 'g0', 31, { state: 'failed', code: 'truncated', step: 'fetch-photos' })
  await addPhotos(db, runId, 'g0', 3, { state: 'failed', code: 'source_error', step: 'fetch-photos' })
  await addPhotos(db, runId, 'g0', 6, { state: 'skipped', code: 'gone_at_source', step: 'fetch-photos' })
  await addPhotos(db, runId, 'g1', 2, { state: 'skipped', code: 'not_available', step: 'fetch-photos' })
}

/** A survey that nobody takes up while it is looked at. */
async function holdSurvey(db: Tx, runId: string) {
  await db.execute(sql`
    insert into pgboss.job (name, data, start_after) values ('survey-source', jsonb_build_object('runId', ${runId}::text), now() + interval '1 day')`)
}

/** In a gallery of a real run: one photo that failed, one skipped, a video and a file, beside those that are there. */
export async function oddTiles(db: Db, runId: string): Promise<string> {
  const { rows } = await db.execute<{ publicId: string }>(sql`
    with gallery as (select id, public_id from galleries where run_id = ${runId} order by ordinal offset 1 limit 1),
    numbered as (select p.id, row_number() over (order by p.id) as n from photos p join gallery g on g.id = p.gallery_id),
    changed as (
      update photos p set
        sha256 = null,
        state = case n when 3 then 'failed' when 4 then 'skipped' else 'published' end::photo_state,
        code = case n when 3 then 'truncated' when 4 then 'gone_at_source' end,
        kind = case n when 6 then 'video' when 8 then 'file' else 'photo' end::photo_kind,
        filename = case n when 6 then 'first-dance.mp4' when 8 then 'originals.zip' else filename end,
        caption = case n when 1 then 'The first look, an hour before the ceremony' else caption end
      from numbered x where x.id = p.id and n in (3, 4, 6, 8)
    ), counted as (
      update galleries set published = published - 2, failed = failed + 1, skipped = skipped + 1 where id in (select id from gallery)
    ) select public_id as "publicId" from gallery`)
  return rows[0]!.publicId
}
