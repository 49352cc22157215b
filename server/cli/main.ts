// pass, the command line: flags → verbs. stdout holds answers only; sentences and progress go to stderr.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { log } from '#server/log.ts'
import { Refusal } from '#server/refusal.ts'
import { processEnvironment } from '../process-environment.ts'
import { type Command, parseCommand, usage } from './args.ts'
import { type ExitCode, endingOf, exit, say } from './endings.ts'
import { requireWritable, saveReport } from './files.ts'
import * as keys from './key.ts'
import * as machines from './machines.ts'
import { delta, migrate, requireRunId, resume } from './migrate.ts'
import * as runs from './runs.ts'
import * as store from './store.ts'
import type { System } from './system.ts'
import { upload } from './upload.ts'
import { verify } from './verify.ts'

// An `npm run` in between passes on the Ctrl-C that the terminal sent to us as well.
const doubledMilliseconds = 1500

/** Commands that put down what they have in hand when told to stop; of the others nothing is half done. */
const endsItself = new Set<Command['name']>(['migrate', 'upload', 'resume', 'delta', 'worker'])

process.exitCode = await main()
process.stdout.write('', () => process.exit())

async function main(): Promise<ExitCode> {
  if (!process.env.LOG_LEVEL) log.level = 'error'
  const stop = new AbortController()
  stopOnSignals(stop)
  let system: System | undefined
  const opening = (workers: boolean) => async () => {
    // Imported here: a command that is not understood need not load it.
    const { openSystem } = await import('./system.ts')
    system = await openSystem({ workers })
    return system
  }
  try {
    const command = parseCommand(process.argv.slice(2))
    const followed = endsItself.has(command.name)
    // A reader that went away (`| head`) has what it wanted.
    process.stdout.on('error', () => (followed ? stop.abort() : process.exit()))
    const performed = perform(command, opening, stop.signal)
    return await (followed ? performed : Promise.race([performed, interruption(stop.signal)]))
  } catch (error) {
    return endingOf(error)
  } finally {
    await system?.close(stop.signal, say).catch((error: Error) => say(`stopping: ${error.message}`))
  }
}

/** The first signal stops; a later one ends the process at once, and what it started ends with it. */
function stopOnSignals(stop: AbortController): void {
  let first = 0
  const onSignal = () => {
    if (first === 0) first = Date.now()
    else if (Date.now() - first > doubledMilliseconds) process.exit(exit.waits)
    stop.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
}

function interruption(stop: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const interrupted = new Refusal('interrupted', 503, 'Interrupted.')
    stop.addEventListener('abort', () => reject(interrupted))
  })
}

type OpeningWith = (workers: boolean) => () => Promise<System>

async function perform(command: Command, opening: OpeningWith, stop: AbortSignal): Promise<ExitCode> {
  const house = async () => (await opening(false)()).house
  if ('run' in command) requireRunId(command.run)
  switch (command.name) {
    case 'help':
      process.stdout.write(usage)
      return exit.done
    case 'migrate':
      return migrate(command, opening(true), stop)
    case 'upload':
      return upload(command, opening(true), stop)
    case 'resume':
      return resume(command, opening(true), stop)
    case 'delta':
      return delta(command, opening(true), stop)
    case 'runs':
      return runs.listAll(await house(), command.json)
    case 'status':
      return runs.status(await house(), command.run, command.json)
    case 'queues':
      return runs.queues(await house(), command.json)
    case 'pause':
      return runs.pause(await house(), command.run)
    case 'cancel':
      return runs.cancel(await house(), command.run)
    case 'retry':
      return runs.retry(await house(), command.run, command.code)
    case 'verify':
      return verify(await house(), command)
    case 'report':
      await requireWritable(command.out)
      await saveReport(await house(), command.run, command.out)
      return exit.done
    case 'worker':
      return worker(command.group, await opening(false)(), stop)
    case 'workers':
      return command.here ? machines.here(await house()) : machines.groups(await house(), command.json)
    case 'prepare':
      return machines.prepare(await house())
    case 'user add':
      return addUser(await house(), command.email, command.role)
    case 'key add':
      return keys.add(await house(), command)
    case 'key list':
      return keys.list(await house(), command)
    case 'key revoke':
      return keys.revoke(await house(), command.key)
    case 'store lifecycle':
      return store.lifecycle(await house(), command)
    case 'store orphans':
      return store.orphans(await house(), command, stop)
  }
}

/** In the foreground until it ends or is told to. */
async function worker(group: string, { childEnv }: System, stop: AbortSignal): Promise<ExitCode> {
  const child = spawn(process.execPath, ['workers/main.ts', group], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...childEnv, ...processEnvironment } as NodeJS.Dict<string> as NodeJS.ProcessEnv,
    // The channel breaks when this process is gone, and the worker ends by itself.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve).once('error', () => resolve(1)))
  const end = () => child.kill('SIGTERM')
  stop.addEventListener('abort', end)
  if (stop.aborted) end()
  return (await ended) === 0 ? exit.done : exit.other
}

async function addUser(house: System['house'], email: string, role: string): Promise<ExitCode> {
  const { createUser } = await import('#server/accounts.ts')
  const { password } = await createUser(house, { email, role: role as Parameters<typeof createUser>[1]['role'] })
  process.stdout.write(`${password}\n`)
  return exit.done
}
