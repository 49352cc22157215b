// The sandbox provider beside the system. Once it has been set up it comes back at the same address with every start,
// because a source in the ledger points there.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Env } from '#server/env.ts'
import { type ChildPlan, child } from './child.ts'
import type { DemoSource } from './first-start.ts'
import { freePort } from './ports.ts'
import type { Service } from './supervisor.ts'

const provider = 'zenfolio'
const account = ['--scenario', 'plain', '--pictures', 'normal', '--galleries', '24', '--photos', '40']

const stateSchema = z.object({
  port: z.number(),
  originalsPort: z.number(),
  /** A run of it was started: nothing more to set up. */
  started: z.boolean(),
})

export interface Demo {
  service: Service
  /** Not yet in the ledger. */
  isNew: boolean
  /** Once the service answers. */
  source(): DemoSource
  /** It is in the ledger now. */
  remember(): Promise<void>
}

/** Null where there is none to show. `offered` where nobody asked for it or against it. */
export async function demo(env: Env, offered: boolean, tell: (line: string) => void): Promise<Demo | null> {
  const file = join(env.PASS_DATA_DIR, 'demo.json')
  const text = await readFile(file, 'utf8').catch(() => '')
  const wanted = env.PASS_DEMO ?? (Boolean(text) || offered)
  if (!wanted) return null
  const known = text ? stateSchema.parse(JSON.parse(text)) : undefined
  const state = known ?? { port: await freePort(), originalsPort: await freePort(), started: false }
  const keep = () => writeFile(file, `${JSON.stringify(state)}\n`, { mode: 0o600 })
  await keep()

  let said: DemoSource | undefined
  const ports = ['--port', `${state.port}`, '--originals-port', `${state.originalsPort}`]
  const memory = ['--state', join(env.PASS_DATA_DIR, 'sandbox.json')]
  const plan: ChildPlan = {
    name: 'sandbox',
    args: ['sandbox/main.ts', provider, ...ports, ...account, ...memory],
    env: process.env,
    ready: {
      line(line) {
        said ??= sourceOf(line)
        return said !== undefined
      },
    },
    drainSeconds: 10,
  }
  return {
    service: child(plan, join(env.PASS_DATA_DIR, 'logs'), tell),
    isNew: !state.started,
    source: () => said!,
    async remember() {
      state.started = true
      await keep()
    },
  }
}

const words = z.record(z.string(), z.string())
const readySchema = z.object({ endpoints: words, credentials: words })

function sourceOf(line: unknown): DemoSource | undefined {
  const parsed = readySchema.safeParse(line)
  return parsed.success ? { provider, ...parsed.data } : undefined
}
