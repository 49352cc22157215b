import { crc32, deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Challenge, NotAvailable, SessionExpired, SourceFault, Truncated, UnexpectedPage } from '../connector.ts'
import { blockPage, gallery, jpeg, page, photo, projectRow, Raw, script } from './testing.ts'

interface File {
  name: string
  bytes: Buffer
  deflated?: boolean
  /** Sum and sizes stand behind the bytes only. */
  streamed?: boolean
}

/** Built here field by field, so that what is read is not what the same code wrote. */
function zip(...files: File[]): Buffer {
  const directory: Buffer[] = []
  const parts: Buffer[] = []
  let at = 0
  for (const { name, bytes, deflated = false, streamed = false } of files) {
    const packed = deflated ? deflateRawSync(bytes) : bytes
    const facts = Buffer.alloc(12)
    facts.writeUInt32LE(crc32(bytes), 0)
    facts.writeUInt32LE(packed.length, 4)
    facts.writeUInt32LE(bytes.length, 8)
    const middle = Buffer.alloc(10)
    middle.writeUInt16LE(20, 0)
    middle.writeUInt16LE(streamed ? 8 : 0, 2)
    middle.writeUInt16LE(deflated ? 8 : 0, 4)
    const lengths = Buffer.alloc(4)
    lengths.writeUInt16LE(Buffer.byteLength(name), 0)
    const where = Buffer.alloc(14)
    where.writeUInt32LE(at, 10)
    const local = [Buffer.from('PK\x03\x04'), middle, streamed ? Buffer.alloc(12) : facts, lengths, Buffer.from(name)]
    const after = streamed ? [Buffer.from('PK\x07\x08'), facts] : []
    const version = Buffer.from([20, 0])
    directory.push(Buffer.from('PK\x01\x02'), version, middle, facts, lengths, where, Buffer.from(name))
    const whole = Buffer.concat([...local, packed, ...after])
    parts.push(whole)
    at += whole.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...parts, list, Buffer.from('PK\x05\x06'), end])
}

const bounded = { ...photo, handle: { path: 'annaben', bounded: true } }
const big = Buffer.concat(Array.from({ length: 700 }, (_, i) => Buffer.concat([jpeg, Buffer.from(`${i}`)])))
const asZip = (bytes: Buffer) => new Raw(200, bytes, { 'content-type': 'application/zip' })

async function exporting(packed: Raw, waits = 1) {
  let looks = 0
  const downloadUrl = '/-annaben/packed?userjobid=550001'
  const scripted = await script(
    {
      dashboard: () => ({ projects_s: [projectRow()] }),
      loadProject: () => ({ virtualPath: 'annaben', downloadPolicy: { boundWidth: 2048 }, dtoRevision: 17 }),
      savePackage: () => ({ newExports: [{ userJobId: 550001 }] }),
      getDownloadInfo: () => ({ downloadUrl: looks++ < waits ? '' : downloadUrl }),
    },
    () => packed,
  )
  return { ...scripted, session: await scripted.signIn() }
}

test('an original that a single download may cut down comes by an export of that one photo', async () => {
  const { session, asked, origin } = await exporting(asZip(zip({ name: 'All/IMG_0001.jpg', bytes: jpeg })))
  const opened = await session.open(bounded)
  expect(opened).toMatchObject({ bytes: jpeg.length, isOriginal: true })
  expect(Buffer.concat(await Array.fromAsync(opened.stream)).equals(jpeg)).toBe(true)
  const saved = asked.find(({ method }) => method === 'savePackage')
  expect(saved?.headers).toMatchObject({ origin, referer: `${origin}/professional` })
  const { saveBatch, pcpClientId } = (saved?.body ?? {}) as { saveBatch: Record<string, unknown>; pcpClientId: string }
  const { projectExport, dtoRevision, ignoreDtoRevision, ...lists } = saveBatch
  expect({ pcpClientId, dtoRevision, ignoreDtoRevision }).toEqual({
    pcpClientId: '',
    dtoRevision: 17,
    ignoreDtoRevision: false,
  })
  expect(projectExport).toEqual([
    {
      ...{ projectId: 29007250, target: '', message: '', width: -1, height: -1, quality: -1 },
      ...{ photoIds: [7000000001], ticketFields: [], type: 'download' },
    },
  ])
  expect(JSON.stringify(lists)).not.toMatch(/\d|true/)
  expect(asked.at(-1)?.path).toBe('/-annaben/packed?userjobid=550001&batchsize=1200&startIndex=0')
  expect(asked.filter(({ method }) => method === 'getDownloadInfo')).toHaveLength(2)
})

test('which galleries are held to a size their settings say', async () => {
  const { session } = await exporting(new Raw(404))
  const [page] = await Array.fromAsync(session.photos(gallery))
  expect(page?.photos[0]?.handle).toEqual(bounded.handle)
})

test.each([
  ['stored, with its size before it', { name: 'All/a.jpg', bytes: big }],
  ['stored, with its size behind it', { name: 'a.jpg', bytes: big, streamed: true }],
  ['deflated', { name: 'All/a.jpg', bytes: big, deflated: true }],
  ['deflated, with its size behind it', { name: 'All/a.jpg', bytes: big, deflated: true, streamed: true }],
])('a file %s comes to the byte, from any byte on', async (_, file) => {
  const { session } = await exporting(asZip(zip({ name: 'All/', bytes: Buffer.alloc(0) }, file)), 0)
  for (const start of [0, 1_500_000]) {
    const { stream } = await session.open(bounded, { start })
    expect(Buffer.concat(await Array.fromAsync(stream)).equals(big.subarray(start))).toBe(true)
  }
})

const file = { name: 'a.jpg', bytes: jpeg }
const broken = Buffer.from(zip(file))
broken[500] = 8

test.each([
  ['two files', asZip(zip(file, file)), UnexpectedPage],
  ['a file that is not whole', asZip(zip(file).subarray(0, 2000)), Truncated],
  ['a file with another sum', asZip(broken), Truncated],
  ['no ZIP', asZip(jpeg), UnexpectedPage],
  ['a page', new Raw(200, '<html><p>Welcome</p></html>'), UnexpectedPage],
  ['a fault', new Raw(500, 'Sorry'), SourceFault],
])('%s in place of the export is loud', async (_, answer, type) => {
  const { session } = await exporting(answer, 0)
  const read = async () => Array.fromAsync((await session.open(bounded)).stream)
  await expect(read()).rejects.toThrow(type)
})

test('another attempt reads the job that was made before', async () => {
  const { session, asked } = await exporting(asZip(zip(file).subarray(0, 2000)), 0)
  for (let again = 0; again < 2; again++)
    await expect(session.open(bounded).then(({ stream }) => Array.fromAsync(stream))).rejects.toThrow(Truncated)
  expect(asked.filter(({ method }) => method === 'savePackage')).toHaveLength(1)
})

const exports = {
  savePackage: () => ({ newExports: [{ userJobId: 550001 }] }),
  getDownloadInfo: () => ({ downloadUrl: '/-annaben/packed?userjobid=550001' }),
}

test.each([
  ['a page', page('<h1>Downloads are closed</h1>')],
  ['a refusal', page('Forbidden', 403)],
  ['a 404', page('Not found', 404)],
])('%s in place of a single download, twice: the original comes by an export', async (_, answer) => {
  const { signIn, asked } = await script(exports, ({ url }) => (url?.includes('packed') ? asZip(zip(file)) : answer))
  const { stream, isOriginal } = await (await signIn()).open(photo)
  expect(Buffer.concat(await Array.fromAsync(stream)).equals(jpeg)).toBe(true)
  expect(isOriginal).toBe(true)
  expect(asked.filter(({ path }) => path.includes('hiresphoto'))).toHaveLength(2)
})

test('a single download that comes with the second look makes no export', async () => {
  let looks = 0
  const { signIn, asked } = await script(exports, () =>
    looks++ === 0 ? page('Sorry') : new Raw(200, jpeg, { 'content-type': 'image/jpeg' }),
  )
  const { stream } = await (await signIn()).open(photo)
  expect(Buffer.concat(await Array.fromAsync(stream)).equals(jpeg)).toBe(true)
  expect(asked.map(({ method }) => method)).not.toContain('savePackage')
})

test.each([
  ['is refused', () => page('Forbidden', 403), NotAvailable],
  ['is not understood', () => ({ newExports: [] }), NotAvailable],
  ['meets the soft block', () => blockPage, Challenge],
  ['meets a fault', () => page('Sorry', 500), SourceFault],
])('where an export %s, what is said of the photo is no more than that', async (_, savePackage, type) => {
  const { signIn } = await script({ ...exports, savePackage }, () => page('Not found', 404))
  await expect((await signIn()).open(photo)).rejects.toThrow(type)
})

test('an export that is refused since the session is over says so', async () => {
  const scripted = await script(exports, () => page('Not found', 404))
  const session = await scripted.signIn()
  scripted.methods.savePackage = () => {
    scripted.methods.loadProject = () => page('Forbidden', 403)
    return page('Forbidden', 403)
  }
  await expect(session.open(photo)).rejects.toThrow(SessionExpired)
})
