// What the console's server needs for its pages: every page is walked once, which tells what is asked for them, and then
// each document, each procedure and the first view of each subscription is asked for again and again, by itself.
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from '@playwright/test'
import { type Look, show } from '../e2e/every-page.ts'
import { type Figure, median } from './figures.ts'

const target = { most: 200 }

export interface Asked {
  /** Paths of the documents. */
  documents: Set<string>
  /** Name and input (JSON), once each. */
  queries: Map<string, { name: string; input: string | null }>
  subscriptions: Map<string, { name: string; input: string | null }>
}

export async function walk(page: Page, origin: string, looks: Look[], say: (line: string) => void): Promise<Asked> {
  const asked: Asked = { documents: new Set(), queries: new Map(), subscriptions: new Map() }
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (!url.pathname.startsWith('/api/trpc/') || request.method() !== 'GET') return
    const names = decodeURIComponent(url.pathname.slice('/api/trpc/'.length)).split(',')
    const text = url.searchParams.get('input')
    if (!url.searchParams.has('batch')) return void note(asked.subscriptions, names[0]!, text)
    const inputs = text ? (JSON.parse(text) as Record<string, unknown>) : {}
    names.forEach((name, index) => {
      const input = inputs[index]
      note(asked.queries, name, input === undefined ? null : JSON.stringify(input))
    })
  })
  for (const look of looks) {
    say(`  ${look.name}`)
    asked.documents.add(look.path)
    // What it is brought to after it has come may take longer than a test has patience; it has been asked for by then.
    await show(page, origin, look).catch(() => say('    it did not come to that state in time'))
    await delay(300) // what a page asks for once it stands
  }
  return asked
}

function note(known: Asked['queries'], name: string, input: string | null): void {
  known.set(`${name} ${input}`, { name, input })
}

/** Milliseconds until the whole answer is here; a subscription's: until its first view. One figure a page and a procedure. */
export async function serverTimes(
  origin: string,
  cookie: string,
  asked: Asked,
  times: number,
  say: (line: string) => void,
): Promise<Figure[]> {
  const measured = new Map<string, number[]>()
  const measure = async (name: string, once: () => Promise<void>) => {
    const took: number[] = []
    for (let time = 0; time <= times; time++) {
      const began = performance.now()
      await once()
      if (time > 0) took.push(performance.now() - began)
    }
    const before = measured.get(name)
    // Of a procedure that was asked in several ways, the slowest counts.
    if (!before || median(took) > median(before)) measured.set(name, took)
  }
  const headers = { cookie, accept: '*/*' }
  for (const path of asked.documents)
    await measure(`page ${path.replaceAll(/[0-9a-f-]{36}/g, '…')}`, async () => {
      await (await fetch(`${origin}${path}`, { headers })).arrayBuffer()
    })
  say(`${asked.queries.size} queries and ${asked.subscriptions.size} subscriptions, ${times} times each …`)
  for (const { name, input } of asked.queries.values())
    await measure(name, async () => {
      const answer = await fetch(`${origin}/api/trpc/${name}${input ? `?input=${encodeURIComponent(input)}` : ''}`, {
        headers,
      })
      await answer.arrayBuffer()
      if (answer.status >= 500) throw new Error(`${name} answered ${answer.status}`)
    })
  for (const { name, input } of asked.subscriptions.values())
    await measure(`${name} (first view)`, () =>
      firstView(`${origin}/api/trpc/${name}${input ? `?input=${encodeURIComponent(input)}` : ''}`, cookie),
    )
  for (const [name, took] of measured)
    if (median(took) > target.most)
      say(`  above ${target.most} ms: ${name}, ${took.map((each) => each.toFixed(0)).join(' ')}`)
  const figures = [...measured].map(([name, took]) => ({ name, took, value: median(took) }))
  return figures
    .toSorted((a, b) => b.value - a.value)
    .flatMap(({ name, took, value }): Figure[] => [
      { name: `${name} (longest ${Math.max(...took).toFixed(0)} ms)`, unit: 'ms', value, target },
    ])
}

async function firstView(url: string, cookie: string): Promise<void> {
  const stop = new AbortController()
  const answer = await fetch(url, { headers: { cookie, accept: 'text/event-stream' }, signal: stop.signal })
  let said = ''
  try {
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      said += piece
      if (/^data: .*"json"/m.test(said)) return
    }
  } finally {
    stop.abort()
  }
  throw new Error(`${url} ended without a view: ${said.slice(0, 200)}`)
}
