// Which driver holds the objects.
import { join } from 'node:path'
import type { Env } from '../env.ts'
import type { S3Options } from './bucket.ts'
import { createFilesStore } from './files.ts'
import type { Store } from './store.ts'

/** S3 where a bucket is named, else files under the data directory. Nothing is asked of either before its first use. */
export async function openStore(env: Env): Promise<Store> {
  const s3 = s3Options(env)
  if (!s3) return createFilesStore({ root: join(env.PASS_DATA_DIR, 'objects') })
  // Its modules take 6 MB of heap, which every collection would walk.
  const { createS3Store } = await import('./s3.ts')
  return createS3Store(s3)
}

/** null where objects are files. */
export function s3Options(env: Env): S3Options | null {
  if (!env.S3_BUCKET) return null
  return {
    bucket: env.S3_BUCKET,
    endpoint: env.S3_ENDPOINT,
    region: env.S3_REGION,
    accessKeyId: env.S3_ACCESS_KEY_ID,
    secretAccessKey: env.S3_SECRET_ACCESS_KEY,
  }
}
