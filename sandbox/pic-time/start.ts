import { readFileSync, writeFileSync } from 'node:fs'
import { FaultSwitch } from '../faults.ts'
import { openOddFiles } from '../odd-files.ts'
import { openOriginals } from '../originals.ts'
import { openPictures } from '../pictures.ts'
import type { Sandbox, SandboxOptions } from '../providers.ts'
import { RequestBook } from '../requests.ts'
import { listen } from '../server.ts'
import { openAccount } from './account.ts'
import { accountSite } from './account-site.ts'
import { Archive } from './archive.ts'
import { Cdn, cdnSite } from './cdn-site.ts'
import { expectedLines } from './expected.ts'
import { Exports } from './exports.ts'
import { loginSite } from './login-site.ts'
import type { Service } from './service.ts'
import { Sessions } from './sessions.ts'

/** Pic-Time: the sign-in, the account and the CDN, each an origin of its own on loopback. */
export async function startPicTime(options: SandboxOptions): Promise<Sandbox> {
  const pictures = await openPictures(options.pictures)
  const oddFiles = openOddFiles(pictures)
  const originals = openOriginals(pictures, oddFiles)
  const world = openAccount(options, pictures)
  const faults = new FaultSwitch(options.seed, { thawSeconds: options.thawSeconds })
  const requests = new RequestBook()
  const addresses = { login: '', account: '', cdn: '' }
  const archive = new Archive(faults)
  const service: Service = {
    world,
    faults,
    sessions: new Sessions(faults),
    archive,
    exports: new Exports(archive, originals),
    originals,
    cdn: new Cdn(() => addresses.cdn),
    addresses,
  }
  const save = remember(options.state, service)
  const handOver = () => ({ cookie: service.sessions.header(), baseUrl: addresses.account })
  const shared = { faults, requests, expected: () => expectedLines(world, originals), handOver }

  const cdn = await listen(cdnSite(service, oddFiles, requests), shared, options.originalsPort)
  const account = await listen(accountSite(service, requests), shared, options.port)
  const login = await listen(loginSite(service, requests), shared, 0)
  Object.assign(addresses, { login: login.origin, account: account.origin, cdn: cdn.origin })
  const byForm = options.signIn === 'password'
  return {
    origin: account.origin,
    // With a form the account's origin is found by signing in.
    endpoints: byForm ? { login: login.origin } : { login: login.origin, base: account.origin },
    credentials: byForm ? { email: world.email, password: world.password } : handOver(),
    async close() {
      await Promise.all([login.close(), account.close(), cdn.close()])
      save()
    },
  }
}

/** Sessions and retrievals outlive a restart where a state file is named. Returns what writes it. */
function remember(file: string | null, { sessions, archive }: Service): () => void {
  if (file === null) return () => undefined
  try {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as Pick<Service, 'sessions' | 'archive'>
    sessions.state = saved.sessions.state
    archive.state = saved.archive.state
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  const state = () => JSON.stringify({ sessions: { state: sessions.state }, archive: { state: archive.state } })
  return () => writeFileSync(file, state(), { mode: 0o600 })
}
