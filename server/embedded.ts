// PostgreSQL as a child of ours: made at the first start, found again at the next, with nothing installed on the machine.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { type Binaries, binaries } from './embedded/binaries.ts'
import { type Identity, identity } from './embedded/identity.ts'
import { clearLeftover } from './embedded/leftover.ts'

export interface EmbeddedOptions {
  /** Holds the cluster (`data`), its password and its port. Whoever calls is the only user of it: hold `claimDataDir`. */
  dir: string
  /** Absent: the port of the last start if it is free, else any free one. */
  port?: number
  /** PostgreSQL's own log, appended to; default `<dir>/postgres.log`. */
  logFile?: string
  /** `false` gives up safety against power cuts for speed: tests only. */
  durable?: boolean
}

export interface EmbeddedPostgres {
  /** Database `pass`, as superuser: 127.0.0.1, and in `host` the socket that answers three times sooner. */
  url: string
  pid: number
  /** When the process has ended, whoever ended it. */
  exited: Promise<void>
  /** Fast shutdown (open transactions are rolled back); may be called again. */
  stop(): Promise<void>
}

/** PostgreSQL could not be made or started; the message carries the last lines of its log. */
export class PostgresDidNotStart extends Error {
  override name = 'PostgresDidNotStart'
}

const MiB = 1024 * 1024
const keptLogBytes = 20 * MiB // an ops person reads the last start, not last year
const user = 'pass'

/**
 * Resolves when connections are answered: 1 s for a new cluster, longer only after a crash under load.
 * The child does not hear the terminal's Ctrl-C, and ends by itself when this process is killed (Linux).
 * Throws `PostgresDidNotStart`.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { dir, logFile = join(dir, 'postgres.log') } = options
  const data = join(dir, 'data')
  try {
    await mkdir(dir, { recursive: true })
    // As root another user has to pass through; it still cannot list.
    await chmod(dir, process.getuid?.() === 0 ? 0o711 : 0o700)
    const programs = await binaries()
    const runner = await identity(data, [programs.root, dir])
    const password = await remembered(join(dir, 'password'), () => randomBytes(24).toString('base64url'))
    await clearLeftover(data)
    if (!(await stat(data).catch(() => undefined))) await makeCluster(programs, runner, options)
    await shorten(logFile)
    const sockets = await socketFolder(dir, runner)
    return await startOnFreePort({ ...options, data, logFile, sockets }, programs, runner, password)
  } catch (cause) {
    if (cause instanceof PostgresDidNotStart) throw cause
    throw new PostgresDidNotStart(`PostgreSQL did not start: ${(cause as Error).message}`, { cause })
  }
}

/** Under another name until it is whole, so that a kill in between leaves nothing that looks like a cluster. */
async function makeCluster(programs: Binaries, runner: Identity, options: EmbeddedOptions): Promise<void> {
  const { dir, durable = true } = options
  const unfinished = join(dir, 'data.unfinished')
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  await runner.own(unfinished)
  await runner.own(join(dir, 'password'))
  const args = ['-D', unfinished, '-U', user, '--auth=scram-sha-256', `--pwfile=${join(dir, 'password')}`]
  // The builtin provider sorts the same on every machine, whatever locales are installed.
  args.push(
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  )
  if (!durable) args.push('--no-sync')
  const [program, ...rest] = [...runner.prefix, programs.initdb, ...args] as [string, ...string[]]
  await promisify(execFile)(program, rest, { ...plainUser(runner), cwd: '/', env: environment, timeout: 120_000 })
  await rename(unfinished, join(dir, 'data'))
}

interface Start extends EmbeddedOptions {
  data: string
  logFile: string
  /** Empty: none. */
  sockets: string
}

/** The address of a socket has a fixed room in the kernel; where ours does not fit, TCP does alone. */
const longestSocket = 100

async function socketFolder(dir: string, runner: Identity): Promise<string> {
  const folder = resolve(dir, 'socket')
  if (process.platform === 'win32' || `${folder}/.s.PGSQL.65535`.length > longestSocket) return ''
  await mkdir(folder, { recursive: true })
  await runner.own(folder)
  return folder
}

async function startOnFreePort(start: Start, programs: Binaries, runner: Identity, password: string) {
  const portFile = join(start.dir, 'port')
  const last = Number(await readFile(portFile, 'utf8').catch(() => ''))
  for (const wanted of start.port ? [start.port] : [last, 0, 0]) {
    const port = wanted && (start.port || (await isFree(wanted))) ? wanted : await freePort()
    const socket = start.sockets && `?host=${encodeURIComponent(start.sockets)}`
    const url = `postgresql://${user}:${password}@127.0.0.1:${port}/${user}${socket}`
    const child = await launch(start, programs, runner, port)
    if (await answers(child, url)) {
      await writeFile(portFile, `${port}\n`)
      return running(child, url)
    }
    // Somebody took the port between the look and the start.
    if (await isFree(port)) break
  }
  throw new PostgresDidNotStart(
    `PostgreSQL did not start. Its log (${start.logFile}) ends:\n${await tail(start.logFile)}`,
  )
}

async function launch(start: Start, programs: Binaries, runner: Identity, port: number): Promise<ChildProcess> {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: start.sockets,
    max_connections: 200,
    shared_buffers: '256MB',
    wal_compression: 'on',
    max_wal_size: '2GB',
    random_page_cost: 1.1, // solid state disks
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    synchronous_commit: 'on',
    ...(start.durable === false ? { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } : {}),
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [program, ...rest] = [...runner.prefix, programs.postgres, '-D', start.data, ...args] as [string, ...string[]]
  await using log = await open(start.logFile, 'a', 0o600)
  const child = spawn(program, rest, {
    ...plainUser(runner),
    cwd: '/',
    env: environment,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  return child
}

/** Where `setpriv` is absent, spawn itself changes the user. */
const plainUser = (runner: Identity) => (runner.user && runner.prefix.length === 0 ? runner.user : {})
// Next's types want NODE_ENV in every environment.
const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as unknown as NodeJS.ProcessEnv

// Not listening yet, or still recovering, which may take minutes after a crash under load.
const notYet = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', '57P03'])

/** False when the process ended without ever answering. Throws what it answers when that is a lasting refusal. */
async function answers(child: ChildProcess, url: string): Promise<boolean> {
  for (let wait = 20, refusals = 0; !hasEnded(child); wait = Math.min(wait * 1.5, 500)) {
    try {
      await makeDatabase(url)
      return true
    } catch (error) {
      if (!notYet.has((error as { code?: string }).code ?? '') && ++refusals === 10) {
        child.kill('SIGINT')
        throw error
      }
    }
    await delay(wait)
  }
  return false
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

async function makeDatabase(url: string): Promise<void> {
  const first = new URL(url)
  first.pathname = '/postgres'
  const client = new Client({ connectionString: first.href, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [user])
    if (!rowCount) await client.query(`CREATE DATABASE ${user}`)
  } finally {
    await client.end().catch(() => {})
  }
}

function running(child: ChildProcess, url: string): EmbeddedPostgres {
  const quick = () => child.kill('SIGINT')
  process.once('exit', quick)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  exited.then(() => process.off('exit', quick))
  return {
    url,
    pid: child.pid!,
    exited,
    async stop() {
      for (const [signal, seconds] of [['SIGINT', 30] as const, ['SIGQUIT', 10] as const, ['SIGKILL', 10] as const]) {
        if (hasEnded(child)) return
        child.kill(signal)
        const patience = new AbortController()
        await Promise.race([exited, delay(seconds * 1000, undefined, { signal: patience.signal }).catch(() => {})])
        patience.abort()
      }
    },
  }
}

async function remembered(file: string, make: () => string): Promise<string> {
  const known = (await readFile(file, 'utf8').catch(() => '')).trim()
  if (known) return known
  await writeFile(file, `${make()}\n`, { mode: 0o600 })
  return (await readFile(file, 'utf8')).trim()
}

async function shorten(file: string): Promise<void> {
  const bytes = (await stat(file).catch(() => undefined))?.size ?? 0
  if (bytes > keptLogBytes) await truncate(file, 0)
}

async function tail(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-12).join('\n')
}

const isFree = (port: number) =>
  listens(port).then(
    () => true,
    () => false,
  )
const freePort = () => listens(0)

function listens(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      const bound = typeof address === 'object' && address ? address.port : port
      server.close(() => resolve(bound))
    })
  })
}
