import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeView, savedViews, saveView } from './saved-views.ts'
import { type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

async function aPerson(): Promise<string> {
  const id = randomUUID()
  await house.pool.query('insert into users (id, name, email) values ($1, $1, $1)', [id])
  return id
}

test('a view is its person’s alone, to see and to remove', async () => {
  const [lena, tom] = [await aPerson(), await aPerson()]
  const view = await saveView(house, lena, { name: 'Weddings, stuck', query: 'tab=attention&q=wedding' })
  expect(await savedViews(house, lena)).toEqual([view])
  expect(await savedViews(house, tom)).toEqual([])
  await expect(removeView(house, tom, view.id)).rejects.toMatchObject({ code: 'not_found' })
  await removeView(house, lena, view.id)
  expect(await savedViews(house, lena)).toEqual([])
})

test('the same name again replaces what it stood for', async () => {
  const lena = await aPerson()
  const first = await saveView(house, lena, { name: 'Mine', query: 'tab=moving' })
  const second = await saveView(house, lena, { name: 'Mine', query: 'tab=paused' })
  expect(second.id).toBe(first.id)
  expect(await savedViews(house, lena)).toEqual([second])
})

test('there are fifty, and what they stand for can still be changed then', async () => {
  const lena = await aPerson()
  for (let n = 0; n < 50; n++) await saveView(house, lena, { name: `View ${n}`, query: '' })
  await expect(saveView(house, lena, { name: 'One more', query: '' })).rejects.toMatchObject({ code: 'too_many_views' })
  expect(await saveView(house, lena, { name: 'View 7', query: 'tab=done' })).toMatchObject({ query: 'tab=done' })
})
