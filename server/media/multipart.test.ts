import { expect, test } from 'vitest'
import { boundaryOf, type Part, partsOf } from './multipart.ts'

const line = '\r\n'
const disposition = (parameters: string) => `Content-Disposition: form-data; ${parameters}`

async function* inPieces(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(
  body: string | Buffer,
  size = 1000,
): Promise<{ name: string; filename: string | null; text: string }[]> {
  const parts: { name: string; filename: string | null; text: string }[] = []
  for await (const { name, filename, stream } of partsOf(inPieces(body, size), 'b'))
    parts.push({ name, filename, text: Buffer.concat(await Array.fromAsync(stream)).toString('latin1') })
  return parts
}

const several = [
  'whatever comes before',
  '--b',
  disposition('name="a"'),
  '',
  'first',
  '--b  ',
  disposition('name="file"; filename="x.jpg"'),
  'Content-Type: image/jpeg',
  '',
  `almost${line}--${line}--c${line}-- b${line}`,
  '--b',
  disposition('name=file; filename=y.jpg'),
  '',
  '',
  '--b--',
  'whatever follows',
].join(line)

test.each(Array.from({ length: 12 }, (_, i) => i + 1).concat(17, 64, 1000))(
  'parts are told apart whole, also when the body comes in pieces of %i bytes',
  async (size) => {
    expect(await read(several, size)).toEqual([
      { name: 'a', filename: null, text: 'first' },
      { name: 'file', filename: 'x.jpg', text: `almost${line}--${line}--c${line}-- b${line}` },
      { name: 'file', filename: 'y.jpg', text: '' },
    ])
  },
)

test('a part that nobody reads is passed over', async () => {
  const names: string[] = []
  for await (const { name } of partsOf(inPieces(several, 7), 'b')) names.push(name)
  expect(names).toEqual(['a', 'file', 'file'])
})

test('a part tells its own headers', async () => {
  const body = ['--b', disposition('name="file"'), 'Content-Digest: sha-256=:x:', '', '', '--b--'].join(line)
  const [part] = (await Array.fromAsync(partsOf(inPieces(body, 5), 'b'))) as [Part]
  expect(part.headers.get('content-digest')).toBe('sha-256=:x:')
})

test.each([
  ['quotes as browsers write them', 'filename="a %22b%22.jpg"', 'a "b".jpg'],
  ['quotes as programs write them', String.raw`filename="a \"b\".jpg"`, 'a "b".jpg'],
  ['a path of Windows', String.raw`filename="C:\photos\a.jpg"`, String.raw`C:\photos\a.jpg`],
  ['a semicolon', 'filename="a;b.jpg"', 'a;b.jpg'],
  ['letters of other alphabets', 'filename="Übung 写真.jpg"', 'Übung 写真.jpg'],
  ['the extended form, which goes before', `filename="a.jpg"; filename*=UTF-8''%C3%BC.jpg`, 'ü.jpg'],
  ['an extended form that cannot be read', `filename="a.jpg"; filename*=UTF-8''%ff`, 'a.jpg'],
  ['a percent sign', 'filename="100%.jpg"', '100%.jpg'],
])('names of files: %s', async (_, parameter, expected) => {
  const body = ['--b', disposition(`name="file"; ${parameter}`), '', '', '--b--'].join(line)
  expect((await read(body))[0]!.filename).toBe(expected)
})

test.each([
  ['nothing', '', 'incomplete_body'],
  ['no end', ['--b', disposition('name="a"'), '', 'x'].join(line), 'incomplete_body'],
  ['half a header', `--b${line}Content-Dis`, 'incomplete_body'],
  ['a preamble without end', 'x'.repeat(100_000), 'malformed_multipart'],
  [
    'a boundary with more behind it',
    ['--bx', disposition('name="a"'), '', '', '--b--'].join(line),
    'malformed_multipart',
  ],
  ['a part without a name', ['--b', disposition('filename="a"'), '', '', '--b--'].join(line), 'malformed_multipart'],
  [
    'a part of another kind',
    ['--b', 'Content-Disposition: attachment; name="a"', '', '', '--b--'].join(line),
    'malformed_multipart',
  ],
  ['a header without a colon', ['--b', 'x', '', '', '--b--'].join(line), 'malformed_multipart'],
  ['headers without end', `--b${line}a: ${'x'.repeat(100_000)}`, 'malformed_multipart'],
  ['much behind the end', `--b--${'x'.repeat(100_000)}`, 'malformed_multipart'],
  [
    'bytes that are coded',
    ['--b', disposition('name="a"'), 'Content-Transfer-Encoding: base64', '', '', '--b--'].join(line),
    'invalid_encoding',
  ],
])('%s is refused', async (_, body, code) => {
  await expect(read(body)).rejects.toMatchObject({ code })
})

test.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['multipart/form-data; boundary="a b"; charset=utf-8', 'a b'],
])('the boundary of %s', (type, boundary) => {
  expect(boundaryOf(type)).toBe(boundary)
})

test.each([
  'multipart/form-data',
  'multipart/form-data; boundary=',
  `multipart/form-data; boundary=${'x'.repeat(300)}`,
])('a type without a boundary that can be used is refused (%s)', (type) => {
  expect(() => boundaryOf(type)).toThrow(expect.objectContaining({ code: 'malformed_multipart' }))
})
