// Large objects in parts: each part's hash is checked by the server, the whole object's here before it becomes visible.
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type Body, blocksOf } from './body.ts'
import { type Bucket, sendingAgain } from './bucket.ts'
import { AlreadyThere, NoSuchUpload } from './s3errors.ts'
import type { PutOptions } from './store.ts'

const partsAtOnce = 2
const mostParts = 10_000 // of one upload, S3's limit

interface Large {
  partBytes: number
  /** `*`: only where there is none yet. */
  condition: '*' | undefined
  /** Whether the object is there, asked when the answer to completing it was lost. */
  arrived(): Promise<boolean>
}

export async function putInParts(
  bucket: Bucket,
  key: string,
  body: Body,
  put: PutOptions,
  large: Large,
): Promise<{ existed: boolean }> {
  const { client, Bucket, ask } = bucket
  const object = { Bucket, Key: key }
  const create = new CreateMultipartUploadCommand({ ...object, ContentType: put.contentType })
  const { UploadId } = await ask(`begin ${key}`, (at) => client.send(create, at), put.signal)
  const sending: Promise<CompletedPart>[] = []

  const sendPart = (PartNumber: number, Body: Uint8Array) =>
    sendingAgain(async () => {
      const part = new UploadPartCommand({ ...object, UploadId, PartNumber, Body, ContentLength: Body.length })
      const { ETag } = await ask(`put part ${PartNumber} of ${key}`, (at) => client.send(part, at), put.signal)
      return { PartNumber, ETag }
    })

  try {
    const partBytes = Math.max(large.partBytes, Math.ceil(put.bytes / mostParts))
    const Parts: CompletedPart[] = []
    let number = 1
    for await (const block of blocksOf(body, put, partBytes, partsAtOnce + 1)) {
      if (sending.length === partsAtOnce) Parts.push(await sending.shift()!)
      const part = sendPart(number++, block)
      part.catch(() => {}) // met when its turn comes
      sending.push(part)
    }
    Parts.push(...(await Promise.all(sending)))
    const complete = { ...object, UploadId, IfNoneMatch: large.condition, MultipartUpload: { Parts } }
    const request = new CompleteMultipartUploadCommand(complete)
    await ask(`complete ${key}`, (at) => client.send(request, at), put.signal)
    return { existed: false }
  } catch (error) {
    if (error instanceof NoSuchUpload && (await large.arrived())) return { existed: false }
    await Promise.allSettled(sending)
    const abort = new AbortMultipartUploadCommand({ ...object, UploadId })
    await ask(`abort ${key}`, () => client.send(abort)).catch(() => {}) // what stays, `sweepUploads` removes
    if (error instanceof AlreadyThere) return { existed: true }
    throw error
  }
}

/** Aborts uploads that were begun longer ago than this; returns how many. */
export async function sweepUploads({ client, Bucket, ask }: Bucket, olderThanSeconds: number): Promise<number> {
  const newest = Date.now() - olderThanSeconds * 1000
  let aborted = 0
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {}
  for (;;) {
    const request = new ListMultipartUploadsCommand({ Bucket, ...from })
    const page = await ask('list uploads', () => client.send(request))
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Initiated && Initiated.getTime() > newest) continue
      const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId })
      try {
        await ask(`abort ${Key}`, () => client.send(abort))
        aborted++
      } catch (error) {
        if (!(error instanceof NoSuchUpload)) throw error // finished or swept meanwhile
      }
    }
    if (!page.IsTruncated) return aborted
    from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
  }
}
