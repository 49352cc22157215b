// 100,000 files announced in one upload run, as the console does it: pages over HTTP to the media API, one after the
// other, until the run takes bytes. Then the same list once more, as by somebody who comes back.
import { getRequestListener } from '@hono/node-server'
import { createClient } from '#server/clients.ts'
import { createUpload } from '#server/manifests/create.ts'
import { uploadToken } from '#server/manifests/tokens.ts'
import { senderRoutes } from '#server/media/senders.ts'
import { aSite } from '#server/testing-site.ts'
import { openReception } from '#server/uploads/receive.ts'
import type { Findings } from './figures.ts'
import { median } from './figures.ts'
import { familyCpuSeconds } from './processes.ts'
import { type Bench, setUp } from './setting.ts'

const announced = 100_000
/** As the console sends them. */
const pageFiles = 5000
/** A wedding has a few hundred pictures in a handful of folders. */
const setFiles = 100
const gallerySets = 5

export async function announceBench({ rounds = 3, photos = announced, signal, say }: Bench): Promise<Findings> {
  await using setting = await setUp({ durable: true })
  const { house } = setting
  const reception = openReception(house)
  const { origin, close } = await aSite(getRequestListener(senderRoutes(house, reception).fetch))
  const files = Array.from({ length: photos }, (_, n) => fileOf(n))
  const [first, again, cpu]: [number[], number[], number[]] = [[], [], []]
  const cpuSeconds = async () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6 + (await familyCpuSeconds(setting.postgresPid))
  }
  try {
    for (let round = 1; round <= rounds; round++) {
      signal.throwIfAborted()
      say(`${photos} files, round ${round} of ${rounds} …`)
      const client = await createClient(house, 'bench', { name: `Client ${round}` })
      const layout = { into: 'folders', root: null, title: 'Loose' } as const
      const { id } = await createUpload(house, 'bench', { clientId: client.id, renditions: ['thumb'], layout })
      const ask = askAs(origin, uploadToken(house, { runId: id, actor: 'bench' }).token)
      const before = await cpuSeconds()
      first.push(await seconds(() => announceAll(ask, files, true)))
      cpu.push((await cpuSeconds()) - before)
      again.push(await seconds(() => announceAll(ask, files, false)))
    }
  } finally {
    await reception.close()
    await close()
  }
  return {
    figures: [
      {
        name: `${photos} files announced, until the run takes bytes`,
        unit: 's',
        value: median(first),
        target: { most: 10 },
      },
      { name: '  CPU of it, sender and PostgreSQL included', unit: 's', value: median(cpu) },
      { name: 'the same list held against what is here', unit: 's', value: median(again) },
    ],
    notes: [
      `pages of ${pageFiles} over HTTP; ${photos / setFiles / gallerySets} galleries of ${gallerySets} sets; PostgreSQL with fsync, in an empty database; medians of ${rounds} rounds`,
    ],
  }
}

function fileOf(n: number) {
  const set = Math.floor(n / setFiles)
  const path = `Gallery ${Math.floor(set / gallerySets)}/Set ${set % gallerySets}/DSC_${String(n).padStart(6, '0')}.jpg`
  return { path, bytes: 5_000_000 + n, modified: 1_700_000_000_000 + n }
}

type Ask = (path: string, body: object) => Promise<void>

function askAs(url: string, token: string): Ask {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  return async (path, body) => {
    const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
    await answer.arrayBuffer()
  }
}

async function announceAll(ask: Ask, files: object[], add: boolean): Promise<void> {
  for (let from = 0; from < files.length; from += pageFiles)
    await ask('/uploads/files', { from, files: files.slice(from, from + pageFiles), add, replace: false })
  await ask('/uploads/complete', { files: files.length })
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const since = performance.now()
  await work()
  return (performance.now() - since) / 1000
}
