import { parseArgs } from 'node:util'
import { providers, type SandboxOptions } from './providers.ts'
import { type PictureSize, pictureSizes } from './scenes.ts'

const usage = `usage: node sandbox/main.ts <${Object.keys(providers).join('|')}> [--port 0] [--originals-port 0]
  [--scenario traps|plain] [--galleries 40] [--photos 100] [--seed 1] [--pictures ${Object.keys(pictureSizes).join('|')}]
  [--thaw-seconds 5] [--state FILE] [--sign-in WAY]
`

class WrongUse extends Error {}

try {
  const { provider, options } = readCommandLine()
  const start = providers[provider]
  if (!start) throw new WrongUse(`unknown provider ${provider}`)
  const stop = Promise.race(
    ['SIGTERM', 'SIGINT'].map((signal) => new Promise((resolve) => process.once(signal, resolve))),
  )
  const { origin, endpoints, credentials, close } = await start(options)
  process.stdout.write(`${JSON.stringify({ ready: true, provider, origin, endpoints, credentials })}\n`)
  await stop
  await close()
  process.exit(0)
} catch (error) {
  const wrongUse = error instanceof WrongUse || (error instanceof TypeError && 'code' in error)
  process.stderr.write(wrongUse ? `${error.message}\n${usage}` : `${error instanceof Error ? error.stack : error}\n`)
  process.exit(wrongUse ? 2 : 1)
}

function readCommandLine(): { provider: string; options: SandboxOptions } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '0' },
      'originals-port': { type: 'string', default: '0' },
      scenario: { type: 'string', default: 'traps' },
      galleries: { type: 'string', default: '40' },
      photos: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      pictures: { type: 'string', default: 'normal' },
      'thaw-seconds': { type: 'string', default: '5' },
      state: { type: 'string' },
      'sign-in': { type: 'string' },
    },
  })
  const [provider = '', ...more] = positionals
  if (more.length > 0) throw new WrongUse(`what is ${more.join(' ')}?`)
  const options = {
    port: whole('port', values.port, 65_535),
    originalsPort: whole('originals-port', values['originals-port'], 65_535),
    scenario: oneOf('scenario', values.scenario, ['traps', 'plain'] as const),
    galleries: whole('galleries', values.galleries, 8_000),
    photos: whole('photos', values.photos, 1_000_000),
    seed: whole('seed', values.seed, 999),
    pictures: oneOf('pictures', values.pictures, Object.keys(pictureSizes) as PictureSize[]),
    thawSeconds: whole('thaw-seconds', values['thaw-seconds'], 1_000_000),
    state: values.state ?? null,
    signIn: values['sign-in'] ?? null,
  }
  return { provider, options }
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > most) throw new WrongUse(`--${name} needs a whole number up to ${most}`)
  return value
}

function oneOf<Name extends string>(name: string, text: string, names: readonly Name[]): Name {
  const found = names.find((known) => known === text)
  if (!found) throw new WrongUse(`--${name} needs one of ${names.join(', ')}`)
  return found
}
