import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, it } from 'vitest'
import type { Sandbox } from './providers.ts'
import { call, signIn } from './testing.ts'

const running: ChildProcess[] = []
afterEach(async () => {
  for (const child of running.splice(0)) if (child.exitCode === null) await stopped(child, 'SIGKILL')
})

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  return child
}

async function ready(child: ChildProcess): Promise<Sandbox> {
  const [line] = await once(createInterface({ input: child.stdout! }), 'line')
  return JSON.parse(line)
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, 'exit')
  child.kill(signal)
  return (await exit)[0]
}

it('prints one line when it is ready and exits 0 on SIGTERM', async () => {
  const child = start('zenfolio', '--scenario', 'plain', '--galleries', '1', '--photos', '1', '--pictures', 'tiny')
  const sandbox = await ready(child)
  expect(sandbox).toEqual({
    ready: true,
    provider: 'zenfolio',
    origin: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    endpoints: { api: `${sandbox.origin}/api/1.8/zfapi.asmx` },
    credentials: { loginName: 'studio-licht-1', password: expect.any(String) },
  })
  expect(await stopped(child, 'SIGTERM')).toBe(0)
})

it('keeps tokens over a restart where a state file is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-state-'))
  try {
    const args = [
      'zenfolio',
      '--galleries',
      '1',
      '--photos',
      '1',
      '--pictures',
      'tiny',
      '--state',
      join(folder, 'state.json'),
    ]
    const first = start(...args)
    const token = (await signIn(await ready(first))).result
    await stopped(first, 'SIGTERM')
    const second = await ready(start(...args))
    expect((await call(second, 'LoadPrivateProfile', '[]', token)).error).toBeNull()
  } finally {
    await rm(folder, { recursive: true })
  }
})

it.each([['nowhere'], ['zenfolio', '--galleries', 'many'], ['zenfolio', '--pictures', 'huge'], ['zenfolio', '--what']])(
  'exits 2 and says how it is used for %s %s %s',
  async (...args) => {
    const child = start(...args)
    expect((await once(child, 'exit'))[0]).toBe(2)
  },
)
