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
import { changesOf } from './changes.ts'
import { ColdStore } from './cold.ts'
import { expectedLines } from './expected.ts'
import type { Service } from './methods.ts'
import { originalsSite } from './originals.ts'
import { SignIn } from './sign-in.ts'
import { Wire } from './wire.ts'

/** Zenfolio Classic: the API and the host of the originals, each on its own port of loopback. */
export async function startZenfolio(options: SandboxOptions): Promise<Sandbox> {
  const pictures = await openPictures(options.pictures)
  const oddFiles = openOddFiles(pictures)
  const originals = openOriginals(pictures, oddFiles)
  const world = await openAccount(options, pictures, oddFiles)
  const faults = new FaultSwitch(options.seed, { thawSeconds: options.thawSeconds })
  const requests = new RequestBook()
  const addresses = { api: '', originals: '' }
  const service: Service = {
    world,
    faults,
    wire: new Wire(addresses, (id) => world.photo(id)),
    signIn: new SignIn(world, faults),
    cold: new ColdStore(faults),
    tricky: options.scenario === 'traps',
  }
  const shared = {
    faults,
    requests,
    expected: () => expectedLines(world, originals),
    change: changesOf(world, pictures, options.seed),
  }
  const save = remember(options.state, service)

  const images = await listen(originalsSite(service, originals, oddFiles, requests), shared, options.originalsPort)
  addresses.originals = images.origin
  const api = await listen(apiSite(service, requests), shared, options.port)
  addresses.api = api.origin
  return {
    origin: api.origin,
    endpoints: { api: `${api.origin}/api/1.8/zfapi.asmx` },
    credentials: { loginName: world.loginName, password: world.password },
    async close() {
      await Promise.all([api.close(), images.close()])
      save()
    },
  }
}

/** Tokens and thawing clocks outlive a restart where a state file is named. Returns what writes it. */
function remember(file: string | null, { signIn, cold }: Service): () => void {
  if (file === null) return () => undefined
  try {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as { signIn: SignIn['state']; asked: ColdStore['asked'] }
    signIn.state = saved.signIn
    cold.asked = saved.asked
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return () => writeFileSync(file, JSON.stringify({ signIn: signIn.state, asked: cold.asked }), { mode: 0o600 })
}
