// The object store: originals and renditions under immutable keys. Two drivers (files, S3) pass one conformance suite.
import type { Readable } from 'node:stream'

/** What a stored object is. `contentType` is what it was put with. */
export interface StoredObject {
  key: string
  bytes: number
  contentType: string
  /** Strong, quoted, stable for the same bytes. */
  etag: string
}

export interface PutOptions {
  /** Lower-case hex; checked against the bytes before the object becomes visible. */
  sha256: string
  bytes: number
  contentType: string
  signal?: AbortSignal
}

export interface Store {
  /**
   * Makes the object visible whole or not at all; a key that exists already is left as it is and counts as success
   * (keys are content addresses). Throws ChecksumMismatch, StoreFull, StoreUnavailable, StoreRefused.
   * `body` as a Uint8Array may be sent again; as a stream it is read once.
   */
  put(key: string, body: Uint8Array | Readable, options: PutOptions): Promise<{ existed: boolean }>
  /** Throws NoSuchObject. `range.end` is inclusive. */
  get(key: string, range?: { start: number; end?: number }): Promise<StoredObject & { stream: Readable }>
  /** null where there is none. */
  head(key: string): Promise<StoredObject | null>
  /** An address that serves the object for `seconds`, or null where the driver has none (files). */
  signedUrl(key: string, seconds: number): Promise<string | null>
  /** In key order. */
  list(prefix: string): AsyncIterable<{ key: string; bytes: number }>
  /** Absent keys are fine. */
  remove(keys: string[]): Promise<void>
  /** Removes temp files and open multipart uploads older than this; returns how many. */
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
