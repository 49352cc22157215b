// The door to a bucket: one client, its patience, and errors by class.
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { SendAgain, storeError } from './s3errors.ts'
import { NoSuchObject, StoreRefused } from './store.ts'

/** With the SDK's backoff about 20 s of 5xx or SlowDown before StoreUnavailable; one in five answers failing is nothing. */
const defaultAttempts = 8
/** Times that bytes are sent which arrive altered. */
const sendings = 3

export interface S3Options {
  bucket: string
  /** Absent: AWS. Present: that address, with the bucket in the path. */
  endpoint?: string
  region: string
  /** Absent: the SDK's chain (environment, profile, the machine's role). */
  accessKeyId?: string
  secretAccessKey?: string
  /** 5 MiB or more; grows for objects of more than 10,000 parts. Memory of a large put is three of them. */
  partBytes?: number
  /** Requests before giving up on 5xx, SlowDown and lost connections. */
  attempts?: number
}

/** A driver's door to its bucket: `ask` sends one request once the bucket is known to be there. */
export interface Bucket {
  client: S3Client
  Bucket: string
  /** Rejects with a class of store.ts, or with the signal's reason as soon as it is aborted. */
  ask<T>(
    doing: string,
    request: (options: { abortSignal?: AbortSignal }) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>
}

export function openBucket(options: S3Options): Bucket {
  const { bucket: Bucket, endpoint, region, accessKeyId, secretAccessKey } = options
  const client = new S3Client({
    region,
    endpoint,
    forcePathStyle: endpoint !== undefined,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
    maxAttempts: options.attempts ?? defaultAttempts,
    // The signed SHA-256 guards every body; trailers with a second checksum are refused by servers that are not AWS.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 5_000,
      socketTimeout: 120_000, // a body that is read slowly counts as idle too
      httpAgent: { keepAlive: true, maxSockets: 64 },
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    },
  })
  const where = endpoint ?? `AWS ${region}`

  async function look(): Promise<void> {
    try {
      await client.send(new HeadBucketCommand({ Bucket }))
    } catch (error) {
      const found = storeError(error, `look for bucket ${Bucket}`)
      if (found instanceof NoSuchObject) {
        throw new StoreRefused(`There is no bucket "${Bucket}" at ${where}: make it, or correct S3_BUCKET.`, {
          cause: error,
        })
      }
      if (found instanceof StoreRefused) {
        const sentence = `${where} does not let us into the bucket "${Bucket}": check S3_REGION, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.`
        throw new StoreRefused(sentence, { cause: error })
      }
      throw found
    }
  }

  let looking: Promise<void> | undefined
  return {
    client,
    Bucket,
    async ask(doing, request, signal) {
      looking ??= look()
      looking.catch(() => {
        looking = undefined
      })
      await untilAborted(looking, signal)
      try {
        return await request({ abortSignal: signal })
      } catch (error) {
        signal?.throwIfAborted()
        throw storeError(error, doing)
      }
    },
  }
}

/** For what others wait for too: it goes on when one of them leaves. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  return promise
}

/** For requests whose bytes were checked before: an altered arrival is the way's fault. */
export async function sendingAgain<T>(send: () => Promise<T>): Promise<T> {
  for (let sent = 1; ; sent++) {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof SendAgain) || sent === sendings) throw error
    }
  }
}
