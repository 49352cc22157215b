import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseEnv } from '../env.ts'
import { openStore } from './open.ts'

test('holds objects as files under the data directory unless a bucket is named', async () => {
  const data = await mkdtemp(join(tmpdir(), 'store-open-'))
  onTestFinished(() => rm(data, { recursive: true }))
  const store = await openStore(parseEnv({ PASS_DATA_DIR: data }))
  const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  await store.put('c/empty', Buffer.alloc(0), { sha256, bytes: 0, contentType: 'image/png' })
  expect(await readdir(join(data, 'objects/c'))).toEqual(['empty'])
})

test('holds objects in S3 where a bucket is named, with the endpoint and credentials of the environment', async () => {
  const store = await openStore(
    parseEnv({
      S3_BUCKET: 'pictures',
      S3_ENDPOINT: 'http://store.example:9000',
      S3_REGION: 'eu-central-1',
      S3_ACCESS_KEY_ID: 'KEY',
      S3_SECRET_ACCESS_KEY: 'secret',
    }),
  )
  onTestFinished(() => store.close())
  const address = new URL((await store.signedUrl('c/object', 60))!)
  expect(address.origin + address.pathname).toBe('http://store.example:9000/pictures/c/object')
  expect(address.searchParams.get('X-Amz-Credential')).toMatch(/^KEY\/\d+\/eu-central-1\/s3\//)
})
