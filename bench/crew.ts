// The bare loops that the pipeline is measured against: as many processes as workers, each with as many items at once,
// given work in portions as they ask for it, so that none waits for another at the end.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

interface Order {
  settings: unknown
  parallel: number
}

type Asks = { ask: true } | { done: true } | { failed: string }

export interface Crew {
  pids: number[]
  /** Seconds until `count` items are through. */
  run(settings: unknown, count: number): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}

export async function hireCrew(script: string, options: { processes: number; parallel: number }): Promise<Crew> {
  const hands = Array.from({ length: options.processes }, () =>
    fork(join(import.meta.dirname, script), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  )
  await Promise.all(hands.map((hand) => once(hand, 'message')))
  return {
    pids: hands.map((hand) => hand.pid!),
    async run(settings, count) {
      let next = 0
      const began = performance.now()
      await Promise.all(
        hands.map((hand) =>
          served(hand, { settings, parallel: options.parallel }, () => {
            const from = next
            next = Math.min(count, from + portion)
            return Array.from({ length: next - from }, (_, i) => from + i)
          }),
        ),
      )
      return (performance.now() - began) / 1000
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        hands.map(async (hand) => {
          const exit = once(hand, 'exit')
          hand.disconnect()
          await exit
        }),
      )
    },
  }
}

const portion = 10

async function served(hand: ChildProcess, order: Order, portionOf: () => number[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const hear = (said: Asks) => {
    if ('ask' in said) hand.send({ items: portionOf() })
    else if ('done' in said) resolve()
    else reject(new Error(said.failed))
  }
  const gone = () => reject(new Error('a process of the baseline ended'))
  hand.on('message', hear).once('exit', gone)
  try {
    hand.send(order)
    await promise
  } finally {
    hand.off('message', hear).off('exit', gone)
  }
}

/** In the process: `each` is called for every item, `parallel` at once. Ends with the one who started it. */
export function serve<Settings>(each: (item: number, settings: Settings) => Promise<void>): void {
  let items: number[] = []
  let empty = false
  let asked: Promise<void> | undefined
  let answered = () => {}

  const ask = () => {
    asked ??= new Promise<void>((resolve) => (answered = resolve)).then(() => {
      asked = undefined
    })
    process.send!({ ask: true })
    return asked
  }
  const lane = async (settings: Settings) => {
    for (;;) {
      const item = items.shift()
      if (item !== undefined) await each(item, settings)
      else if (empty) return
      else await (asked ?? ask())
    }
  }
  process.on('message', (said: Order | { items: number[] }) => {
    if ('items' in said) {
      items.push(...said.items)
      empty = said.items.length === 0
      answered()
      return
    }
    items = []
    empty = false
    Promise.all(Array.from({ length: said.parallel }, () => lane(said.settings as Settings))).then(
      () => process.send!({ done: true }),
      (error: Error) => process.send!({ failed: String(error.stack) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
  process.send!({ ready: true })
}
