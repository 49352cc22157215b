// What was typed, as one typed command (contract §3).
import { parseArgs } from 'node:util'
import { presetNames } from '#server/instructions.ts'
import { type Scope, scopes } from '#server/keys.ts'

export type Command =
  | { name: 'help' }
  | ({ name: 'migrate' } & Migrate)
  | ({ name: 'upload' } & Upload)
  | { name: 'resume'; run: string; credentials?: string; report?: string; json: boolean }
  | ({ name: 'delta' } & Delta)
  | { name: 'pause' | 'cancel'; run: string }
  | { name: 'retry'; run: string; code?: string }
  | { name: 'runs' | 'queues'; json: boolean }
  | { name: 'status'; run: string; json: boolean }
  | { name: 'report'; run: string; out: string }
  | ({ name: 'verify' } & Verify)
  | { name: 'worker'; group: string }
  | { name: 'workers'; json: boolean; here: boolean }
  | { name: 'prepare' }
  | { name: 'user add'; email: string; role: string }
  | ({ name: 'key add' } & KeyAdd)
  | { name: 'key list'; client?: string; json: boolean }
  | { name: 'key revoke'; key: string }
  | ({ name: 'store lifecycle' } & StoreLifecycle)
  | ({ name: 'store orphans' } & StoreOrphans)

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

export interface Upload {
  folder: string
  client: string
  /** Title of the one gallery; absent: folders become galleries and sets. */
  gallery?: string
  /** Preset names, or `['none']`. */
  renditions: string[]
  /** A file. */
  report?: string
  json: boolean
}

export interface Delta {
  /** The run whose account is looked through again. */
  run: string
  plan: boolean
  /** A file. */
  report?: string
  json: boolean
}

export interface Verify {
  run: string
  deep: boolean
  /** A file. */
  certificate?: string
  json: boolean
}

export interface KeyAdd {
  client: string
  scopes: Scope[]
  /** What staff call it. */
  title?: string
  expiresAt?: Date
  json: boolean
}

export interface StoreLifecycle {
  client?: string
  dryRun: boolean
  /** Names of the endpoint's storage classes, where they are not AWS's. */
  infrequent?: string
  archive?: string
  json: boolean
}

export interface StoreOrphans {
  client?: string
  remove: boolean
  json: boolean
}

/** The command line is not one of ours; the message says what is wrong with it. */
export class WrongUse extends Error {
  override name = 'WrongUse'
}

export const usage = `usage:
  pass migrate --provider <id> --credentials <file.json> [--endpoint name=url]… [--client <name>] [--only <gallery ref>]…
               [--renditions <preset>]… [--plan] [--report <file>] [--json]
  pass upload <folder> --client <name> [--gallery <title>] [--renditions <preset>]… [--report <file>] [--json]
  pass resume <run> [--credentials <file.json>] [--report <file>] [--json]
  pass delta <run> [--plan] [--report <file>] [--json]
  pass pause <run> | cancel <run> | retry <run> [--code <code>]
  pass runs [--json] | status <run> [--json] | report <run> --out <file>
  pass verify <run> [--deep] [--certificate <file>] [--json]
  pass worker <group> | workers [--here] [--json] | queues [--json] | prepare | user add <email> --role <role>
  pass key add --client <name> --scope <scope>… [--name <name>] [--expires <date>] [--json]
  pass key list [--client <name>] [--json] | key revoke <key>
  pass store lifecycle [--client <name>] [--dry-run] [--infrequent <class>] [--archive <class>] [--json]
  pass store orphans [--client <name>] [--remove] [--json]
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
  const name =
    first === 'user' || first === 'key' || first === 'store' ? `${first} ${rest.shift() ?? ''}`.trim() : first
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
  delta(args) {
    const { run, values } = ofRun('delta', args, { plan: flag, report: text, json: flag })
    return { name: 'delta', run, ...values }
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
    const { run, values } = ofRun('verify', args, { deep: flag, certificate: text, json: flag })
    return { name: 'verify', run, ...values }
  },
  worker(args) {
    const group = onlyOne('worker', 'group', parseArgs({ args, options: {}, allowPositionals: true }).positionals)
    if (!workerGroups.includes(group))
      throw new WrongUse(`there is no group “${group}”; there are ${workerGroups.join(', ')}`)
    return { name: 'worker', group }
  },
  workers(args) {
    const { values } = parseArgs({ args, options: { here: flag, json: flag } })
    return { name: 'workers', ...values }
  },
  prepare(args) {
    parseArgs({ args, options: {} })
    return { name: 'prepare' }
  },
  'user add'(args) {
    const { values, positionals } = parseArgs({ args, options: { role: text }, allowPositionals: true })
    if (!values.role) throw new WrongUse('user add needs --role <role>')
    return { name: 'user add', email: onlyOne('user add', 'email', positionals), role: values.role }
  },
  upload(args) {
    const options = { client: text, gallery: text, renditions: texts, report: text, json: flag }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const { client, gallery, report, json } = values
    if (!client) throw new WrongUse('upload needs --client <name>')
    if (gallery?.trim() === '') throw new WrongUse('--gallery needs a title')
    const folder = onlyOne('upload', 'folder', positionals)
    return { name: 'upload', folder, client, gallery, renditions: renditionsOf(values.renditions), report, json }
  },
  'key add'(args) {
    const options = { client: text, scope: texts, name: text, expires: text, json: flag }
    const { client, scope, name: title, expires, json } = parseArgs({ args, options }).values
    if (!client) throw new WrongUse('key add needs --client <name>')
    const expiresAt = expires === undefined ? undefined : endOf(expires)
    return { name: 'key add', client, scopes: scopesOf(scope), title, expiresAt, json }
  },
  'key list'(args) {
    const { client, json } = parseArgs({ args, options: { client: text, json: flag } }).values
    return { name: 'key list', client, json }
  },
  'key revoke'(args) {
    const { positionals } = parseArgs({ args, options: {}, allowPositionals: true })
    return { name: 'key revoke', key: onlyOne('key revoke', 'key', positionals) }
  },
  'store lifecycle'(args) {
    const options = { client: text, 'dry-run': flag, infrequent: text, archive: text, json: flag }
    const { 'dry-run': dryRun, ...values } = parseArgs({ args, options }).values
    return { name: 'store lifecycle', ...values, dryRun }
  },
  'store orphans'(args) {
    const { values } = parseArgs({ args, options: { client: text, remove: flag, json: flag } })
    return { name: 'store orphans', ...values }
  },
} satisfies Record<string, (args: string[]) => Command>

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

/** Every built-in preset where none is named; which others there are, the database knows. */
function renditionsOf(names: string[]): string[] {
  if (names.length === 0) return presetNames
  if (names.includes('none') && names.length > 1) throw new WrongUse('--renditions none stands alone')
  return names
}

/** Repeated, or one after a comma. */
function scopesOf(given: string[]): Scope[] {
  const names = given.flatMap((some) => some.split(','))
  if (names.length === 0) throw new WrongUse(`key add needs --scope <scope>; there are ${scopes.join(', ')}`)
  return names.map((name) => {
    const scope = scopes.find((known) => known === name)
    if (!scope) throw new WrongUse(`there is no scope “${name}”; there are ${scopes.join(', ')}`)
    return scope
  })
}

/** A day, to its end in UTC, or a moment as ISO 8601. */
function endOf(given: string): Date {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(given)
  const moment = day || /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(given)
  const end = new Date(day ? `${given}T23:59:59.999Z` : given)
  // The 30th of February is read as a day of March.
  if (moment && !Number.isNaN(end.getTime()) && (!day || end.toISOString().startsWith(given))) return end
  throw new WrongUse(`--expires is a day such as 2027-01-31, and “${given}” is not`)
}

function endpointsOf(given: string[]): Record<string, string> {
  const pairs = given.map((pair) => {
    const [, name, url] = pair.match(/^([^=]+)=(.+)$/s) ?? []
    if (!name || !url) throw new WrongUse(`--endpoint is name=url, and “${pair}” is not`)
    return [name, url] as const
  })
  return Object.fromEntries(pairs)
}
