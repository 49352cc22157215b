// The console's production build, made only when it is missing or something it is made of has changed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { glob, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const stamp = join(root, '.next/built-from')
const sources = ['app/**/*', 'server/**/*', 'db/**/*', 'public/**/*', '*.{json,ts,mjs,cjs}']
/** Written by the build itself. */
const made = 'next-env.d.ts'

/** `next build` failed; what it said is in the message. */
export class BuildFailed extends Error {
  override name = 'BuildFailed'
}

/** Throws `BuildFailed`, or the reason of `signal`. */
export async function buildConsole(tell: (line: string) => void, signal: AbortSignal): Promise<void> {
  const from = await fingerprint()
  const built = await readFile(stamp, 'utf8').catch(() => '')
  if (built === from && (await stat(join(root, '.next/BUILD_ID')).catch(() => undefined))) return
  tell('Building the console …')
  await nextBuild(signal)
  await writeFile(stamp, from)
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  const files = await Array.fromAsync(glob(sources, { cwd: root }))
  for (const file of files.filter((name) => name !== made && !name.endsWith('.test.ts')).sort()) {
    const content = await readFile(join(root, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EISDIR') throw error
    })
    if (content) hash.update(`${file} ${content.length}\n`).update(content)
  }
  return hash.digest('hex')
}

async function nextBuild(signal: AbortSignal): Promise<void> {
  const next = join(root, 'node_modules/next/dist/bin/next')
  const env = { ...process.env, NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1' }
  const build = spawn(process.execPath, [next, 'build'], { cwd: root, env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [build.stdout, build.stderr]) stream.on('data', (chunk) => (said += chunk))
  await new Promise<void>((resolve, reject) => {
    build.once('error', () => reject(signal.reason))
    build.once('exit', (code) => (code === 0 ? resolve() : reject(new BuildFailed(`next build failed:\n${said}`))))
  })
}
