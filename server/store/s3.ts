// The production driver: any S3 that knows `If-None-Match: *` and checks the signed SHA-256 of what it is sent.
import type { Readable } from 'node:stream'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { type Body, holding, wholeBody } from './body.ts'
import { openBucket, type S3Options, sendingAgain } from './bucket.ts'
import { putInParts, sweepUploads } from './multipart.ts'
import { AlreadyThere, storeError } from './s3errors.ts'
import { checkKey, checkPrefix, checkRange, NoSuchObject, type PutOptions, type Store } from './store.ts'

const MiB = 1024 * 1024
/** Above this an object goes up in parts, so that memory does not grow with it. */
const wholeBytes = 16 * MiB
const keysPerRemoval = 1000 // DeleteObjects takes no more

export function createS3Store(options: S3Options): Store {
  const bucket = openBucket(options)
  const { client, Bucket, ask } = bucket
  const aws = options.endpoint === undefined

  async function putWhole(key: string, body: Body, put: PutOptions): Promise<boolean> {
    const Body = await wholeBody(body, put)
    const send = (IfNoneMatch?: '*') =>
      sendingAgain(() => {
        const command = new PutObjectCommand({
          Bucket,
          Key: key,
          Body,
          ContentLength: put.bytes,
          ContentType: put.contentType,
          IfNoneMatch,
          ChecksumSHA256: aws ? Buffer.from(put.sha256, 'hex').toString('base64') : undefined,
        })
        signBody(command, put.sha256)
        return ask(`put ${key}`, (at) => client.send(command, at), put.signal)
      })
    try {
      await send('*')
      return false
    } catch (error) {
      if (!(error instanceof AlreadyThere)) throw error
      if ((await head(key, put.signal))?.bytes === put.bytes) return true
      await send()
      return false
    }
  }

  async function putLarge(key: string, body: Body, put: PutOptions): Promise<boolean> {
    const before = await head(key, put.signal)
    if (before?.bytes === put.bytes) return true
    const condition = before ? undefined : '*'
    const arrived = async () => (await head(key, put.signal))?.bytes === put.bytes
    const outcome = await putInParts(bucket, key, body, put, {
      partBytes: options.partBytes ?? 8 * MiB,
      condition,
      arrived,
    })
    return outcome.existed
  }

  async function head(key: string, signal?: AbortSignal) {
    const request = new HeadObjectCommand({ Bucket, Key: key })
    try {
      const found = await ask(`head ${key}`, (at) => client.send(request, at), signal)
      return described(key, found.ContentLength ?? 0, found)
    } catch (error) {
      if (error instanceof NoSuchObject) return null
      throw error
    }
  }

  return {
    put: (key, body, put) =>
      holding(body, async () => {
        checkKey(key)
        put.signal?.throwIfAborted()
        return { existed: await (put.bytes > wholeBytes ? putLarge : putWhole)(key, body, put) }
      }),

    async get(key, range) {
      checkKey(key)
      checkRange(range)
      const Range = range ? `bytes=${range.start}-${range.end ?? ''}` : undefined
      const request = new GetObjectCommand({ Bucket, Key: key, Range })
      const found = await ask(`get ${key}`, () => client.send(request))
      const whole = found.ContentRange?.split('/')[1] ?? found.ContentLength
      return { ...described(key, Number(whole), found), stream: found.Body as Readable }
    },

    async head(key) {
      checkKey(key)
      return head(key)
    },

    path: () => null,

    async signedUrl(key, seconds, disposition) {
      checkKey(key)
      const request = new GetObjectCommand({ Bucket, Key: key, ResponseContentDisposition: disposition })
      return getSignedUrl(client, request, { expiresIn: seconds })
    },

    async *list(prefix) {
      checkPrefix(prefix)
      const pages = paginateListObjectsV2({ client }, { Bucket, Prefix: prefix })
      for (;;) {
        const page = await ask(`list ${prefix}`, () => pages.next())
        if (page.done) return
        for (const { Key, Size } of page.value.Contents ?? []) yield { key: Key!, bytes: Size ?? 0 }
      }
    },

    async remove(keys) {
      keys.forEach(checkKey)
      for (let from = 0; from < keys.length; from += keysPerRemoval) {
        const Objects = keys.slice(from, from + keysPerRemoval).map((Key) => ({ Key }))
        const request = new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } })
        const { Errors } = await ask('remove', () => client.send(request))
        const first = Errors?.find((error) => error.Code !== 'NoSuchKey')
        if (first)
          throw storeError(Object.assign(new Error(first.Message), { name: first.Code }), `remove ${first.Key}`)
      }
    },

    sweep: (olderThanSeconds) => sweepUploads(bucket, olderThanSeconds),

    close: async () => client.destroy(),
  }
}

/** Signs the hash that is known already, so that the server checks it and the body is not hashed a second time. */
function signBody(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers: Record<string, string> }
      request.headers['x-amz-content-sha256'] = sha256
      return next(args)
    },
    { step: 'build', name: 'signKnownHash' },
  )
}

function described(key: string, bytes: number, found: { ContentType?: string; ETag?: string }) {
  return { key, bytes, contentType: found.ContentType ?? 'application/octet-stream', etag: found.ETag ?? '' }
}
