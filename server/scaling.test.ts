import { expect, test } from 'vitest'
import { type Demand, scaling, wantedWorkers } from './scaling.ts'

const idle = (name: Demand['name'], group: Demand['group']): Demand => ({
  ...{ name, group, ready: 0, active: 0, oldestSeconds: 0, paused: false },
})
const render = (change: Partial<Demand>): Demand => ({ ...idle('render-photos', 'render'), ...change })
const wanted = (demands: Demand[], working = 2) => wantedWorkers('render', demands, working, scaling.least)

test('a group without work has the least', () => {
  expect(wanted([render({})])).toEqual({ workers: 2, because: 'least', queue: null })
})

test('each worker has four rounds of work before it: two jobs at once make a worker for every eight', () => {
  expect(wanted([render({ ready: 20, active: 4 })])).toEqual({ workers: 3, because: 'ready', queue: 'render-photos' })
  expect(wanted([render({ ready: 21, active: 4 })])).toMatchObject({ workers: 4 })
})

test('the queue that asks for most decides', () => {
  const demands = [render({ ready: 24 }), { ...idle('reconcile-gallery', 'render'), ready: 80 } as const]
  expect(wanted(demands)).toEqual({ workers: 10, because: 'ready', queue: 'reconcile-gallery' })
})

test('where the oldest waits for more than a minute there is one more than now', () => {
  expect(wanted([render({ ready: 3, oldestSeconds: 61 })], 4)).toMatchObject({ workers: 5, because: 'oldest' })
  expect(wanted([render({ ready: 3, oldestSeconds: 60 })], 4)).toMatchObject({ workers: 2 })
  expect(wanted([render({ ready: 0, oldestSeconds: 61 })], 4)).toMatchObject({ workers: 2 })
})

test('there are never more than twenty', () => {
  expect(wanted([render({ ready: 100_000, oldestSeconds: 600 })], 20)).toMatchObject({ workers: 20 })
})

test('a paused queue and those of other groups ask for nobody', () => {
  const others = { ...idle('fetch-photos', 'transfer'), ready: 5000 } as const
  expect(wanted([render({ ready: 5000, paused: true }), others])).toMatchObject({ workers: 2, because: 'least' })
})
