import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimDataDir } from '#server/datadir.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pass-start-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

describe('npm start', () => {
  it('names the port that is taken and the variable to change, before anything is started', async () => {
    const squatter = createServer().listen(0, '127.0.0.1')
    await once(squatter, 'listening')
    const { port } = squatter.address() as { port: number }
    const { code, said } = await start({ MEDIA_PORT: `${port}` })
    squatter.close()
    expect(code).toBe(1)
    expect(said).toMatch(new RegExp(`port ${port} .*MEDIA_PORT.*\\[port_in_use\\]`))
    expect(await readdir(join(dir, 'data'))).not.toContain('postgres')
  })

  it('refuses one port for two things', async () => {
    const { code, said } = await start({ PORT: '45871', MEDIA_PORT: '45871' })
    expect(code).toBe(1)
    expect(said).toContain('[port_in_use]')
  })

  it('refuses a second system in one data directory', async () => {
    const first = await claimDataDir(join(dir, 'data'))
    const { code, said } = await start({})
    await first.release()
    expect(code).toBe(1)
    expect(said).toContain('[already_running]')
  })

  it('refuses the data of a newer version', async () => {
    await mkdir(join(dir, 'data'))
    await writeFile(join(dir, 'data/version'), '99\n')
    const { code, said } = await start({})
    expect(code).toBe(1)
    expect(said).toContain('[data_dir_newer]')
  })

  it('names a variable with a wrong value', async () => {
    const { code, said } = await start({ PASS_WORKERS: 'many' })
    expect(code).toBe(1)
    expect(said).toMatch(/PASS_WORKERS.*\[wrong_environment\]/)
  })

  it.each([
    ['goes on with its data', [], 'Stopped. The next start goes on where this one was.'],
    ['throws its data away', ['--afresh'], 'Stopped. The next demo begins anew.'],
  ])('says at its end that the next one %s', async (_what, args, last) => {
    const { code, said } = await start({ PASS_DEMO: '0' }, ['--dev', ...args], 'Starting PostgreSQL')
    expect(code).toBe(0)
    expect(said.trimEnd().split('\n').at(-1)).toBe(last)
  })

  it('says in one line that the database it was given does not answer', async () => {
    const { code, said } = await start({ DATABASE_URL: 'postgres://a:b@127.0.0.1:1/pass' }, ['--dev'])
    expect(code).toBe(1)
    expect(said).toMatch(/^Not started: .*\[temporarily_unavailable\]\n$/)
  })
})

/** `stopAt`: as soon as it says that, it is asked to stop. */
async function start(variables: Record<string, string>, args: string[] = [], stopAt?: string) {
  const ports = { PORT: '45869', MEDIA_PORT: '45870' }
  const env = { ...process.env, PASS_DATA_DIR: join(dir, 'data'), ...ports, ...variables }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'start.ts'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (stopAt) child.stdout.on('data', (said: Buffer) => said.includes(stopAt) && child.kill())
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return { code, said }
}
