// The bucket's own rules for how objects age, made from what the clients' retention says. The command line writes them.
import { recordAudit } from './audit.ts'
import type { Actor, House } from './house.ts'
import { notFound, Refusal } from './refusal.ts'
import { houseRetention, type Retention } from './retention.ts'
import { type BucketRules, openBucketRules, RulesRefused, type StoreRule } from './store/lifecycle.ts'
import { s3Options } from './store/open.ts'
import { StoreRefused } from './store/store.ts'

export interface LifecycleOptions {
  /** Only this client's rule; the others stay as they are in the bucket. */
  clientId?: string
  dryRun: boolean
  /** Names of the endpoint's storage classes. */
  classes: { infrequent: string; archive: string }
}

/** What AWS has: both are read at once, without asking for objects back first. */
export const awsClasses: LifecycleOptions['classes'] = { infrequent: 'STANDARD_IA', archive: 'GLACIER_IR' }

export interface Lifecycle {
  rules: {
    client: { id: string; name: string | null }
    change: 'new' | 'changed' | 'removed' | 'same'
    rule: StoreRule
  }[]
  /** Rules of the bucket that are not ours, left as they are. */
  others: number
  /** Rules that the bucket does not hold more of left out: clients whose only rule is the one for unfinished parts. */
  leftOut: number
  written: boolean
}

/**
 * Brings our rules of the bucket up to what the clients' retention says. null where objects are files, which know no
 * such rules. Throws Refusal `storage_class_unknown`, `rules_refused`, `lifecycle_forbidden`.
 */
export async function writeLifecycle(house: House, actor: Actor, options: LifecycleOptions): Promise<Lifecycle | null> {
  const settings = s3Options(house.env)
  if (!settings) return null
  const clients = await clientsWithRules(house)
  const names = new Map(clients.map(({ id, name }) => [id, name]))
  if (options.clientId !== undefined && !names.has(options.clientId)) throw notFound('client')
  const { bucket } = settings
  const endpoint = settings.endpoint ?? 'AWS'
  const rules = await openBucketRules(settings, ruleIds)
  try {
    const { ours, others } = await rules.read()
    const before = new Map(ours.map((rule) => [clientOf(rule), rule]))
    const concerns = (id: string) => options.clientId === undefined || options.clientId === id
    const kept = [...before].filter(([id]) => !concerns(id)).map(([, rule]) => rule)
    const wanted = clients.filter(({ id }) => concerns(id)).map((client) => ruleOf(client, options.classes))
    await requireClasses(rules, wanted, endpoint)
    const room = mostRules - others - kept.length
    const chosen = wanted.toSorted((a, b) => b.transitions.length - a.transitions.length).slice(0, Math.max(0, room))
    const after = new Map(chosen.map((rule) => [clientOf(rule), rule]))
    const told = [...new Set([...after.keys(), ...[...before.keys()].filter(concerns)])].map((id) => {
      const [was, is] = [before.get(id), after.get(id)]
      const change = !was ? 'new' : !is ? 'removed' : isSame(was, is) ? 'same' : 'changed'
      return { client: { id, name: names.get(id) ?? null }, change, rule: (is ?? was)! } as Lifecycle['rules'][number]
    })
    const changes = told.filter(({ change }) => change !== 'same')
    const written = changes.length > 0 && !options.dryRun
    if (written) {
      await rules.write([...kept, ...chosen])
      const data = { bucket, rules: chosen.length, changed: changes.length, classes: options.classes }
      await house.db.transaction((tx) =>
        recordAudit(tx, actor, 'store.lifecycle', bucket, data, options.clientId ?? null),
      )
    }
    return { rules: told, others, leftOut: wanted.length - chosen.length, written }
  } catch (error) {
    throw refusalOf(error, endpoint)
  } finally {
    rules.close()
  }
}

/** Our rules in a bucket that others may use too. */
const ruleIds = 'pass-originals-'
/** That a bucket may have, on S3. */
const mostRules = 1000

interface ClientRules extends Retention {
  id: string
  name: string
}

async function clientsWithRules({ pool }: Pick<House, 'pool'>): Promise<ClientRules[]> {
  const { rows } = await pool.query<ClientRules>(
    `select c.id, c.name, t.infrequent_after as "infrequentAfter", t.archive_after as "archiveAfter", t.originals_after as "originalsAfter",
       coalesce(t.unfinished_after, $1) as "unfinishedAfter", coalesce(t.grace, $2) as grace
     from clients c left join retention t on t.client_id = c.id where c.deletion_id is null order by lower(c.name), c.id`,
    [houseRetention.unfinishedAfter, houseRetention.grace],
  )
  return rows
}

/** Originals only: renditions are what is looked at, and everything large enough for parts is an original. */
function ruleOf(client: ClientRules, classes: LifecycleOptions['classes']): StoreRule {
  const { id, infrequentAfter, archiveAfter, unfinishedAfter } = client
  return {
    id: `${ruleIds}${id}`,
    prefix: `${id}/originals/`,
    transitions: [
      { days: infrequentAfter, storageClass: classes.infrequent },
      { days: archiveAfter, storageClass: classes.archive },
    ].filter((transition): transition is StoreRule['transitions'][number] => transition.days !== null),
    abortAfterDays: unfinishedAfter,
  }
}

const clientOf = (rule: StoreRule) => rule.id.slice(ruleIds.length)

function isSame(a: StoreRule, b: StoreRule): boolean {
  const shape = ({ prefix, transitions, abortAfterDays }: StoreRule) =>
    JSON.stringify([prefix, abortAfterDays, transitions.map(({ days, storageClass }) => [days, storageClass]).sort()])
  return shape(a) === shape(b)
}

/** Throws Refusal `storage_class_unknown`. */
async function requireClasses(bucket: BucketRules, rules: StoreRule[], endpoint: string): Promise<void> {
  const named = new Set(rules.flatMap(({ transitions }) => transitions.map(({ storageClass }) => storageClass)))
  const unknown: string[] = []
  for (const storageClass of named) if (!(await bucket.knows(storageClass))) unknown.push(storageClass)
  if (unknown.length === 0) return
  const sentence = `${endpoint} does not have the storage class ${unknown.join(' and ')}: name what it has with --infrequent and --archive. Nothing was changed.`
  throw new Refusal('storage_class_unknown', 422, sentence)
}

function refusalOf(error: unknown, endpoint: string): unknown {
  if (error instanceof RulesRefused) {
    const sentence = `${endpoint} does not take these rules (${error.answer}). Nothing was changed.`
    return new Refusal('rules_refused', 422, sentence, { cause: error })
  }
  if (error instanceof StoreRefused) {
    const sentence = `${endpoint} does not let us at the bucket's lifecycle rules: these credentials need s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration.`
    return new Refusal('lifecycle_forbidden', 403, sentence, { cause: error })
  }
  return error
}
