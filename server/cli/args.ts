// What was typed, as one typed command (contract §3).
import { parseArgs } from 'node:util'
import { presetNames } from '#server/instructions.ts'

export type Command =
  | { name: 'help' }
  | ({ name: 'migrate' } & Migrate)
  | { name: 'resume'; run: string; credentials?: string; report?: string; json: boolean }
  | { name: 'pause' | 'cancel'; run: string }
  | { name: 'retry'; run: string; code?: string }
  | { name: 'runs' | 'queues'; json: boolean }
  | { name: 'status'; run: string; json: boolean }
  | { name: 'report'; run: string; out: string }
  | { name: 'verify'; run: string; deep: boolean; json: boolean }
  | { name: 'worker'; group: string }
  | { name: 'user add'; email: string; role: string }

export interface Migrate {
  provider: string
  /** A file. */
  credentials: string
  endpoints: Record<string, string>
  client?: string
  /** Gallery refs; empty takes all. */
  only: string[]
  /** Preset names, or `['none']`. */
  renditions: string[]
  plan: boolean
  /** A file. */
  report?: string
  json: boolean
}

/** The command line is not one of ours; the message says what is wrong with it. */
export class WrongUse extends Error {
  override name = 'WrongUse'
}

export const usage = `usage:
  pass migrate --provider <id> --credentials <file.json> [--endpoint name=url]… [--client <name>] [--only <gallery ref>]…
               [--renditions <preset>]… [--plan] [--report <file>] [--json]
  pass resume <run> [--credentials <file.json>] [--report <file>] [--json]
  pass pause <run> | cancel <run> | retry <run> [--code <code>]
  pass runs [--json] | status <run> [--json] | report <run> --out <file> | verify <run> [--deep] [--json]
  pass worker <group> | queues [--json] | user add <email> --role <role>
`

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true, default: [] as string[] } as const
const flag = { type: 'boolean', default: false } as const
const workerGroups = ['scrape', 'transfer', 'render', 'all']

/** Throws WrongUse. */
export function parseCommand(argv: string[]): Command {
  const [first, ...rest] = argv
  if (first === undefined) throw new WrongUse('which command?')
  if (first === 'help' || argv.includes('--help') || argv.includes('-h')) return { name: 'help' }
  const name = first === 'user' || first === 'key' ? `${first} ${rest.shift() ?? ''}`.trim() : first
  if (!Object.hasOwn(commands, name)) throw new WrongUse(`there is no command “${name}”`)
  try {
    return commands[name as keyof typeof commands](rest)
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) throw new WrongUse(error.message, { cause: error })
    throw error
  }
}

const commands = {
  migrate(args) {
    const options = { provider: text, credentials: text, endpoint: texts, client: text, only: texts, renditions: texts }
    const { values } = parseArgs({ args, options: { ...options, plan: flag, report: text, json: flag } })
    const { provider, credentials, endpoint, client, only, plan, report, json } = values
    if (!provider) throw new WrongUse('migrate needs --provider <id>')
    if (!credentials) throw new WrongUse('migrate needs --credentials <file.json>')
    const renditions = renditionsOf(values.renditions)
    return {
      name: 'migrate',
      provider,
      credentials,
      endpoints: endpointsOf(endpoint),
      client,
      only,
      renditions,
      plan,
      report,
      json,
    }
  },
  resume(args) {
    const { run, values } = ofRun('resume', args, { credentials: text, report: text, json: flag })
    return { name: 'resume', run, ...values }
  },
  pause: (args) => ({ name: 'pause', run: ofRun('pause', args, {}).run }),
  cancel: (args) => ({ name: 'cancel', run: ofRun('cancel', args, {}).run }),
  retry(args) {
    const { run, values } = ofRun('retry', args, { code: text })
    return { name: 'retry', run, code: values.code }
  },
  runs: (args) => ({ name: 'runs', json: parseArgs({ args, options: { json: flag } }).values.json }),
  queues: (args) => ({ name: 'queues', json: parseArgs({ args, options: { json: flag } }).values.json }),
  status(args) {
    const { run, values } = ofRun('status', args, { json: flag })
    return { name: 'status', run, json: values.json }
  },
  report(args) {
    const { run, values } = ofRun('report', args, { out: text })
    if (!values.out) throw new WrongUse('report needs --out <file>')
    return { name: 'report', run, out: values.out }
  },
  verify(args) {
    const { run, values } = ofRun('verify', args, { deep: flag, json: flag })
    return { name: 'verify', run, ...values }
  },
  worker(args) {
    const group = onlyOne('worker', 'group', parseArgs({ args, options: {}, allowPositionals: true }).positionals)
    if (!workerGroups.includes(group))
      throw new WrongUse(`there is no group “${group}”; there are ${workerGroups.join(', ')}`)
    return { name: 'worker', group }
  },
  'user add'(args) {
    const { values, positionals } = parseArgs({ args, options: { role: text }, allowPositionals: true })
    if (!values.role) throw new WrongUse('user add needs --role <role>')
    return { name: 'user add', email: onlyOne('user add', 'email', positionals), role: values.role }
  },
  upload: () => notYet('upload'),
  delta: () => notYet('delta'),
  'key add': () => notYet('key add'),
} satisfies Record<string, (args: string[]) => Command>

function notYet(name: string): never {
  throw new WrongUse(`“pass ${name}” is not there yet; it comes with a later version`)
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>

function ofRun<O extends Options>(name: string, args: string[], options: O) {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  return { run: onlyOne(name, 'run', positionals), values }
}

function onlyOne(name: string, what: string, positionals: string[]): string {
  const [one, more] = positionals
  if (one === undefined) throw new WrongUse(`${name} needs <${what}>`)
  if (more !== undefined) throw new WrongUse(`${name} takes one <${what}>, and “${more}” is one more`)
  return one
}

/** Every preset where none is named. */
function renditionsOf(names: string[]): string[] {
  if (names.length === 0) return presetNames
  if (names.includes('none') && names.length > 1) throw new WrongUse('--renditions none stands alone')
  const known: string[] = [...presetNames, 'none']
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new WrongUse(`there is no preset “${unknown}”; there are ${known.join(', ')}`)
  return names
}

function endpointsOf(given: string[]): Record<string, string> {
  const pairs = given.map((pair) => {
    const [, name, url] = pair.match(/^([^=]+)=(.+)$/s) ?? []
    if (!name || !url) throw new WrongUse(`--endpoint is name=url, and “${pair}” is not`)
    return [name, url] as const
  })
  return Object.fromEntries(pairs)
}
