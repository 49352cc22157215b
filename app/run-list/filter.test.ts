import { expect, test } from 'vitest'
import { addressOf, filterOf, isNarrowed, queryOf } from './filter.ts'

const client = '0b1c2d3e-0000-4000-8000-00000000abcd'
const person = { email: 'lena@pass.test' }

test('a filter and its address say the same, both ways', () => {
  const address = `tab=attention&kind=migration&provider=pixieset,zenfolio&client=${client}&staff=me,tom@pass.test&from=2026-01-01&to=2026-01-31&failedat=fetch-photos&q=villa+rosa&order=changed`
  const filter = filterOf(new URLSearchParams(address))
  expect(filter).toEqual({
    tab: 'attention',
    kind: 'migration',
    providers: ['pixieset', 'zenfolio'],
    clientId: client,
    staff: ['me', 'tom@pass.test'],
    from: '2026-01-01',
    to: '2026-01-31',
    failedAt: 'fetch-photos',
    text: 'villa rosa',
    order: 'changed',
  })
  expect(addressOf(filter)).toBe(address)
})

test('what an address has that nobody knows is left out', () => {
  const filter = filterOf(
    new URLSearchParams('tab=constructor&client=x&from=yesterday&kind=&provider=,&order=up&failedat=constructor'),
  )
  expect(filter).toEqual({ tab: 'all', order: 'newest' })
  expect([addressOf(filter), isNarrowed(filter)]).toEqual(['', false])
})

test('“me” is whoever looks, and days are days of where they are', () => {
  const filter = filterOf(new URLSearchParams('staff=me,lena@pass.test&from=2026-01-01'))
  expect(queryOf(filter, person, 'Europe/Berlin')).toEqual({
    tab: 'all',
    order: 'newest',
    staff: ['lena@pass.test'],
    from: '2026-01-01',
    zone: 'Europe/Berlin',
  })
})
