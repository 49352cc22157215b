import { readFileSync, writeFileSync } from 'node:fs'
import { FaultSwitch } from '../faults.ts'
import { openOddFiles } from '../odd-files.ts'
import { openOriginals } from '../originals.ts'
import { openPictures } from '../pictures.ts'
import type { Sandbox, SandboxOptions } from '../providers.ts'
import { RequestBook } from '../requests.ts'
import { type Listener, listen, type Site } from '../server.ts'
import { openAccount } from './account.ts'
import { accountsSite } from './accounts.ts'
import { galleriesSite } from './api.ts'
import { expectedLines } from './expected.ts'
import { originalsSite, picturesSite, streamSite } from './media.ts'
import type { Service } from './service.ts'
import { type SessionState, Sessions } from './sessions.ts'
import { Signing } from './signing.ts'
import { clientSite } from './site.ts'
import { Wire } from './wire.ts'

/** Short, so that whoever keeps an address instead of asking anew is caught. */
const signedSeconds = 20

/** Pixieset: six hosts, each on its own port of loopback. */
export async function startPixieset(options: SandboxOptions): Promise<Sandbox> {
  if (options.signIn !== null && options.signIn !== 'cookie' && options.signIn !== 'password')
    throw new TypeError('--sign-in is cookie or password')
  const pictures = await openPictures(options.pictures)
  const oddFiles = openOddFiles(pictures)
  const contents = openOriginals(pictures, oddFiles)
  const world = await openAccount(options, pictures, oddFiles)
  const faults = new FaultSwitch(options.seed)
  const requests = new RequestBook()
  const sessions = new Sessions(faults)
  const addresses = { accounts: '', galleries: '', site: '', pictures: '', originals: '', stream: '' }
  const service: Service = {
    world,
    sessions,
    faults,
    requests,
    addresses,
    signing: new Signing(signedSeconds),
    tricky: options.scenario === 'traps',
  }
  const wire = new Wire(service)
  const handOver = () => ({ cookie: sessions.header() })
  const shared = { faults, requests, expected: () => expectedLines(world, contents), handOver }
  const save = remember(options.state, sessions)

  const listeners: Listener[] = []
  const open = async (host: keyof typeof addresses, site: Site, port = 0) => {
    const listener = await listen(site, shared, port)
    listeners.push(listener)
    addresses[host] = listener.origin
    return listener.origin
  }
  await open('pictures', picturesSite(service, oddFiles))
  await open('originals', originalsSite(service, contents), options.originalsPort)
  await open('stream', streamSite(service, contents))
  const accounts = await open('accounts', accountsSite(service))
  const site = await open('site', clientSite(service, wire))
  const galleries = await open('galleries', galleriesSite(service, wire), options.port)
  return {
    origin: galleries,
    endpoints: { accounts, galleries, site },
    credentials: options.signIn === 'password' ? { email: world.email, password: world.password } : handOver(),
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()))
      save()
    },
  }
}

/** Sessions outlive a restart where a state file is named. Returns what writes it. */
function remember(file: string | null, sessions: Sessions): () => void {
  if (file === null) return () => undefined
  try {
    sessions.state = JSON.parse(readFileSync(file, 'utf8')) as SessionState
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return () => writeFileSync(file, JSON.stringify(sessions.state), { mode: 0o600 })
}
