// The processes of `serve`: ours, nginx with the same files, and the one that asks.
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { processEnvironment } from '#server/process-environment.ts'
import { freePort } from '../scripts/ports.ts'
import type { Load, Loaded } from './load.ts'
import type { Setting } from './setting.ts'

const run = promisify(execFile)

export async function nginxVersion(): Promise<string | null> {
  // It prints its version to stderr.
  const told = await run('nginx', ['-v'], { env: toolPath }).catch(() => null)
  return told?.stderr.trim().replace('nginx version: ', '') ?? null
}

const toolPath = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

interface Running {
  pid: number
  port: number
  [Symbol.asyncDispose](): Promise<void>
}

export async function startMedia({ house: { env } }: Setting): Promise<Running> {
  const port = await freePort()
  const settings = {
    DATABASE_URL: env.DATABASE_URL,
    PASS_DATA_DIR: env.PASS_DATA_DIR,
    PASS_SECRET_KEY: env.PASS_SECRET_KEY,
  }
  const child = spawn(process.execPath, ['server/media/main.ts'], {
    env: { ...process.env, ...settings, ...processEnvironment, MEDIA_PORT: `${port}`, HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await Promise.race([once(child.stdout, 'data'), ended(child, 'the media process')])
  return running(child, port)
}

export async function startNginx({ folder }: Setting): Promise<Running> {
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  await writeFile(
    config,
    `daemon off; ${userInfo().uid === 0 ? 'user root;' : ''} worker_processes 1; pid ${folder}/nginx.pid; error_log stderr;
     events { worker_connections 256; }
     http {
       ${temp.join(' ')}
       access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
       types { image/webp webp; } default_type image/webp;
       add_header Cache-Control "public, max-age=31536000, immutable"; add_header X-Content-Type-Options nosniff;
       add_header Content-Security-Policy sandbox; add_header Cross-Origin-Resource-Policy cross-origin;
       server { listen 127.0.0.1:${port}; root ${folder}/data/objects; }
     }`,
  )
  const child = spawn('nginx', ['-c', config, '-e', 'stderr'], {
    env: toolPath,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await Promise.race([answering(port), ended(child, 'nginx')])
  return running(child, port)
}

export async function startLoad(): Promise<
  Omit<Running, 'port'> & { run(load: Load, signal: AbortSignal): Promise<number> }
> {
  const child = fork(join(import.meta.dirname, 'load.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await once(child, 'message')
  return {
    ...running(child, 0),
    async run(load, signal) {
      child.send(load)
      const [loaded] = (await once(child, 'message', { signal })) as [Loaded]
      if ('failed' in loaded) throw new Error(loaded.failed)
      return loaded.seconds
    },
  }
}

function running(child: ChildProcess, port: number): Running {
  return {
    pid: child.pid!,
    port,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    },
  }
}

async function ended(child: ChildProcess, name: string): Promise<never> {
  await once(child, 'exit')
  throw new Error(`${name} ended`)
}

/** Resolves once somebody listens there. */
async function answering(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const stands = await once(socket, 'connect').catch(() => null)
    socket.destroy()
    if (stands) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
