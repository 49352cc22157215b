// A bucket's own rules for how its objects age. Ours are known by how their ids begin; those of others are read and put
// back as they are.
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  type StorageClass,
  type TransitionStorageClass,
} from '@aws-sdk/client-s3'
import { openBucket, type S3Options } from './bucket.ts'
import { NoSuchObject, StoreError } from './store.ts'

export interface StoreRule {
  id: string
  prefix: string
  /** Days since the object was put. */
  transitions: { days: number; storageClass: string }[]
  /** Parts of an upload that was begun so many days ago and not completed are removed. */
  abortAfterDays: number
}

export interface BucketRules {
  read(): Promise<{ ours: StoreRule[]; others: number }>
  /** Whether objects can be put there at all: some servers take rules for classes that they do not have. */
  knows(storageClass: string): Promise<boolean>
  /** In place of all of ours. Throws RulesRefused, and nothing was changed. */
  write(rules: StoreRule[]): Promise<void>
  close(): void
}

/** The server does not take the rules: days that it does not allow, kinds of rules that it does not have. */
export class RulesRefused extends StoreError {
  /** What it said. */
  readonly answer: string
  constructor(answer: string, options?: ErrorOptions) {
    super(`the rules were refused: ${answer}`, options)
    this.answer = answer
  }
}

/** `ids`: how the ids of our rules begin. */
export function openBucketRules(options: S3Options, ids: string): BucketRules {
  const { client, Bucket, ask } = openBucket(options)

  async function all(): Promise<LifecycleRule[]> {
    try {
      const request = new GetBucketLifecycleConfigurationCommand({ Bucket })
      return (await ask('read the rules', () => client.send(request))).Rules ?? []
    } catch (error) {
      if (error instanceof NoSuchObject) return []
      throw error
    }
  }

  const isOurs = (rule: LifecycleRule) => rule.ID?.startsWith(ids) ?? false

  return {
    async read() {
      const rules = await all()
      const ours = rules.filter(isOurs)
      return { ours: ours.map(fromS3), others: rules.length - ours.length }
    },

    async knows(storageClass) {
      // An upload that is begun and never gets a part holds nothing.
      const upload = { Bucket, Key: probeKey, StorageClass: storageClass as StorageClass }
      try {
        const { UploadId } = await ask('begin a probe', () => client.send(new CreateMultipartUploadCommand(upload)))
        const abort = new AbortMultipartUploadCommand({ Bucket, Key: probeKey, UploadId })
        await ask('abort a probe', () => client.send(abort))
        return true
      } catch (error) {
        if (nameBehind(error) && refusals.has(nameBehind(error)!)) return false
        throw error
      }
    },

    async write(rules) {
      const others = (await all()).filter((rule) => !isOurs(rule))
      const Rules = [...others, ...rules.map(toS3)]
      const put = new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })
      const none = new DeleteBucketLifecycleCommand({ Bucket })
      try {
        await ask('write the rules', async () => void (await (Rules.length > 0 ? client.send(put) : client.send(none))))
      } catch (error) {
        const name = nameBehind(error)
        if (name && refusals.has(name)) throw new RulesRefused(name, { cause: error })
        throw error
      }
    },

    close: () => client.destroy(),
  }
}

const probeKey = 'pass-probe'

/** As the server calls it. */
function nameBehind(error: unknown): string | null {
  return error instanceof StoreError && error.cause instanceof Error ? error.cause.name : null
}

const refusals = new Set([
  'InvalidArgument',
  'InvalidRequest',
  'InvalidStorageClass',
  'MalformedXML',
  'MethodNotAllowed',
  'NotImplemented',
])

function toS3({ id, prefix, transitions, abortAfterDays }: StoreRule): LifecycleRule {
  return {
    ID: id,
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    ...(transitions.length > 0
      ? {
          Transitions: transitions.map(({ days, storageClass }) => ({
            Days: days,
            StorageClass: storageClass as TransitionStorageClass,
          })),
        }
      : {}),
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortAfterDays },
  }
}

function fromS3(rule: LifecycleRule): StoreRule {
  return {
    id: rule.ID!,
    prefix: rule.Filter?.Prefix ?? rule.Prefix ?? '',
    transitions: (rule.Transitions ?? []).map(({ Days, StorageClass }) => ({
      days: Days ?? 0,
      storageClass: StorageClass ?? '',
    })),
    abortAfterDays: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? 0,
  }
}
