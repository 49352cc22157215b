// Plans that stay with their connection must serve a table that fills up under them: they may be made while it is empty.
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { connect } from '#db/client.ts'
import { testDatabase } from '#db/testing.ts'
import { parseInstructions } from './instructions.ts'
import { claim, type Outcome, settle } from './ledger.ts'
import { recordEnds } from './ledger-records.ts'
import type { Queues } from './queues.ts'
import type { Rendered } from './renditions.ts'
import { sha, storedOutcome } from './testing-outcomes.ts'
import { type Entry, enterPhotos, GalleryClosed } from './uploads/enter.ts'

const queues = { enqueue: async () => [] } as unknown as Queues
const run = { id: randomUUID(), clientId: randomUUID(), sourceId: null }
const gallery = { id: 1, runId: run.id, clientId: run.clientId }
const entry: Entry = {
  publicId: randomUUID(),
  ref: '0',
  filename: 'a.jpg',
  access: 'private',
  wanted: [{ name: 'web', instructions: parseInstructions({}), hash: sha(1) }],
  state: 'stored',
  sha256: sha(7),
  bytes: 10,
  contentType: 'image/jpeg',
  takenAt: null,
  loose: null,
}
const published: Outcome = { id: 7, attempts: 0, to: 'rendered', rendition: 'ok', width: 4, height: 3, takenAt: null }
const made: Rendered = {
  clientId: run.clientId,
  sha256: sha(7),
  width: 4,
  height: 3,
  code: 'ok',
  made: [
    {
      hash: sha(1),
      extension: 'webp',
      contentType: 'image/webp',
      bytes: 10,
      fileSha256: sha(2),
      width: 4,
      height: 3,
      level: 'strict',
    },
  ],
}

test('claiming and settling are planned once a connection, and by index though nothing is there yet', async () => {
  const database = await testDatabase()
  // One connection: what it has planned is asked of it itself.
  const { db, pool, close } = connect(database.url, { applicationName: 'planner', max: 1 })
  for (let time = 0; time < 2; time++) {
    await claim(db, [7], 'listed')
    await claim(db, [7], 'stored')
    await db.transaction((tx) => settle(tx, queues, run, 'fetch-photos', 'listed', [storedOutcome({ id: 7 })]))
    await db
      .transaction((tx) => settle(tx, queues, run, 'render-photos', 'stored', [published], [made]))
      // The row of what was made has no client here.
      .catch((error) => expect(String(error.cause ?? error)).toContain('foreign key'))
    await db.transaction((tx) => recordEnds(tx, [made], [7]))
    const places = { setId: 1, isOwn: true }
    await expect(db.transaction((tx) => enterPhotos(tx, queues, gallery, [entry], { places }))).rejects.toThrow(
      GalleryClosed,
    )
  }
  const planned = await pool.query<{ statement: string; times: number }>(
    'select statement, (generic_plans + custom_plans)::int as times from pg_prepared_statements order by statement',
  )
  expect(planned.rows.map(({ times }) => times)).toEqual([2, 2, 2, 2, 2, 2])
  for (const { statement } of planned.rows) {
    const plan = await pool.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${statement}`)
    const lines = plan.rows.map((row) => row['QUERY PLAN'])
    expect(lines.join('\n')).toMatch(/Index (Cond|Scan)/)
    expect(lines.filter((line) => /Seq Scan/.test(line))).toEqual([])
  }
  await close()
  await database.drop()
})
