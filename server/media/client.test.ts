// A client generated from the API's own document, as another system would use it: generated, type-checked and run as a
// program of its own.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { picture } from '#workers/imaging/samples.ts'
import type { TestHouse } from '#workers/testing.ts'
import { aSender, type MediaHouse, type MediaServer, startMediaHouse } from './testing.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const program = (name: string) => join(root, 'node_modules', name)

let place: MediaHouse
let house: TestHouse
let media: MediaServer
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-'))
  place = await startMediaHouse()
  ;({ house, media } = place)
})
afterAll(async () => {
  await place?.dispose()
  await rm(folder, { recursive: true, force: true })
})

/** What a sender would write. It prints what it was told. */
const sender = `
import { readFile } from 'node:fs/promises'
import { HttpError, ok } from '@oazapfts/runtime'
import * as pass from './pass.ts'

const [origin = '', key = '', ...paths] = process.argv.slice(2)
pass.defaults.baseUrl = origin
pass.defaults.headers = { Authorization: \`Bearer \${key}\` }
const [first, ...others] = await Promise.all(paths.map(async (path) => new File([await readFile(path)], path)))

// One picture, answered at once; its address is asked for by the client as well.
const instructions = JSON.stringify({ resize: { width: 30 }, format: 'png' })
const single = await pass.upload({ file: first!, instructions, access: 'private' }, { idempotencyKey: 'first' })
if (single.status !== 200) throw new Error(\`one picture was answered \${single.status}\`)
const again = await pass.upload({ file: first!, instructions, access: 'private' }, { idempotencyKey: 'first' })
const { imageId, url } = single.data
const address = new URL(url)
const name = address.pathname.split('/').at(-1)!
const { exp, kid, sig } = Object.fromEntries(address.searchParams)

// What is no JSON is text to this generator: its bytes are taken on their way.
let bytes = Buffer.alloc(0)
const tapped: typeof fetch = async (...asked) => {
  const answer = await fetch(...asked)
  bytes = Buffer.from(await answer.clone().arrayBuffer())
  return answer
}
const download = await pass.rendition(imageId, name, { exp, kid, sig }, { fetch: tapped })
const rendition = bytes.toString('base64')
const unsigned = await pass.original(imageId)

// Several, asked after until they are ready.
const bulk = await ok(pass.upload({ file: others }))
if (!('jobId' in bulk)) throw new Error('several are one job')
let status = await ok(pass.status(bulk.jobId, { limit: 2 }))
while (status.status === 'processing') status = await ok(pass.status(bulk.jobId, { limit: 2 }))
const rest = await ok(pass.status(bulk.jobId, { cursor: status.nextCursor ?? '' }))

const further = await ok(pass.process({ imageIds: [imageId], instructions: { preset: 'thumb' } }))
const refusal = await ok(pass.status(crypto.randomUUID())).catch((error: HttpError) => error)
process.stdout.write(JSON.stringify({
  imageId, again: again.data, download: download.status, rendition, unsigned, status, rest, further,
  refusal: refusal instanceof HttpError && refusal.data,
  health: await ok(pass.health()),
}))
`

test('a client that is generated from the document uploads, asks after it, downloads, and is told what was wrong', async () => {
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const generator = program('oazapfts/dist/cli.js')
  await run(process.execPath, [generator, `${media.origin}/openapi.json`, join(folder, 'pass.ts')])
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  await writeFile(join(folder, 'sender.ts'), sender)
  const strictly = ['--strict', '--noEmit', '--skipLibCheck', '--allowImportingTsExtensions', '--types', 'node']
  const modern = ['--target', 'es2024', '--module', 'nodenext', '--lib', 'es2024,dom']
  await run(program('.bin/tsc'), [...strictly, ...modern, 'sender.ts'], { cwd: folder })

  const originals = await Promise.all([picture(), picture(), picture(), picture()])
  const paths = await Promise.all(
    originals.map(async (bytes, i) => {
      await writeFile(join(folder, `${i}.jpg`), bytes)
      return `${i}.jpg`
    }),
  )
  const { headers, clientId } = await aSender(house, 'Anna')
  const key = headers.Authorization.replace('Bearer ', '')
  const { stdout } = await run(process.execPath, ['sender.ts', media.origin, key, ...paths], { cwd: folder })
  const told = JSON.parse(stdout)

  expect(told.again.imageId).toBe(told.imageId)
  expect(told.download).toBe(200)
  const rendition = Buffer.from(told.rendition, 'base64')
  expect(await sharp(rendition).metadata()).toMatchObject({ format: 'png', width: 30, height: 20 })
  expect(told.unsigned).toMatchObject({ status: 403, data: { code: 'signature_invalid' } })
  expect(told.status).toMatchObject({ status: 'completed', counts: { total: 3, completed: 3 } })
  expect(told.status.items.map(({ filename }: { filename: string }) => filename)).toEqual(paths.slice(1, 3))
  expect(told.rest.items.map(({ filename }: { filename: string }) => filename)).toEqual(paths.slice(3))
  expect(Object.keys(told.further.renditions)).toContain('thumb')
  expect(told.refusal).toMatchObject({ status: 404, code: 'not_found' })
  expect(told.health).toEqual({ status: 'ok' })
  const { rows } = await house.pool.query<{ sha256: string }>(
    `select encode(sha256, 'hex') as sha256 from assets where client_id = $1`,
    [clientId],
  )
  const sent = originals.map((bytes) => createHash('sha256').update(bytes).digest('hex'))
  expect(rows.map(({ sha256 }) => sha256).sort()).toEqual(sent.sort())
})
