import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { certificateSummary, keepProof, writeCertificate } from './certificates.ts'
import { type CertificateFinding, type CertificateTotals, checkCertificate } from './certificates-check.ts'
import { type GalleryEntry, galleryData, type Row, rowData, type Statement } from './certificates-format.ts'
import { publicKeyPem } from './certificates-key.ts'
import { aPublishedRun } from './certificates-testing.ts'
import { leafHash, MerkleTree } from './certificates-tree.ts'
import { originalKey } from './store/store.ts'
import { aMovingRun, foundPhoto, type MovingRun, type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const inSet = (set: string, position: number) => ({ placements: [{ setRef: set, position }] })

/** Two galleries, the first with a photo in two sets, and a collection of both; p3 of the second has failed. */
async function aRun(): Promise<MovingRun> {
  const both = {
    placements: [
      { setRef: 'day', position: 1 },
      { setRef: 'night', position: 0 },
    ],
  }
  const run = await aPublishedRun(house, [
    {
      gallery: { ref: 'a', title: 'Smith “& Jörg”', statedCount: 2, coverRef: 'p0', access: 'public' },
      photos: [foundPhoto('a', 'p0', inSet('day', 0)), foundPhoto('a', 'p1', both)],
    },
    { gallery: { ref: 'b' }, photos: [foundPhoto('b', 'p2'), foundPhoto('b', 'p3')], failing: ['p3'] },
    { gallery: { ref: 'c', virtual: true }, photos: [foundPhoto('b', 'p2'), foundPhoto('a', 'p0')] },
  ])
  await house.pool.query("update runs set state = 'done_with_problems', finished_at = now() where id = $1", [run.id])
  return run
}

async function certificate(runId: string): Promise<string[]> {
  let text = ''
  for await (const part of writeCertificate(house, runId)) text += part
  return text.trimEnd().split('\n')
}

async function check(run: MovingRun, lines: string[], deep = false) {
  const findings: CertificateFinding[] = []
  async function* read() {
    yield* lines
  }
  const checking = checkCertificate(house, read, { run: run.id, deep })
  for (let step = await checking.next(); ; step = await checking.next()) {
    if (step.done) return { findings, totals: step.value as CertificateTotals }
    findings.push(step.value)
  }
}

type Line = Record<string, unknown> & { type: string }
const parse = (lines: string[]) => lines.map((line) => JSON.parse(line) as Line)
const write = (values: Line[]) => values.map((value) => JSON.stringify(value))
const problems = async (run: MovingRun, values: Line[]) =>
  (await check(run, write(values))).findings.map(({ problem, gallery, photo }) =>
    [problem, gallery, photo].filter(Boolean).join(' '),
  )

test('tells every photo at every place, in the order of the report, with what became of it', async () => {
  const run = await aRun()
  const lines = parse(await certificate(run.id))
  expect(lines.map(({ type }) => type)).toEqual(
    'certificate row row row gallery row row gallery row row gallery signature'.split(' '),
  )
  const rows = lines.filter(({ type }) => type === 'row')
  expect(
    rows.map(({ gallery, n, photo, owner, set, position, verdict }) => [
      gallery,
      n,
      photo,
      owner,
      set,
      position,
      verdict,
    ]),
  ).toEqual([
    ['a', 0, 'p0', 'a', 'day', 0, 'published'],
    ['a', 1, 'p1', 'a', 'day', 1, 'published'],
    ['a', 2, 'p1', 'a', 'night', 0, 'published'],
    ['b', 0, 'p2', 'b', null, 2, 'published'],
    ['b', 1, 'p3', 'b', null, 3, 'failed:truncated'],
    ['c', 0, 'p0', 'a', null, 0, 'published'],
    ['c', 1, 'p2', 'b', null, 2, 'published'],
  ])
  expect(lines.filter(({ type }) => type === 'gallery')).toMatchObject([
    { ref: 'a', title: 'Smith “& Jörg”', cover: 'p0', access: 'public', stated: 2, photos: 2, safe: 2, rows: 3 },
    { ref: 'b', verdict: 'photos_failed', photos: 2, safe: 1, rows: 2 },
    { ref: 'c', photos: 2, safe: 2, rows: 2 },
  ])
})

test('the signed statement holds the root of the galleries, and its key is the one that is published', async () => {
  const run = await aRun()
  const lines = parse(await certificate(run.id))
  const { statement, signature } = lines.at(-1) as unknown as { statement: string; signature: string }
  const key = createPublicKey(publicKeyPem(house.secretKey))
  expect(verify(null, Buffer.from(statement), key, Buffer.from(signature, 'base64'))).toBe(true)
  const said = JSON.parse(statement) as Statement
  const tree = new MerkleTree()
  for (const gallery of lines.filter(({ type }) => type === 'gallery')) {
    const rows = new MerkleTree()
    for (const row of lines.filter((row) => row.type === 'row' && row.gallery === gallery.ref))
      rows.add(leafHash(rowData(row as unknown as Row)))
    expect(gallery.root).toBe(rows.root().toString('hex'))
    tree.add(leafHash(galleryData(gallery as unknown as GalleryEntry)))
  }
  expect(said).toMatchObject({ root: tree.root().toString('hex'), galleries: 3, rows: 7, photos: 4, safe: 3 })
  expect(said.complete).toBe(false)
})

test('the summary comes to the same root, again when it is asked again, and to another when a photo changes', async () => {
  const run = await aRun()
  const { root } = JSON.parse(parse(await certificate(run.id)).at(-1)!.statement as string)
  const summary = await certificateSummary(house, run.id)
  expect(summary.statement.root).toBe(root)
  expect(summary.galleries[1]).toMatchObject({
    differences: { counts: { 'failed:truncated': 1 }, examples: [{ photo: 'p3', filename: 'p3.jpg' }] },
  })
  expect((await certificateSummary(house, run.id)).statement.root).toBe(root)
  await house.pool.query(
    "update photos set state = 'skipped', code = 'gone_at_source' where run_id = $1 and ref = 'p3'",
    [run.id],
  )
  await house.pool.query("update galleries set failed = 0, skipped = 1 where run_id = $1 and ref = 'b'", [run.id])
  expect((await certificateSummary(house, run.id)).statement.root).not.toBe(root)
})

test('what a gallery came to when it was published is kept, and the summary is made of that', async () => {
  const run = await aRun()
  const { rows } = await house.pool.query<{ id: number }>('select id from galleries where run_id = $1', [run.id])
  for (const { id } of rows) await keepProof(house, id)
  const { rowCount } = await house.pool.query("update gallery_proofs set root = 'kept' where gallery_id = any($1)", [
    rows.map(({ id }) => id),
  ])
  // A collection places photos of other galleries, which move without it.
  expect(rowCount).toBe(rows.length - 1)
  const roots = (await certificateSummary(house, run.id)).galleries.map(({ root }) => root === 'kept')
  expect(roots.filter(Boolean).length).toBe(rows.length - 1)
})

test('a run in which all is verified and safe is complete, and one that still moves is not', async () => {
  const run = await aPublishedRun(house, [{ photos: [foundPhoto('g0', 'p0')] }])
  expect((await certificateSummary(house, run.id)).statement).toMatchObject({ complete: true, verified: 1, safe: 1 })
  const moving = await aMovingRun(house)
  expect((await certificateSummary(house, moving.id)).statement).toMatchObject({ complete: false, verified: 0 })
  await expect(certificateSummary(house, randomUUID())).rejects.toMatchObject({ code: 'not_found' })
})

test('an untouched certificate is found true, deep or not', async () => {
  const run = await aRun()
  const lines = await certificate(run.id)
  const totals = { galleries: 3, rows: 7, objects: 5, findings: 0 }
  expect(await check(run, lines)).toMatchObject({ findings: [], totals })
  expect(await check(run, lines, true)).toMatchObject({ findings: [], totals })
})

test.each([
  ['photo', 'other'],
  ['kind', 'video'],
  ['owner', 'b'],
  ['set', 'night'],
  ['position', 7],
  ['bytes', 1],
  ['sha256', '0'.repeat(64)],
  ['verdict', 'skipped:excluded'],
  ['n', 5],
  ['leaf', '0'.repeat(64)],
] as const)('a row whose %s was changed is named', async (field, value) => {
  const run = await aRun()
  const lines = parse(await certificate(run.id))
  lines[2]![field] = value
  expect(await problems(run, lines)).toContain(`row_changed a ${field === 'photo' ? value : 'p1'}`)
})

test.each(['photo', 'position', 'verdict'])(
  'a row whose %s was changed and hashed anew is named by the ledger',
  async (field) => {
    const run = await aRun()
    const lines = parse(await certificate(run.id))
    const row = { ...lines[2]!, [field]: field === 'position' ? 9 : 'x' }
    lines[2] = { ...row, leaf: leafHash(rowData(row as unknown as Row)).toString('hex') }
    const named = (await problems(run, lines)).filter((problem) => problem !== 'statement')
    expect(named).toEqual(['gallery_root a', 'row_changed a p1'])
  },
)

test('rows that were exchanged, taken out or doubled are named', async () => {
  const run = await aRun()
  const lines = parse(await certificate(run.id))
  const [header, one, two, three, ...rest] = lines as [Line, Line, Line, Line, ...Line[]]
  expect(await problems(run, [header, two, one, three, ...rest])).toEqual(
    expect.arrayContaining(['row_order a p1', 'row_order a p0']),
  )
  expect(await problems(run, [header, one, three, ...rest])).toContain('row_order a p1')
  expect(await problems(run, [header, one, one, two, three, ...rest])).toContain('row_order a p0')
  expect(await problems(run, [header, one, two, ...rest])).toEqual(
    expect.arrayContaining(['gallery_root a', 'row_missing a p1']),
  )
})

test('a gallery that was changed, exchanged or taken out is named, hashed anew or not', async () => {
  const run = await aRun()
  const lines = parse(await certificate(run.id))
  const changed = lines.map((line) => (line.ref === 'b' ? { ...line, verdict: 'verified' } : line))
  expect(await problems(run, changed)).toContain('gallery_changed b')
  const hashed = lines.map((line) => {
    if (line.ref !== 'b') return line
    const other = { ...line, title: 'Other' }
    return { ...other, leaf: leafHash(galleryData(other as unknown as GalleryEntry)).toString('hex') }
  })
  expect(await problems(run, hashed)).toEqual(['statement', 'gallery_changed b'])
  const without = lines.filter(({ ref, gallery }) => ref !== 'b' && gallery !== 'b')
  expect(await problems(run, without)).toContain('gallery_order c')
  const shorter = lines.filter(({ ref, gallery }) => ref !== 'c' && gallery !== 'c')
  expect(await problems(run, shorter)).toContain('gallery_order c')
})

test('header, statement and signature are held against each other and against the key of the house', async () => {
  const run = await aRun()
  const lines = parse(await certificate(run.id))
  const end = lines.at(-1)!
  const withEnd = (more: object) => [...lines.slice(0, -1), { ...end, ...more }]
  const said = JSON.parse(end.statement as string)
  expect(await problems(run, [{ ...lines[0]!, issuedAt: '2020-01-01T00:00:00.000Z' }, ...lines.slice(1)])).toEqual([
    'statement',
  ])
  expect(await problems(run, withEnd({ statement: JSON.stringify({ ...said, complete: true }) }))).toEqual([
    'signature',
  ])
  expect(await problems(run, lines.slice(0, -1))).toEqual(['cut_off'])
  expect(await problems(run, [...lines, end])).toEqual(['not_understood'])
  const other = generateKeyPairSync('ed25519')
  const publicKey = other.publicKey.export({ format: 'der', type: 'spki' }).subarray(12).toString('base64')
  const statement = JSON.stringify({ ...said, publicKey })
  const signature = sign(null, Buffer.from(statement), other.privateKey).toString('base64')
  expect(await problems(run, [{ ...lines[0]!, publicKey }, ...withEnd({ statement, signature }).slice(1)])).toEqual([
    'foreign_key',
  ])
  expect(await problems({ ...run, id: randomUUID() }, lines)).toEqual(['other_run'])
  await expect(check(run, ['{"type":"run"}'])).rejects.toMatchObject({ code: 'not_a_certificate' })
})

test('every row of an object that is gone, longer or other in the store is named', async () => {
  const run = await aRun()
  const lines = await certificate(run.id)
  const [p0, p1] = parse(lines).filter(({ type }) => type === 'row') as [Line, Line]
  const [gone, other] = [p0, p1].map(({ sha256 }) => originalKey(run.clientId, sha256 as string)) as [string, string]
  const file = (key: string) => join(house.env.PASS_DATA_DIR, 'objects', key)
  await rm(file(gone))
  await writeFile(file(other), Buffer.alloc(p1.bytes as number))
  const named = (findings: CertificateFinding[]) =>
    findings.map(({ problem, gallery, photo, key }) => [problem, gallery, photo, key])
  const missing = [
    ['missing', 'a', 'p0', gone],
    ['missing', 'c', 'p0', gone],
  ]
  expect(named((await check(run, lines)).findings)).toEqual(missing)
  const { findings } = await check(run, lines, true)
  expect(named(findings)).toEqual([missing[0], ['hash', 'a', 'p1', other], ['hash', 'a', 'p1', other], missing[1]])
  expect(findings.map(({ line }) => line)).toEqual([2, 3, 4, 9])
})
