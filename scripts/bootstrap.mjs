// Runs a script of ours on Node 24 from a fresh clone: `node scripts/bootstrap.mjs <script> [arguments]`.
// Plain JavaScript without dependencies: it has to run on Node 20 before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.pass-installed')

install()
run(node24(), process.argv.slice(2))

/** Quick when nothing changed: the stamp holds what was installed. */
function install() {
  const lock = join(root, 'package-lock.json')
  const before = readFileSync(lock)
  const wanted = createHash('sha256')
    .update(before)
    .update(readFileSync(join(root, 'package.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('Installing packages …')
  // Development packages too: the build and the tests need them whatever NODE_ENV says.
  npm(['install', '--loglevel=error', '--include=dev', '--include=optional', '--no-audit', '--no-fund'])
  // Some versions of npm rewrite the lock for their own platform; what is checked in stays as it is.
  if (!readFileSync(lock).equals(before)) writeFileSync(lock, before)
  writeFileSync(stamp, wanted)
}

function npm(args) {
  const { npm_execpath: cli, npm_node_execpath: node } = process.env
  const [program, ...rest] = cli?.endsWith('.js') ? [node ?? process.execPath, cli, ...args] : ['npm', ...args]
  const { status, error } = spawnSync(program, rest, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0) return
  fail(`npm ${args[0]} did not work${error ? ` (${error.message})` : ''}; what it said is above.`)
}

/** From the package `node`; its install script is run here where npm was told to skip such scripts. */
function node24() {
  const own = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
  if (!isNode24(own)) {
    spawnSync(process.execPath, ['installArchSpecificPackage'], { cwd: join(modules, 'node'), stdio: ['ignore', 2, 2] })
  }
  if (isNode24(own)) return own
  if (isNode24(process.execPath)) return process.execPath
  fail('The package "node" did not bring Node 24 for this machine: install Node 24 and start again.')
}

function isNode24(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return Number(/^v(\d+)/.exec(stdout ?? '')?.[1]) >= 24
}

function run(node, [script, ...args]) {
  const guard = pathToFileURL(join(root, 'scripts/guard.ts')).href
  // A session of its own: the terminal's Ctrl-C comes here, and once from here, however many processes npm put between.
  const child = spawn(node, ['--import', guard, resolve(root, script), ...args], {
    cwd: root,
    // Every process of ours begins with what an earlier one compiled: a third of the time until it is ready.
    env: { NODE_COMPILE_CACHE: join(modules, '.cache', 'node'), ...process.env },
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  let last = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (Date.now() - last > 500) child.kill(signal)
      last = Date.now()
    })
  }
  process.on('SIGWINCH', () => child.kill('SIGWINCH'))
  // Whoever started us was killed and could pass nothing on.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && child.connected && child.disconnect(), 1000).unref()
  child.on('error', (error) => fail(error.message))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}
