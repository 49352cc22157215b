import { readFileSync, writeFileSync } from 'node:fs'
import { FaultSwitch } from '../faults.ts'
import { openOddFiles } from '../odd-files.ts'
import { openOriginals } from '../originals.ts'
import { openPictures } from '../pictures.ts'
import type { Sandbox, SandboxOptions } from '../providers.ts'
import { RequestBook } from '../requests.ts'
import { listen } from '../server.ts'
import { openAccount } from './account.ts'
import { Addresses } from './addresses.ts'
import { authSite, FaultsBefore } from './auth.ts'
import { expectedLines } from './expected.ts'
import { filesSite } from './files.ts'
import { panelSite } from './panel.ts'
import type { Service } from './service.ts'
import { apiSite } from './studio.ts'
import { type TokenState, Tokens } from './tokens.ts'
import { Wire } from './wire.ts'
import type { World } from './world.ts'
import { ZipDesk } from './zips.ts'

/** Seconds that the address of an original lives. */
const addressLife = 30

/**
 * ShootProof: the API, the host of tokens, the studio panel and the host of the files. Where a port is named, tokens and
 * panel listen on the two above it.
 */
export async function startShootproof(options: SandboxOptions): Promise<Sandbox> {
  const pictures = await openPictures(options.pictures)
  const originals = openOriginals(pictures, openOddFiles(pictures))
  const world = openAccount(options, pictures)
  const faults = new FaultSwitch(options.seed, { thawSeconds: options.thawSeconds })
  const requests = new RequestBook()
  const tokens = new Tokens(faults)
  const addresses = new Addresses(options.seed, addressLife)
  const at = { api: '', auth: '', studio: '' }
  const wire = new Wire(at, addresses)
  const mostRows = options.scenario === 'plain' ? 60 : 12
  const service: Service = { world, faults, requests, tokens, addresses, wire, mostRows, at }
  const zips = new ZipDesk(addresses, originals, () => faults.current.thawSeconds)
  const save = remember(options.state, tokens)
  const shared = {
    faults,
    requests,
    expected: () => expectedLines(world, originals),
    handOver: () => credentialsOf(options.signIn, world, tokens),
  }

  const above = (ports: number) => (options.port === 0 ? 0 : options.port + ports)
  const files = await listen(filesSite(service, originals, zips), shared, options.originalsPort)
  const api = await listen(apiSite(service, zips), shared, options.port)
  const auth = await listen(authSite(service), { ...shared, faults: new FaultsBefore(faults) }, above(1))
  const studio = await listen(panelSite(service), shared, above(2))
  addresses.origin = files.origin
  Object.assign(at, { api: api.origin, auth: auth.origin, studio: studio.origin })
  return {
    origin: api.origin,
    endpoints: { ...at },
    credentials: credentialsOf(options.signIn, world, tokens),
    async close() {
      await Promise.all([files, api, auth, studio].map((listener) => listener.close()))
      save()
    },
  }
}

/** By `refreshToken` where no way is named, else by `code`, `accessToken` or `password`. */
function credentialsOf(way: string | null, world: World, tokens: Tokens): Record<string, string> {
  const { clientId, email, password } = world
  const scope = 'studio'
  switch (way ?? 'refreshToken') {
    case 'refreshToken':
      return { clientId, refreshToken: tokens.refreshToken(clientId, scope) }
    case 'code': {
      const redirectUri = 'http://127.0.0.1/back'
      return { clientId, code: tokens.code(clientId, redirectUri, scope), redirectUri }
    }
    case 'accessToken':
      return { accessToken: tokens.access() }
    case 'password':
      return { email, password }
    default:
      throw new TypeError(`ShootProof has no way to sign in called ${way}`)
  }
}

/** Tokens outlive a restart where a state file is named. Returns what writes it. */
function remember(file: string | null, tokens: Tokens): () => void {
  if (file === null) return () => undefined
  try {
    tokens.state = JSON.parse(readFileSync(file, 'utf8')) as TokenState
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return () => writeFileSync(file, JSON.stringify(tokens.state), { mode: 0o600 })
}
