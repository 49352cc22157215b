// One file by tus: a small one in a single request, a large one so that it goes on where it was cut off.
import { DetailedError, Upload } from 'tus-js-client'
import type { Access } from '../messages.ts'
import { Away, Declined, refuse } from './media.ts'

/** Sent again from its beginning at the worst. */
const smallBytes = 4 * 1024 * 1024

export interface Begun {
  /** Where it goes on. */
  url: string
}

/**
 * `here`, `unwanted`, or the code of why it was refused; null where the other side does not say: it has it all, and was
 * asked before. Throws Declined, Away, Expired, and Unreadable. `begun` remembers where a large file stands.
 */
export async function sendFile(
  access: Access,
  { path, file }: { path: string; file: File },
  begun: Partial<Begun>,
  onProgress: (bytes: number) => void,
): Promise<string | null> {
  try {
    return await sent(access, path, file, begun, onProgress)
  } catch (error) {
    if (error instanceof Away && !(await isReadable(file))) throw new Unreadable()
    throw error
  }
}

/** It is not there any more, was changed since it was chosen, or may not be read. */
export class Unreadable extends Error {
  override name = 'Unreadable'
}

function sent(
  { mediaUrl, token }: Access,
  path: string,
  file: File,
  begun: Partial<Begun>,
  onProgress: (bytes: number) => void,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: `${mediaUrl}/uploads/bytes`,
      uploadUrl: begun.url ?? null,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { path, modified: `${file.lastModified}` },
      uploadDataDuringCreation: file.size <= smallBytes,
      storeFingerprintForResuming: false,
      // Whether to try again is decided once for all files.
      retryDelays: null,
      onProgress,
      onUploadUrlAvailable: () => {
        if (upload.url) begun.url = upload.url
      },
      onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader('X-Pass-Arrival') ?? null),
      onError: (error) => {
        try {
          refuseFor(error)
        } catch (meant) {
          // What was begun is gone: the next try begins anew.
          if (meant instanceof Declined && meant.status === 404 && begun.url) begun.url = undefined
          reject(meant)
        }
      },
    })
    upload.start()
  })
}

function refuseFor(error: Error | DetailedError): never {
  const answer = error instanceof DetailedError ? error.originalResponse : null
  if (!answer) throw new Away(error.message)
  refuse(answer.getStatus(), answer.getBody())
}

/** Browsers say of an unreadable file only that the request failed. */
async function isReadable(file: File): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer()
    await file.slice(-1).arrayBuffer()
    return true
  } catch {
    return false
  }
}
