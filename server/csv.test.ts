import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCsv } from './csv.ts'

const cells = (text: string) => parseCsv(text).map((row) => row.cells)

test('reads quoted cells, doubled quotes and line ends inside them', () => {
  expect(cells('a,"b, c"\r\n"d ""e""","f\ng"')).toEqual([
    ['a', 'b, c'],
    ['d "e"', 'f\ng'],
  ])
})

test('rows know the line they begin at, empty ones are left out', () => {
  expect(parseCsv('a,b\n\n"c\nc",d\r\n , \n\re,f').map(({ line, cells }) => [line, cells[0]])).toEqual([
    [1, 'a'],
    [3, 'c\nc'],
    [7, 'e'],
  ])
})

test('the separator is the one that the first line is divided by', () => {
  expect(cells('a;"b,c,d"\n1;2')).toEqual([
    ['a', 'b,c,d'],
    ['1', '2'],
  ])
  expect(cells('\uFEFFa\tb')).toEqual([['a', 'b']])
})

test('whatever is written comes back as it was', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'ß', ' ', ',', ';', '\t', '"', '\n', '\r') })
  const row = fc.tuple(cell, cell).filter((each) => each.some((text) => text.trim() !== ''))
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), (rows) => {
      const text = [['x', 'y'], ...rows].map((each) => each.map((text) => `"${text.replaceAll('"', '""')}"`).join(','))
      expect(cells(text.join('\r\n')).slice(1)).toEqual(rows)
    }),
  )
})
