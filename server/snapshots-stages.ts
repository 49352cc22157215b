// The way of a run's photos, stage by stage: how far each is, when it began, how long it took and what it waited before.
import type { House } from './house.ts'
import type { Counted } from './snapshots-counted.ts'

export interface Stage {
  /** The first six are a migration's, the others an upload's. */
  name: 'sign in' | 'list' | 'build' | 'copy' | 'render' | 'verify' | 'found' | 'received' | 'rendered' | 'published'
  state: 'waiting' | 'moving' | 'done'
  done: number
  of: number | null
  /** To five seconds; null where it is not known. */
  begunAt: string | null
  endedAt: string | null
  /** Between the moment it could have begun and the one when it did. */
  waitedSeconds: number | null
}

interface Marks {
  found: Date | null
  stored: Date | null
  rendered: Date | null
  /** The last samples before all of it was stored, and rendered. */
  storing: Date | null
  rendering: Date | null
}

export async function stagesOf(house: Pick<House, 'pool'>, runId: string, row: Counted): Promise<Stage[]> {
  const steps = stepsOf(row)
  if (!row.startedAt) return steps.map((step) => timed(step, row, null))
  const { rows } = await house.pool.query<Marks>(
    `select least((marks->>'found')::timestamptz, (select at from samples where run_id = $1 and found > 0 order by at limit 1)) as found,
       least((marks->>'stored')::timestamptz, (select at from samples where run_id = $1 and stored > 0 order by at limit 1)) as stored,
       least((marks->>'rendered')::timestamptz, (select at from samples where run_id = $1 and rendered > 0 order by at limit 1)) as rendered,
       greatest((marks->>'storing')::timestamptz,
         (select at from samples where run_id = $1 and stored < $2 order by at desc limit 1)) as storing,
       greatest((marks->>'rendering')::timestamptz,
         (select at from samples where run_id = $1 and rendered < $3 order by at desc limit 1)) as rendering
     from runs where id = $1`,
    [runId, row.stored + row.rendered + row.published, row.rendered + row.published],
  )
  return steps.map((step) => timed(step, row, rows[0]!))
}

type Step = Pick<Stage, 'name' | 'state' | 'done' | 'of'>

function stepsOf(row: Counted): Step[] {
  const copied = row.stored + row.rendered + row.published
  const gone = row.skipped + row.failed
  const surveyed = row.state !== 'surveying' && !(row.state === 'blocked' && row.galleries === 0)
  const step = (name: Stage['name'], done: number, of: number | null, begun: boolean): Step => ({
    name,
    done,
    of,
    state: !begun ? 'waiting' : of !== null && done >= of ? 'done' : 'moving',
  })
  const listed = row.galleries > 0 && row.listed >= row.galleries
  const started = row.startedAt !== null
  const found = listed ? row.found : null
  if (row.kind === 'upload') {
    return [
      step('found', row.found, found, row.found > 0),
      step('received', copied + gone, found, started && row.found > 0),
      step('rendered', row.rendered + row.published + gone, found, started && copied > 0),
      step('published', row.published + gone, found, started && copied > 0),
    ]
  }
  const galleries = surveyed ? row.galleries : null
  return [
    step('sign in', surveyed ? 1 : 0, 1, true),
    step('list', row.listed, galleries, started),
    step('build', row.built, galleries, started),
    step('copy', copied + gone, found, started && row.found > 0),
    step('render', row.rendered + row.published + gone, found, started && copied > 0),
    step('verify', row.settled, galleries, started && row.settled > 0),
  ]
}

/** When it could have begun, did, and ended, as far as that is known. */
function timed(step: Step, row: Counted, marks: Marks | null): Stage {
  const { startedAt } = row
  const times = {
    'sign in': [row.createdAt, row.createdAt, row.plannedAt],
    list: [startedAt, marks?.found, row.listedAt],
    build: [startedAt, startedAt, row.builtAt],
    copy: [marks?.found, marks?.stored, marks?.storing],
    render: [marks?.stored, marks?.rendered, marks?.rendering],
    // Waits for the last photo of a gallery, never for its turn.
    verify: [row.firstVerifiedAt, row.firstVerifiedAt, row.settledAt],
    found: [row.createdAt, row.createdAt, row.listedAt],
    received: [startedAt, marks?.stored, marks?.storing],
    rendered: [marks?.stored, marks?.rendered, marks?.rendering],
    published: [marks?.stored, marks?.rendered, marks?.rendering],
  } satisfies Record<Stage['name'], (Date | null | undefined)[]>
  const [due, noted, ended] = times[step.name]
  const begun = step.state === 'waiting' ? null : (later(noted, startedAt, step.name) ?? null)
  return {
    ...step,
    begunAt: begun?.toISOString() ?? null,
    endedAt: step.state === 'done' && begun && ended ? latest(ended, begun).toISOString() : null,
    waitedSeconds: begun && due ? Math.max(0, (begun.getTime() - due.getTime()) / 1000) : null,
  }
}

const latest = (a: Date, b: Date) => (a > b ? a : b)

/** Samples are counted to the five seconds before: nothing but the survey begins before the start. */
function later(noted: Date | null | undefined, startedAt: Date | null, name: Stage['name']): Date | null | undefined {
  if (name === 'sign in' || name === 'found' || !noted || !startedAt) return noted
  return latest(noted, startedAt)
}
