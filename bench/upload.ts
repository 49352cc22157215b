// One JPEG of 2 MB to its WebP by POST /upload, on a system that does nothing else: what our code takes of it, which is
// everything but decode and encode. Sharp alone takes its turn after each upload.
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createClient } from '#server/clients.ts'
import { parseInstructions } from '#server/instructions.ts'
import { createKey } from '#server/keys.ts'
import type { BareRender } from './bare-render.ts'
import { hireCrew } from './crew.ts'
import { type Findings, median } from './figures.ts'
import { startMedia } from './hosts.ts'
import { drawNormal, padded } from './pictures.ts'
import { createSender } from './sender.ts'
import { type Bench, setUp } from './setting.ts'

const pictureBytes = 2_000_000
const warming = 8
const instructions = { resize: { width: 1200, height: 1200 }, format: 'webp', quality: 80 } as const

export async function uploadBench({ photos: count = 60, signal, say }: Bench): Promise<Findings> {
  await using setting = await setUp({ durable: true })
  const { house, folder } = setting
  const picture = padded(await drawNormal(), pictureBytes)
  const { id: clientId } = await createClient(house, 'bench', { name: 'Single' })
  const { key } = await createKey(house, 'bench', { clientId, scopes: ['upload'] })
  const workers = availableParallelism()
  await Promise.all(Array.from({ length: workers }, () => house.startWorker('render')))
  await using media = await startMedia(setting)
  const sender = createSender({ port: media.port, key, instructions: JSON.stringify(instructions) })
  await using crew = await hireCrew('bare-render.ts', { processes: 1, parallel: 1 })

  const path = join(folder, 'single.jpg')
  const out = join(folder, 'bare')
  await mkdir(out)
  await writeFile(path, Buffer.concat(picture.parts(randomUUID().slice(0, 32))))
  const bare: BareRender = { paths: [path], renditions: { web: parseInstructions(instructions) }, out }

  async function upload(): Promise<number> {
    const told = await sender.send('single.jpg', picture.parts(randomUUID().slice(0, 32)))
    if (told.status !== 200 || told.state !== 'completed') throw new Error(`${told.status}: ${told.state}`)
    return told.milliseconds
  }

  say('Warming up …')
  for (let n = 0; n < warming; n++) {
    await upload()
    await crew.run(bare, 1)
  }
  say(`${count} uploads, one after the other …`)
  const [whole, alone]: [number[], number[]] = [[], []]
  for (let n = 0; n < count; n++) {
    signal.throwIfAborted()
    whole.push(await upload())
    alone.push((await crew.run(bare, 1)) * 1000)
  }
  sender.close()
  const ours = whole.map((took, n) => took - alone[n]!).toSorted((a, b) => a - b)
  return {
    figures: [
      { name: 'time in our code, median', unit: 'ms', value: median(ours), target: { most: 40 } },
      { name: '  9 of 10', unit: 'ms', value: ours[Math.floor(ours.length * 0.9)]! },
      { name: 'the whole upload, median', unit: 'ms', value: median(whole) },
      { name: 'Sharp alone with the same file, median', unit: 'ms', value: median(alone) },
    ],
    notes: [
      `${pictureBytes / 1e6} MB, to 1200 px WebP; ${count} uploads in turns with Sharp alone, from the first byte sent to the whole answer`,
      `${workers} worker processes, PostgreSQL and the store with fsync; Sharp alone reads the file and writes its WebP without`,
    ],
  }
}
