import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pass-bootstrap-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

describe('the bootstrap', () => {
  it('runs a script on Node 24 with its arguments, and ends with its exit code', async () => {
    const child = await run(
      `process.stdout.write(process.version + ' ' + process.argv.slice(2)); process.exitCode = 3`,
      'a',
      'b c',
    )
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    expect(said).toMatch(/^v24\.\d+\.\d+ a,b c$/)
    expect(code).toBe(3)
  })

  it('passes one interrupt on when the terminal and npm both send it', async () => {
    const child = await run(`
      let interrupts = 0
      process.on('SIGINT', () => interrupts++)
      process.on('SIGTERM', () => { process.stdout.write('interrupts: ' + interrupts); process.exit(0) })
      process.stdout.write('up ')
      setInterval(() => process.send?.('alive'), 1e6)`)
    const said = text(child.stdout)
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    child.kill('SIGINT')
    const asLongAsItTakes = setInterval(() => child.kill('SIGTERM'), 600)
    await once(child, 'exit')
    clearInterval(asLongAsItTakes)
    expect(await said).toContain('interrupts: 1')
  })

  it('leaves nothing running when it is killed', async () => {
    const door = createServer().listen(0, '127.0.0.1')
    await once(door, 'listening')
    const { port } = door.address() as { port: number }
    const child = await run(`import { connect } from 'node:net'; connect(${port}, '127.0.0.1')`)
    const [socket] = (await once(door, 'connection')) as [Socket]
    child.kill('SIGKILL')
    await once(socket.resume(), 'close')
    door.close()
  })
})

async function run(source: string, ...args: string[]) {
  const script = join(dir, 'script.mjs')
  await writeFile(script, source)
  const bootstrap = join(import.meta.dirname, 'bootstrap.mjs')
  return spawn(process.execPath, [bootstrap, script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}
