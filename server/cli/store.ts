// The object store as a whole: how its objects age, and what in it nobody names.
import { setTimeout as pause } from 'node:timers/promises'
import { awsClasses, type Lifecycle, writeLifecycle } from '#server/bucket-rules.ts'
import { clientNamed } from '#server/clients.ts'
import type { House } from '#server/house.ts'
import { findOrphans, type Orphan, removeOrphans } from '#server/orphans.ts'
import type { StoreLifecycle, StoreOrphans } from './args.ts'
import { type ExitCode, exit, say } from './endings.ts'
import { bytes, count, table } from './figures.ts'

const put = (text: string) => process.stdout.write(text)

/** Brings the bucket's rules up to what the clients' retention says, and prints what changed. */
export async function lifecycle(house: House, command: StoreLifecycle): Promise<ExitCode> {
  const { client, dryRun, infrequent, archive, json } = command
  const clientId = client === undefined ? undefined : (await clientNamed(house, client)).id
  const classes = { infrequent: infrequent ?? awsClasses.infrequent, archive: archive ?? awsClasses.archive }
  const result = await writeLifecycle(house, 'cli', { clientId, dryRun, classes })
  if (!result) {
    say(
      'Objects are files here, which have no storage classes: instead, workers remove what interrupted writes left within a minute, and what was deleted when its grace is over.',
    )
    return exit.done
  }
  if (json) for (const rule of result.rules) put(`${JSON.stringify(rule)}\n`)
  else if (result.rules.length > 0) put(table([['rule of', 'change', 'what it does'], ...result.rules.map(rowOf)]))
  say(endingOf(result, dryRun))
  return exit.done
}

function rowOf({ client, change, rule }: Lifecycle['rules'][number]): string[] {
  const moves = rule.transitions.map(({ days, storageClass }) => `${storageClass} after ${count(days)} days`)
  return [
    client.name ?? client.id,
    change,
    [...moves, `stale parts go after ${count(rule.abortAfterDays)} days`].join(', '),
  ]
}

function endingOf({ rules, others, leftOut, written }: Lifecycle, dryRun: boolean): string {
  const changed = rules.filter(({ change }) => change !== 'same').length
  const done = written
    ? `Changed: ${rulesOf(changed)}.`
    : dryRun && changed > 0
      ? `To be changed: ${rulesOf(changed)}. Nothing was.`
      : 'The bucket has these rules already.'
  const kept = others > 0 ? ` Of others, left as they are: ${rulesOf(others)}.` : ''
  const left = leftOut > 0 ? ` A bucket holds 1,000 rules: ${count(leftOut)} clients have none there.` : ''
  return `${done}${kept}${left}`
}

const objectsOf = (n: number) => `${count(n)} ${n === 1 ? 'object' : 'objects'}`
const rulesOf = (n: number) => `${count(n)} ${n === 1 ? 'rule' : 'rules'}`

/** What is being entered just now is no orphan a while later. */
const patienceSeconds = 60

/** Objects without a row; with `remove`, those that have none a minute later either go. */
export async function orphans(
  house: House,
  { client, remove, json }: StoreOrphans,
  stop: AbortSignal,
): Promise<ExitCode> {
  const clientId = client === undefined ? undefined : (await clientNamed(house, client)).id
  const found: Orphan[] = []
  for await (const orphan of findOrphans(house, clientId)) {
    put(json ? `${JSON.stringify(orphan)}\n` : `${orphan.key}  ${bytes(orphan.bytes)}\n`)
    found.push(orphan)
  }
  const ours = found.filter((orphan) => orphan.clientId !== null)
  const strange = found.length - ours.length
  const sum = bytes(ours.reduce((all, orphan) => all + orphan.bytes, 0))
  say(`Named by no row: ${objectsOf(ours.length)}, ${sum}.${strange > 0 ? ` Not ours: ${objectsOf(strange)}.` : ''}`)
  if (!remove || ours.length === 0) return ours.length > 0 ? exit.incomplete : exit.done
  say(`Looking again in ${patienceSeconds} s: what is being entered just now is no orphan then.`)
  await pause(patienceSeconds * 1000, undefined, { signal: stop })
  const removed = await removeOrphans(house, 'cli', ours)
  const kept =
    removed.kept > 0 ? ` Left: ${objectsOf(removed.kept)} with a row by now, or of a client with jobs at work.` : ''
  say(`Removed: ${objectsOf(removed.objects)}, ${bytes(removed.bytes)}.${kept}`)
  return removed.kept > 0 ? exit.incomplete : exit.done
}
