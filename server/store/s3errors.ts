// What an S3 server answers, as the classes of store.ts. Names come first: servers disagree about the status.
import { NoSuchObject, NoSuchRange, StoreError, StoreFull, StoreRefused, StoreUnavailable } from './store.ts'

/** `If-None-Match: *` met an object. */
export class AlreadyThere extends StoreError {}
/** The bytes were checked before they were sent and arrived as others, or met another writer: to be sent again. */
export class SendAgain extends StoreUnavailable {}
/** Completed by a request whose answer was lost, aborted, or swept. */
export class NoSuchUpload extends StoreError {}

const byName: Record<string, typeof StoreError> = {
  NoSuchKey: NoSuchObject,
  NotFound: NoSuchObject,
  InvalidRange: NoSuchRange,
  PreconditionFailed: AlreadyThere,
  NoSuchUpload,
  XAmzContentSHA256Mismatch: SendAgain,
  BadDigest: SendAgain,
  ConditionalRequestConflict: SendAgain,
  OperationAborted: SendAgain,
  QuotaExceeded: StoreFull, // Ceph
  XMinioStorageFull: StoreFull,
  InsufficientStorage: StoreFull,
  NoSuchBucket: StoreRefused,
  InvalidBucketName: StoreRefused,
  PermanentRedirect: StoreRefused,
  AuthorizationHeaderMalformed: StoreRefused, // another region
  InvalidToken: StoreRefused,
  ExpiredToken: StoreRefused,
  CredentialsProviderError: StoreRefused,
  RequestTimeTooSkewed: StoreUnavailable,
  SlowDown: StoreUnavailable,
  RequestTimeout: StoreUnavailable,
}

const byStatus: Record<number, typeof StoreError> = {
  301: StoreRefused,
  401: StoreRefused,
  403: StoreRefused,
  404: NoSuchObject,
  408: StoreUnavailable,
  412: AlreadyThere,
  416: NoSuchRange,
  429: StoreUnavailable,
  507: StoreFull,
}

/** Anything without a status never reached the server or came back cut: it may work later. */
export function storeError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error
  const { name, status } = answered(error)
  const other = status === undefined || status >= 500 ? StoreUnavailable : StoreError
  const kind = byName[name] ?? byStatus[status ?? 0] ?? other
  return new kind(`${doing}: the store answered ${name}${status ? ` (${status})` : ''}`, { cause: error })
}

function answered(error: unknown): { name: string; status: number | undefined } {
  if (!(error instanceof Error)) return { name: 'nothing', status: undefined }
  const { $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  return { name: error.name, status: $metadata?.httpStatusCode }
}
