// The object store: originals and renditions under immutable keys. Two drivers (files, S3) pass one conformance suite.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'

/** What a stored object is. */
export interface StoredObject {
  key: string
  /** Of the whole object, also where a range was asked for. */
  bytes: number
  /** S3: what it was put with. Files: what its extension says, else its first bytes. */
  contentType: string
  /** Strong, quoted, stable for the same bytes. */
  etag: string
}

export interface PutOptions {
  /** Lower-case hex; checked against the bytes before the object becomes visible. */
  sha256: string
  bytes: number
  contentType: string
  /** The caller has hashed these very bytes: those that lie in memory are not hashed again. */
  proven?: boolean
  signal?: AbortSignal
}

/** A file of this machine that nobody writes to any more. The store may move it away; whoever made it removes what is left. */
export interface FileBody {
  path: string
}

export interface Store {
  /**
   * Makes the object visible whole or not at all; a key that exists already is left as it is and counts as success
   * (keys are content addresses). Throws ChecksumMismatch, StoreFull, StoreUnavailable, StoreRefused.
   * `body` as a Uint8Array, or as the pieces it came in, may be sent again; a file of this machine is moved into place
   * where that can be done; a stream is read once and always closed, and its own errors come through.
   * After it resolves the bytes survive a power cut. An aborted signal rejects with its reason.
   */
  put(
    key: string,
    body: Uint8Array | Uint8Array[] | Readable | FileBody,
    options: PutOptions,
  ): Promise<{ existed: boolean }>
  /** Throws NoSuchObject, NoSuchRange. `range.end` is inclusive. Read the stream to its end or destroy it. */
  get(key: string, range?: { start: number; end?: number }): Promise<StoredObject & { stream: Readable }>
  /** null where there is none. */
  head(key: string): Promise<StoredObject | null>
  /** The object as a file of this machine, to be read only, or null where the driver has none (S3); it may not exist. */
  path(key: string): string | null
  /** An address that serves the object for `seconds`, with that `Content-Disposition`, or null where the driver has none (files). */
  signedUrl(key: string, seconds: number, disposition?: string): Promise<string | null>
  /** In key order. */
  list(prefix: string): AsyncIterable<{ key: string; bytes: number }>
  /** Absent keys are fine. */
  remove(keys: string[]): Promise<void>
  /** Removes temp files and open multipart uploads older than this (choose more than the longest put); returns how many. */
  sweep(olderThanSeconds: number): Promise<number>
  close(): Promise<void>
}

export class StoreError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}
export class NoSuchObject extends StoreError {}
/** The range begins behind the last byte, or is none. */
export class NoSuchRange extends StoreError {}
/** Not a key that every driver can hold: see `checkKey`. */
export class WrongKey extends StoreError {}
/** The bytes are not what `sha256` or `bytes` says; nothing became visible. */
export class ChecksumMismatch extends StoreError {}
/** Disk or quota full: the run pauses, nothing is marked failed. */
export class StoreFull extends StoreError {}
/** Slow down, timeouts, 5xx: try again. */
export class StoreUnavailable extends StoreError {}
/** Credentials revoked or bucket missing: the run pauses, nothing is marked failed. */
export class StoreRefused extends StoreError {}

/** Key of an original: `<client>/originals/<first two hex>/<sha256>`. */
export function originalKey(client: string, sha256: string): string {
  return `${client}/originals/${sha256.slice(0, 2)}/${sha256}`
}

/** Key of a rendition: `<client>/renditions/<first two hex>/<sha256>/<instructions-hash>.<ext>`. */
export function renditionKey(client: string, sha256: string, instructionsHash: string, extension: string): string {
  return `${client}/renditions/${sha256.slice(0, 2)}/${sha256}/${instructionsHash}.${extension}`
}

/** Key of what a provider showed instead of what was expected, masked: `<client>/evidence/<sha256>.<ext>`. */
export function evidenceKey(client: string, sha256: string, extension: 'png' | 'html' | 'json'): string {
  return `${client}/evidence/${sha256}.${extension}`
}

const segment = '[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}'
const keyPattern = new RegExp(`^${segment}(/${segment})*$`)
const prefixPattern = new RegExp(`^(${segment}/)*(${segment})?$`)

/** 1 to 1,024 letters, digits, `.`, `_`, `-` and `/`; no part is empty or begins with a dot. Throws WrongKey. */
export function checkKey(key: string): void {
  if (key.length > 1024 || !keyPattern.test(key)) throw new WrongKey(`not a key: ${JSON.stringify(key)}`)
}

/** The beginning of a key, or nothing. Throws WrongKey. */
export function checkPrefix(prefix: string): void {
  if (!prefixPattern.test(prefix)) throw new WrongKey(`not the beginning of a key: ${JSON.stringify(prefix)}`)
}

/** Throws NoSuchRange for what is no range of any object. */
export function checkRange(range: { start: number; end?: number } | undefined): void {
  if (!range) return
  const whole = Number.isSafeInteger(range.start) && (range.end === undefined || Number.isSafeInteger(range.end))
  if (!whole || range.start < 0 || (range.end ?? range.start) < range.start) {
    throw new NoSuchRange(`not a range: ${range.start} to ${range.end}`)
  }
}

/** Key of a client's own picture for watermarks, by the name that instructions give it. */
export function watermarkKey(client: string, name: string): string {
  return `${client}/watermarks/${createHash('sha256').update(name).digest('hex')}`
}
