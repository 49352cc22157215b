import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChildDidNotStart, type ChildPlan, child } from './child.ts'
import { type Supervisor, supervisor } from './supervisor.ts'

const quick = { backoffMilliseconds: [10], steadyMilliseconds: 60_000 }
let dir: string
let told: string[]
let asked: AbortController
let supervising: Supervisor
let door: Door

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pass-supervisor-'))
  told = []
  asked = new AbortController()
  supervising = supervisor((line) => told.push(line), asked.signal, quick)
  door = await openDoor()
})

afterEach(async () => {
  await supervising.stop()
  door.close()
  await rm(dir, { recursive: true, force: true })
})

describe('the supervisor', () => {
  it('has started something when that answers at its address', async () => {
    const port = await door.freePort()
    const plan = await script(
      'web',
      `import { createServer } from 'node:http'
      createServer((_, answer) => answer.end('here')).listen(${port}, '127.0.0.1')`,
    )
    await supervising.start(service({ ...plan, ready: { url: `http://127.0.0.1:${port}` } }))
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('here')
  })

  it('starts a killed child again and tells so', async () => {
    await supervising.start(service(await script('patient', `${connect} ${ready}`)))
    const first = await door.next()
    process.kill(first.pid, 'SIGKILL')
    const second = await door.next()
    expect(second.pid).not.toBe(first.pid)
    expect(told).toEqual(['patient was ended by SIGKILL; starting it again'])
  })

  it('takes along what a killed child had started', async () => {
    const inner = await script('inner', `${connect} setInterval(() => {}, 1e6)`)
    const outer = await script(
      'outer',
      `
      import { spawn } from 'node:child_process'
      spawn(process.execPath, [${JSON.stringify(inner.args[0])}])
      ${connect} ${ready}`,
    )
    await supervising.start(service(outer))
    const [one, other] = [await door.next(), await door.next()]
    const [child, grandchild] = one.name === 'outer' ? [one, other] : [other, one]
    process.kill(child.pid, 'SIGKILL')
    await grandchild.gone
  })

  it('stops the latest group first and waits until it has drained', async () => {
    const log = join(dir, 'order')
    const draining = (name: string, milliseconds: number) =>
      script(
        name,
        `
        import { appendFileSync } from 'node:fs'
        process.on('SIGTERM', () => setTimeout(() => {
          appendFileSync(${JSON.stringify(log)}, '${name} ')
          process.exit(0)
        }, ${milliseconds}))
        ${ready}`,
      )
    await supervising.start(service(await draining('database', 0)))
    await supervising.start(service(await draining('console', 0)))
    await supervising.start(service(await draining('worker', 100)))
    await supervising.stop()
    expect(await readFile(log, 'utf8')).toBe('worker console database ')
    expect(told).toEqual([])
  })

  it('kills what does not drain in its time', async () => {
    const deaf = await script('deaf', `process.on('SIGTERM', () => {}); ${connect} ${ready}`)
    await supervising.start(service({ ...deaf, drainSeconds: 0.1 }))
    const { gone } = await door.next()
    await supervising.stop()
    await gone
  })

  it('gives up on what never comes up, in the last words of its log', async () => {
    const broken = await script('broken', `process.stderr.write('the cellar is flooded\\n'); process.exit(9)`)
    const failure = await supervising.start(service(broken)).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ChildDidNotStart)
    expect(String(failure)).toMatch(/broken exited with 9[\s\S]*the cellar is flooded/)
    expect(await readFile(join(dir, 'broken.log'), 'utf8')).toBe('the cellar is flooded\n'.repeat(3))
  })

  it('lets nobody start once it was asked to stop', async () => {
    const slow = await script('slow', connect)
    const starting = supervising.start(service(slow)).catch((error: unknown) => error)
    const { gone } = await door.next()
    asked.abort(new Error('enough'))
    expect(await starting).toMatchObject({ message: 'enough' })
    await gone
  })

  it('takes its children along when it is killed itself', async () => {
    const plan = await script('orphan', `${connect} ${ready}`)
    const program = `
      import { child } from ${JSON.stringify(join(import.meta.dirname, 'child.ts'))}
      const plan = { ...${JSON.stringify(plan)}, ready: { line: () => true } }
      await child(plan, ${JSON.stringify(dir)}, () => {}).start(new AbortController().signal)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' })
    const { gone } = await door.next()
    parent.kill('SIGKILL')
    await gone
  })

  it('shows warnings on the terminal once and everything in the log', async () => {
    const lines = [
      { level: 30, msg: 'fine' },
      { level: 40, msg: 'low', err: 'disk' },
      { level: 40, msg: 'low', err: 'disk' },
    ]
    const text = lines.map((line) => JSON.stringify(line)).join('\n')
    await supervising.start(
      service(await script('talker', `process.stderr.write(${JSON.stringify(`${text}\n`)}, () => { ${ready} })`)),
    )
    await supervising.stop()
    expect(told).toEqual(['talker: low: disk'])
    expect((await readFile(join(dir, 'talker.log'), 'utf8')).split('\n').filter(Boolean)).toHaveLength(4)
  })
})

const ready = `process.stdout.write('{"event":"ready"}\\n'); setInterval(() => {}, 1e6);`
// A connection that closes when the process is gone, however it went.
const connect = `
  const { connect } = await import('node:net')
  connect(Number(process.env.DOOR), '127.0.0.1').on('error', () => {}).write(process.pid + ' ' + process.argv[1] + '\\n');`

async function script(name: string, source: string): Promise<ChildPlan> {
  const file = join(dir, `${name}.mjs`)
  await writeFile(file, source)
  const env = { ...process.env, DOOR: `${door.port}` }
  return {
    name,
    args: [file],
    env,
    ready: { line: (line) => (line as { event?: string })?.event === 'ready' },
    drainSeconds: 5,
  }
}

const service = (plan: ChildPlan) => child(plan, dir, (line) => told.push(line))

interface Visitor {
  pid: number
  name: string
  gone: Promise<unknown>
}

interface Door {
  port: number
  next(): Promise<Visitor>
  freePort(): Promise<number>
  close(): void
}

async function openDoor(): Promise<Door> {
  const server = createServer()
  const visitors = on(server, 'connection')
  const port = await listen(server)
  return {
    port,
    next: async () => {
      const socket = (await visitors.next()).value![0] as Socket
      const gone = once(socket, 'close')
      const [line] = await once(socket, 'data')
      const [pid, file] = String(line).trim().split(' ')
      return { pid: Number(pid), name: file!.replace(/^.*\/|\.mjs$/g, ''), gone }
    },
    async freePort() {
      const other = createServer()
      const free = await listen(other)
      await new Promise((resolve) => other.close(resolve))
      return free
    },
    close: () => server.close(),
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
}
