import { readFileSync, writeFileSync } from 'node:fs'
import { FaultSwitch } from '../faults.ts'
import { openOddFiles } from '../odd-files.ts'
import { openOriginals } from '../originals.ts'
import { openPictures } from '../pictures.ts'
import type { Sandbox, SandboxOptions } from '../providers.ts'
import { RequestBook } from '../requests.ts'
import { listen } from '../server.ts'
import { openAccount } from './account.ts'
import { apiSite } from './api.ts'
import { type BearerBook, Bearers } from './bearers.ts'
import { expectedLines } from './expected.ts'
import { originalsSite } from './originals.ts'
import type { Door } from './pages.ts'
import { Wire } from './wire.ts'

/** How the ready line's credentials sign in, and what stands in the way of it. */
const doors: Record<string, Door> = {
  bearer: 'open',
  browser: 'open',
  captcha: 'captcha',
  'second-step': 'second-step',
}

/** The new Zenfolio: the dashboard and the host of the originals, each on its own port of loopback. */
export async function startNextzen(options: SandboxOptions): Promise<Sandbox> {
  const way = options.signIn ?? 'bearer'
  const door = doors[way]
  if (!door) throw new RangeError(`--sign-in needs one of ${Object.keys(doors).join(', ')}`)
  const pictures = await openPictures(options.pictures)
  const oddFiles = openOddFiles(pictures)
  const originals = openOriginals(pictures, oddFiles)
  const world = await openAccount(options, pictures, oddFiles)
  const faults = new FaultSwitch(options.seed, { thawSeconds: options.thawSeconds })
  const requests = new RequestBook()
  const bearers = new Bearers(world, faults)
  const save = remember(options.state, bearers)
  const handOver = () => ({ bearer: bearers.issue() })
  const shared = { faults, requests, expected: () => expectedLines(world, originals), handOver }

  const cdn = await listen(originalsSite(world, originals, requests), shared, options.originalsPort)
  const wire = new Wire(world, faults)
  const pageMaximum = options.scenario === 'traps' ? 17 : 100
  const service = { world, wire, bearers, faults, requests, door, pageMaximum, cdn: () => cdn.origin }
  const app = await listen(apiSite(service), shared, options.port)
  return {
    origin: app.origin,
    endpoints: { app: app.origin, cdn: cdn.origin },
    credentials: way === 'bearer' ? handOver() : { email: world.email, password: world.password },
    async close() {
      await Promise.all([app.close(), cdn.close()])
      save()
    },
  }
}

/** Bearers outlive a restart where a state file is named. Returns what writes it. */
function remember(file: string | null, bearers: Bearers): () => void {
  if (file === null) return () => undefined
  try {
    bearers.book = JSON.parse(readFileSync(file, 'utf8')) as BearerBook
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return () => writeFileSync(file, JSON.stringify(bearers.book), { mode: 0o600 })
}
