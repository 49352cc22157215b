// Which driver holds the objects.
import { join } from 'node:path'
import type { Env } from '../env.ts'
import type { S3Options } from './bucket.ts'
import { createFilesStore } from './files.ts'
import { createS3Store } from './s3.ts'
import type { Store } from './store.ts'

/** S3 where a bucket is named, else files under the data directory. Nothing is asked of either before its first use. */
export function openStore(env: Env): Store {
  const s3 = s3Options(env)
  return s3 ? createS3Store(s3) : createFilesStore({ root: join(env.PASS_DATA_DIR, 'objects') })
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
