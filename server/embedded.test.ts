import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, PostgresDidNotStart, startEmbeddedPostgres } from './embedded.ts'

const asRoot = process.getuid?.() === 0
let dir: string
let running: EmbeddedPostgres[] = []

// Not traversable for others, as a home directory of root is not.
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pass-embedded-'))
})

afterEach(async () => {
  await Promise.all(running.map((postgres) => postgres.stop()))
  running = []
  await rm(dir, { recursive: true, force: true })
})

describe('embedded PostgreSQL', () => {
  it('is made at the first start and found again, with its rows and its port, at the second', async () => {
    const first = await start()
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n')
    await first.stop()
    const second = await start()
    expect(second.url).toBe(first.url)
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
  })

  it('loses nothing committed when it is killed, and starts again', async () => {
    const first = await start({ durable: true })
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n')
    process.kill(first.pid, 'SIGKILL')
    await first.exited
    const second = await start({ durable: true })
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
  })

  it('takes over from a PostgreSQL that outlived whoever started it', async () => {
    const first = await start()
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n')
    const second = await start()
    await first.exited
    expect(second.pid).not.toBe(first.pid)
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
  })

  it('starts although a stale pid file names a living stranger', async () => {
    const first = await start()
    await first.stop()
    const stale = `${process.pid}\n${join(dir, 'pg/data')}\n1700000000\n5432\n\n127.0.0.1\n  1234  1234\nready\n`
    await writeFile(join(dir, 'pg/data/postmaster.pid'), stale)
    const second = await start()
    expect(await ask(second.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }])
  })

  it('moves to another port when somebody else has taken its own', async () => {
    const first = await start()
    await first.stop()
    const squatter = createServer().listen(Number(new URL(first.url).port), '127.0.0.1')
    await once(squatter, 'listening')
    const second = await start()
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port)
    squatter.close()
  })

  it('listens on a socket of its own and on 127.0.0.1 only, wants its password on both, and keeps that from others', async () => {
    const { url } = await start()
    expect(await ask(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(await ask(url, 'SELECT inet_server_addr() AS by')).toEqual([{ by: null }])
    const tcp = new URL(url)
    tcp.search = ''
    expect(await ask(tcp.href, 'SELECT host(inet_server_addr()) AS by')).toEqual([{ by: '127.0.0.1' }])
    for (const wrong of [new URL(url), tcp]) {
      wrong.password = 'wrong'
      await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    }
    expect((await stat(join(dir, 'pg/password'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(dir, 'pg/data'))).mode & 0o777).toBe(0o700)
  })

  it('does with TCP alone where its folder lies too deep for a socket', async () => {
    const deep = await startEmbeddedPostgres({ dir: join(dir, 'a'.repeat(100)), durable: false })
    running.push(deep)
    expect(await ask(deep.url, 'SELECT host(inet_server_addr()) AS by')).toEqual([{ by: '127.0.0.1' }])
  })

  it('keeps text as UTF-8 and sorts it by code point on every machine', async () => {
    const { url } = await start()
    const sorted = await ask(url, `SELECT string_agg(t, '' ORDER BY t) AS t FROM unnest(ARRAY['ä','b','B','a','😀']) t`)
    expect(sorted).toEqual([{ t: 'Babä😀' }])
    expect(await ask(url, `SELECT upper('ä') AS t`)).toEqual([{ t: 'Ä' }])
  })

  it('says in its log’s words why it did not start', async () => {
    const first = await start()
    await first.stop()
    await writeFile(join(dir, 'pg/data/PG_VERSION'), '9\n')
    const failure = await start().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(PostgresDidNotStart)
    expect(String(failure)).toContain('initialized by PostgreSQL version 9')
  })

  it('begins again when making the cluster was interrupted', async () => {
    await mkdir(join(dir, 'pg/data.unfinished'), { recursive: true })
    await writeFile(join(dir, 'pg/data.unfinished/PG_VERSION'), '18\n')
    const { url } = await start()
    expect(await ask(url, 'SELECT 1 AS n')).toEqual([{ n: 1 }])
  })

  it.runIf(process.platform === 'linux')(
    'ends by itself when its parent is killed, and not by the terminal',
    async () => {
      const parent = startedElsewhere()
      const url = await firstLine(parent)
      const { pid, group } = await postmaster()
      expect(group).toBe(pid)
      const client = new Client({ connectionString: url })
      const cutOff = new Promise((resolve) => client.on('error', resolve))
      await client.connect()
      parent.kill('SIGKILL')
      await cutOff
      const next = await start()
      expect(await ask(next.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }])
    },
  )

  it.runIf(asRoot)(
    'runs as an unprivileged user for root, who may pass through closed folders and nothing else',
    async () => {
      const { pid } = await start()
      expect(await status(pid, 'Uid')).not.toContain('0')
      expect(await status(pid, 'CapEff')).toEqual([dacOverride])
    },
  )

  it.runIf(asRoot && openToAll(import.meta.dirname))(
    'has no rights at all where no folder is closed to it',
    async () => {
      await chmod(dir, 0o711)
      const { pid } = await start()
      expect(await status(pid, 'CapEff')).toEqual(['0000000000000000'])
    },
  )
})

const dacOverride = '0000000000000002' // CAP_DAC_OVERRIDE is bit 1

function openToAll(path: string): boolean {
  return Boolean(statSync(path).mode & 0o001) && (path === dirname(path) || openToAll(dirname(path)))
}

async function start(options: { durable?: boolean } = {}): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dir: join(dir, 'pg'), durable: false, ...options })
  running.push(postgres)
  return postgres
}

async function ask(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

function startedElsewhere(): ChildProcess {
  const script = `
    import { startEmbeddedPostgres } from '#server/embedded.ts'
    const { url } = await startEmbeddedPostgres({ dir: ${JSON.stringify(join(dir, 'pg'))}, durable: false })
    process.stdout.write(url + '\\n')
  `
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: [...stdio] })
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout!, 'data')
  return String(chunk).trim()
}

async function postmaster(): Promise<{ pid: number; group: number }> {
  const pid = Number.parseInt(await readFile(join(dir, 'pg/data/postmaster.pid'), 'utf8'), 10)
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')
  return { pid, group: Number(fields[2]) }
}

async function status(pid: number, field: string): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return text.match(new RegExp(`^${field}:\\s+(.*)$`, 'm'))![1]!.split(/\s+/)
}
