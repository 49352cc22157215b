import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runState } from '#db/schema.ts'
import { assignRun } from './assignments.ts'
import type { FailingStep } from './failed-work.ts'
import { runsCsv } from './run-export.ts'
import { countRuns, freshRuns, home, matchingRuns, type RunQuery, runsById, searchRuns } from './run-search.ts'
import { pauseRun } from './runs.ts'
import { searchAnything } from './search.ts'
import { aMovingRun, aSource, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

interface Row {
  state: string
  at?: string
  by?: string
  kind?: string
  sourceId?: string
  totals?: Record<string, number>
}

/** Runs of one client, in the order given; returns their ids. */
async function rows(clientId: string, given: Row[]): Promise<string[]> {
  const ids: string[] = []
  for (const {
    state,
    at = '2026-01-02T03:04:05Z',
    by = 'lena@pass.test',
    kind = 'upload',
    sourceId,
    totals,
  } of given) {
    const made = await house.pool.query<{ id: string }>(
      `insert into runs (client_id, source_id, kind, state, renditions, created_by, created_at, state_at, totals)
       values ($1, $2, $3, $4, '{}', $5, $6, $6, $7) returning id`,
      [clientId, sourceId ?? null, kind, state, by, at, totals ? JSON.stringify(totals) : null],
    )
    ids.push(made.rows[0]!.id)
  }
  return ids
}

const idsOf = async (query: RunQuery) => (await searchRuns(house, query)).runs.map((run) => run.id)

test('every tab holds what it counts', async () => {
  const { clientId } = await aSource(house)
  await rows(
    clientId,
    runState.enumValues.map((state) => ({ state })),
  )
  const counts = await countRuns(house, { clientId, tab: 'done' })
  expect(counts).toEqual({
    all: 9,
    attention: 4,
    planned: 1,
    moving: 2,
    paused: 1,
    done: 1,
    problems: 1,
    failed: 1,
    cancelled: 1,
  })
  for (const [tab, count] of Object.entries(counts))
    expect(await idsOf({ clientId, tab: tab as keyof typeof counts })).toHaveLength(count)
})

test('a run that moves needs somebody while one of its galleries does', async () => {
  const run = await aMovingRun(house, [{}, {}])
  expect(await idsOf({ clientId: run.clientId, tab: 'attention' })).toEqual([])
  await house.pool.query("update galleries set state = 'attention', code = 'password_needed' where id = $1", [
    run.galleries[0]!.id,
  ])
  const { runs } = await searchRuns(house, { clientId: run.clientId, tab: 'attention' })
  expect(runs).toMatchObject([{ id: run.id, attention: 1, state: 'running' }])
})

test('what ended with failures needs nobody once a later run of its account is there, nor where only skipped photos remain', async () => {
  const { clientId, sourceId } = await aSource(house)
  const [early] = await rows(clientId, [{ state: 'failed', kind: 'migration', sourceId }])
  const [skipped] = await rows(clientId, [{ state: 'done_with_problems', totals: { failed: 0, skipped: 3 } }])
  expect(await idsOf({ clientId, tab: 'attention' })).toEqual([early])
  await rows(clientId, [{ state: 'done', kind: 'migration', sourceId, at: '2026-02-02T00:00:00Z' }])
  expect(await idsOf({ clientId, tab: 'attention' })).toEqual([])
  expect(await idsOf({ clientId, tab: 'problems' })).toEqual([skipped])
})

test('filters narrow by kind, provider, staff and day, and go together', async () => {
  const { clientId, sourceId } = await aSource(house)
  const [mine, theirs, migration] = (await rows(clientId, [
    { state: 'done', by: 'lena@pass.test', at: '2026-03-01T23:30:00Z' },
    { state: 'done', by: 'tom@pass.test', at: '2026-03-02T12:00:00Z' },
    { state: 'done', by: 'tom@pass.test', at: '2026-03-03T12:00:00Z', kind: 'migration', sourceId },
  ])) as [string, string, string]
  expect(await idsOf({ clientId, kind: 'upload' })).toEqual([theirs, mine])
  expect(await idsOf({ clientId, providers: ['zenfolio'] })).toEqual([migration])
  expect(await idsOf({ clientId, providers: ['pixieset'] })).toEqual([])
  expect(await idsOf({ clientId, staff: ['lena@pass.test'] })).toEqual([mine])
  expect(await idsOf({ clientId, from: '2026-03-02', to: '2026-03-02' })).toEqual([theirs])
  // Half past eleven in the evening in London is the next day in Berlin.
  expect(await idsOf({ clientId, to: '2026-03-01', zone: 'Europe/Berlin' })).toEqual([])
  expect(await idsOf({ clientId, to: '2026-03-01', zone: 'Europe/London' })).toEqual([mine])
  expect(await idsOf({ clientId, order: 'oldest' })).toEqual([mine, theirs, migration])
})

test('a run that is given to somebody is among theirs, and no more among its creator’s', async () => {
  const run = await aMovingRun(house)
  const email = `mira-${randomUUID()}@pass.test`
  await house.pool.query("insert into users (id, name, email, role) values ($1, 'Mira', $1, 'staff')", [email])
  await expect(assignRun(house, 'test', run.id, 'nobody@pass.test')).rejects.toMatchObject({ code: 'unknown_person' })
  await assignRun(house, 'test', run.id, email)
  expect(await idsOf({ clientId: run.clientId, staff: [email] })).toEqual([run.id])
  expect(await idsOf({ clientId: run.clientId, staff: ['test'] })).toEqual([])
  const { rows: told } = await house.pool.query(
    "select actor, data->>'to' as to from audit where act = 'run.assign' and subject = $1",
    [run.id],
  )
  expect(told).toEqual([{ actor: 'test', to: email }])
})

test('pages in every order hold each run once, though times are equal', async () => {
  const { clientId } = await aSource(house)
  await rows(
    clientId,
    Array.from({ length: 25 }, (_, i) => ({ state: 'done', at: `2026-01-01T00:00:0${i % 3}Z` })),
  )
  for (const order of ['newest', 'oldest', 'changed'] as const) {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await searchRuns(house, { clientId, order }, { cursor, limit: 10 })
      seen.push(...page.runs.map((run) => run.id))
      cursor = page.nextCursor
    } while (cursor)
    expect(new Set(seen).size).toBe(25)
    expect(seen).toEqual((await matchingRuns(house, { clientId, order }, 100)).map(({ id }) => id))
  }
})

test('what is new above a page is counted, and nothing else', async () => {
  const { clientId } = await aSource(house)
  await rows(clientId, [{ state: 'done' }, { state: 'running' }])
  const { top } = await searchRuns(house, { clientId })
  expect(await freshRuns(house, { clientId }, top!)).toBe(0)
  await rows(clientId, [
    { state: 'done', at: '2027-01-01T00:00:00Z' },
    { state: 'running', at: '2027-01-01T00:00:00Z' },
    { state: 'done', at: '2020-01-01T00:00:00Z' },
  ])
  expect(await freshRuns(house, { clientId }, top!)).toBe(2)
  expect(await freshRuns(house, { clientId, tab: 'moving' }, top!)).toBe(1)
})

test('in the order of changes a run comes first when its state changes', async () => {
  const older = await aMovingRun(house)
  const newer = await aMovingRun(house, [{}], { clientId: older.clientId, sourceId: await anotherSource(older) })
  expect(await idsOf({ clientId: older.clientId, order: 'changed' })).toEqual([newer.id, older.id])
  await pauseRun(house, 'test', older.id)
  expect(await idsOf({ clientId: older.clientId, order: 'changed' })).toEqual([older.id, newer.id])
})

test('a run is found by where something of it failed', async () => {
  const [photos, gallery, survey] = [await aMovingRun(house), await aMovingRun(house), await aMovingRun(house)]
  await house.pool.query(
    `insert into photos (client_id, run_id, gallery_id, ref, kind, state, step, code)
     values ($1, $2, $3, 'p', 'photo', 'failed', 'render-photos', 'corrupt_image')`,
    [photos.clientId, photos.id, photos.galleries[0]!.id],
  )
  await house.pool.query("update galleries set state = 'attention' where run_id = $1", [gallery.id])
  await house.pool.query("update runs set state = 'blocked', started_at = null where id = $1", [survey.id])
  const at = async (failedAt: FailingStep) =>
    (await searchRuns(house, { failedAt })).runs.flatMap(({ id }) =>
      [photos, gallery, survey].some((one) => one.id === id) ? [id] : [],
    )
  expect(await at('render-photos')).toEqual([photos.id])
  expect(await at('fetch-photos')).toEqual([])
  expect(await at('list-gallery')).toEqual([gallery.id])
  expect(await at('reconcile-gallery')).toEqual([])
  expect(await at('survey-source')).toEqual([survey.id])
})

test('home shows what needs somebody, what moves, and what ended since; each run once', async () => {
  const own = await verbHouse()
  try {
    const { clientId } = await aSource(own)
    const insert = (state: string, at: string, totals: object | null = null) =>
      own.pool.query(
        `insert into runs (client_id, kind, state, renditions, created_by, created_at, state_at, finished_at, totals)
         values ($1, 'upload', $2, '{}', 'test', $3, $3, $3, $4)`,
        [clientId, state, at, totals],
      )
    await insert('planned', '2026-05-02T09:00:00Z')
    await insert('blocked', '2026-05-01T09:00:00Z')
    await insert('running', '2026-05-02T08:00:00Z')
    await insert('done', '2026-05-02T07:00:00Z')
    await insert('done', '2026-04-01T07:00:00Z')
    await insert('done_with_problems', '2026-05-02T06:00:00Z', { failed: 4 })
    const view = await home(own, new Date('2026-05-01T00:00:00Z'))
    expect(view.attention.runs.map((run) => run.state)).toEqual(['blocked', 'done_with_problems', 'planned'])
    expect(view.moving.runs.map((run) => run.state)).toEqual(['running'])
    expect(view.finished).toMatchObject({ count: 1, runs: [{ state: 'done' }] })
  } finally {
    await own.dispose()
  }
})

test('the table to take away has every run of the filter, and no cell that a spreadsheet would execute', async () => {
  const { clientId } = await aSource(house)
  await house.pool.query('update clients set name = $2 where id = $1', [clientId, '=cmd("x"), & sons'])
  const ids = await rows(
    clientId,
    Array.from({ length: 230 }, () => ({ state: 'done' })),
  )
  let text = ''
  for await (const line of runsCsv(house, { clientId })) text += line
  const lines = text.trimEnd().split('\r\n')
  expect(lines).toHaveLength(231)
  expect(lines[1]).toContain(`"'=cmd(""x""), & sons"`)
  for (const id of ids) expect(text).toContain(id)
})

describe('with 3,000 runs, a hundred of 200 galleries each and one of 2,000', () => {
  beforeAll(async () => {
    await house.pool.query(
      `insert into clients (name, email) select 'Many ' || n, 'many' || n || '@studio.example' from generate_series(1, 300) n`,
    )
    await house.pool.query(`
      insert into runs (client_id, kind, state, renditions, created_by, created_at, state_at, totals)
      select c.id, 'upload', case when n % 30 = 0 then 'running' else 'done' end::run_state, '{}', 'bulk@pass.test',
        timestamptz '2025-06-01' + n * interval '1 minute', timestamptz '2025-06-01' + n * interval '1 minute',
        case when n % 30 <> 0 then '{"found": 1, "published": 1, "failed": 0, "skipped": 0, "galleries": 1, "bytes": 1}'::jsonb end
      from generate_series(1, 3000) n join clients c on c.name = 'Many ' || (n % 300 + 1)`)
    await house.pool.query(`
      insert into galleries (client_id, run_id, ref, title, position, ordinal, state, total, published)
      select r.client_id, r.id, r.id || '-' || n, 'Wedding ' || n, n, n, 'copying', 250, 250
      from (select *, row_number() over (order by id) as place from runs where created_by = 'bulk@pass.test' and state = 'running') r
        cross join lateral generate_series(1, case when r.place = 1 then 2000 else 200 end) n`)
    await house.pool.query(`
      insert into photos (client_id, run_id, gallery_id, ref, kind, filename)
      select g.client_id, g.run_id, g.id, n::text, 'photo', 'DSC_' || g.ordinal || n || '.JPG'
      from galleries g cross join generate_series(1, 2) n where g.title like 'Wedding %'`)
    await house.pool.query('analyze runs, galleries, clients, photos')
  })
  const query: RunQuery = { staff: ['bulk@pass.test'] }

  test('a page of 100 is read without going through a table of galleries or photos', async () => {
    const { blocks, scanned } = await costOf((counting) => searchRuns(counting, query))
    expect(scanned).not.toContain('galleries')
    expect(scanned).not.toContain('photos')
    expect(blocks).toBeLessThan(12_000)
  })

  test('the last page costs no more than the first', async () => {
    const first = await costOf((counting) => searchRuns(counting, { ...query, tab: 'done' }))
    const all = await matchingRuns(house, { ...query, tab: 'done' }, 3000)
    const [near] = await runsById(house, [all.at(-102)!.id])
    const cursor = `${BigInt(near!.createdAt.getTime()) * 1000n} ${near!.id}`
    const last = await costOf((counting) => searchRuns(counting, { ...query, tab: 'done' }, { cursor }))
    expect(last.blocks).toBeLessThan(first.blocks * 1.5)
  })

  test('counting all tabs reads the runs once, and galleries only by index', async () => {
    const { blocks, scanned } = await costOf((counting) => countRuns(counting, query))
    expect(scanned).not.toContain('galleries')
    expect(blocks).toBeLessThan(3000)
  })

  test('what is searched by words of a gallery is found by index', async () => {
    const { scanned } = await costOf((counting) => searchRuns(counting, { ...query, text: 'wedding 1777' }))
    expect(scanned).not.toContain('galleries')
    expect(scanned).not.toContain('photos')
  })

  test('a file name is found among all photos by index, in the list and everywhere', async () => {
    for (const look of [
      (counting: { pool: pg.Pool }) => searchRuns(counting, { ...query, text: 'dsc_17772' }),
      (counting: { pool: pg.Pool }) => searchAnything(counting, 'dsc_17772'),
    ]) {
      const { scanned, blocks } = await costOf(look)
      expect(scanned).not.toContain('photos')
      expect(blocks).toBeLessThan(2500)
    }
  })
})

async function anotherSource({ clientId }: { clientId: string }): Promise<string> {
  const { rows: made } = await house.pool.query<{ id: string }>(
    `insert into sources (client_id, provider, account_key, title, endpoints) values ($1, 'zenfolio', $2, 'second', '{}') returning id`,
    [clientId, randomUUID()],
  )
  return made[0]!.id
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: PlanNode[]
}

/** Blocks that the statements of `call` touch, and the tables that they go through from end to end. */
async function costOf(call: (counting: { pool: pg.Pool }) => Promise<unknown>) {
  let blocks = 0
  const scanned: string[] = []
  const look = (node: PlanNode) => {
    if (node['Node Type'] === 'Seq Scan' && node['Relation Name']) scanned.push(node['Relation Name'])
    node.Plans?.forEach(look)
  }
  const query = async (statement: string, values: unknown[]) => {
    const { rows: plans } = await house.pool.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `explain (analyze, buffers, format json) ${statement}`,
      values,
    )
    const { Plan } = plans[0]!['QUERY PLAN'][0]!
    blocks += Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks']
    look(Plan)
    return house.pool.query(statement, values)
  }
  await call({ pool: { query } as unknown as pg.Pool })
  return { blocks, scanned }
}
