import { expect, test } from 'vitest'
import { BrokenOff, readElements } from './elements.ts'

/** In pieces of so many bytes. */
async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(text: string, size = 1e6) {
  const found: [string, unknown][] = []
  const rest = await readElements(pieces(text, size), ['photos', 'videos'], (key, element) =>
    found.push([key, element]),
  )
  return { rest, found }
}

const document = {
  data: {
    id: 7,
    name: 'a "photos": [ } ü 👩‍👩‍👧',
    photos: [
      { id: 1, name: '[{"photos":[\\"]', photos: [1, 2] },
      { id: 2, nested: { deep: [[{}], '}'] } },
      'text, with ] and ,',
      -1.5e3,
      null,
      [],
    ],
    tail: [{ photos_count: 3 }],
    videos: [],
    description: '\\',
  },
}

test.each([1, 2, 3, 7, 64, 1e6])('finds what JSON.parse finds, in pieces of %s bytes', async (size) => {
  for (const text of [JSON.stringify(document), JSON.stringify(document, null, 2)]) {
    const { rest, found } = await read(text, size)
    expect(rest).toEqual({ data: { ...document.data, photos: [] } })
    expect(found).toEqual(document.data.photos.map((photo) => ['photos', photo]))
  }
})

test('leaves null, other types and lists deeper than the set to the rest', async () => {
  const text = '{"data":{"photos":null,"videos":{"photos":[1]},"a":{"b":{"c":{"photos":[2]}}}}}'
  const { rest, found } = await read(text)
  expect(found).toEqual([['photos', 1]])
  expect(rest).toEqual({ data: { photos: null, videos: { photos: [] }, a: { b: { c: { photos: [2] } } } } })
})

test('tells a text that ended too early from one that is no JSON', async () => {
  const text = JSON.stringify(document)
  for (let length = 0; length < text.length; length++)
    await expect(read(text.slice(0, length)), text.slice(0, length)).rejects.toBeInstanceOf(BrokenOff)
  for (const bad of ['{"photos":[{]}', '{"data":}', '{"photos":[1] 2}'])
    await expect(read(bad), bad).rejects.toBeInstanceOf(SyntaxError)
})
