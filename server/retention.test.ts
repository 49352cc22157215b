import { randomBytes, randomUUID } from 'node:crypto'
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { awsClasses, writeLifecycle } from './bucket-rules.ts'
import { createClient } from './clients.ts'
import { deleteClient } from './deletion.ts'
import type { House } from './house.ts'
import { houseRetention, type Retention, retentionOf, setRetention } from './retention.ts'
import { ensureBucket, startCeph } from './store/testing.ts'
import { type VerbHouse, verbHouse } from './testing.ts'

const server = await startCeph()
const absent = 'S3: no lifecycle rules here, there is no ../shared/s3'
if (!server) process.stderr.write(`${absent}\n`)

let base: VerbHouse
beforeAll(async () => {
  base = await verbHouse()
})
afterAll(async () => {
  await base?.dispose()
  await server?.stop()
})

const aClient = async () => (await createClient(base, 'a', { name: randomUUID() })).id
const rules = (more: Partial<Retention> = {}): Retention => ({ ...houseRetention, ...more })
const refused = (code: string) => expect.objectContaining({ name: 'Refusal', code })

describe('rules of a client', () => {
  test('are the house’s until they are set, and say who set them', async () => {
    const id = await aClient()
    expect(await retentionOf(base, id)).toEqual({ ...houseRetention, updatedBy: null, updatedAt: null })
    const wanted = rules({ infrequentAfter: 30, archiveAfter: 60, originalsAfter: 365, unfinishedAfter: 2, grace: 14 })
    await setRetention(base, 'bob@x', id, wanted)
    expect(await retentionOf(base, id)).toEqual({ ...wanted, updatedBy: 'bob@x', updatedAt: expect.any(Date) })
    const { rows } = await base.pool.query(
      `select actor, data from audit where act = 'retention.set' and client_id = $1`,
      [id],
    )
    expect(rows).toEqual([{ actor: 'bob@x', data: { before: houseRetention, after: wanted } }])
  })

  test.each<[string, Partial<Retention>]>([
    ['infrequent access before a month', { infrequentAfter: 29 }],
    ['an archive less than a month after infrequent access', { infrequentAfter: 30, archiveAfter: 59 }],
    ['originals that are kept for no day', { originalsAfter: 0 }],
    ['no grace at all', { grace: 0 }],
    ['half a day', { unfinishedAfter: 0.5 }],
    ['more than ten years', { grace: 3651 }],
  ])('are refused with %s', async (_, wrong) => {
    const id = await aClient()
    await expect(setRetention(base, 'a', id, rules(wrong))).rejects.toEqual(refused('invalid_retention'))
    expect(await retentionOf(base, id)).toMatchObject(houseRetention)
  })

  test('of nobody are not set', async () => {
    await expect(setRetention(base, 'a', randomUUID(), rules())).rejects.toEqual(refused('not_found'))
  })
})

test('files have no such rules', async () => {
  expect(await writeLifecycle(base, 'a', { dryRun: false, classes: awsClasses })).toBeNull()
})

describe.skipIf(!server)(server ? 'a bucket’s rules' : absent, () => {
  /** A house of its own bucket. */
  async function onS3(): Promise<{ house: House; client: S3Client; Bucket: string }> {
    const { endpoint, accessKeyId, secretAccessKey } = server!
    const Bucket = `rules-${randomBytes(6).toString('hex')}`
    await ensureBucket(server!, Bucket)
    const env = {
      ...base.env,
      ...{ S3_BUCKET: Bucket, S3_ENDPOINT: endpoint, S3_REGION: 'us-east-1' },
      ...{ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
    }
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    })
    return { house: { ...base, env }, client, Bucket }
  }
  /** What Ceph has without further ado. */
  const standard = { infrequent: 'STANDARD', archive: 'STANDARD' }
  beforeEach(() => base.pool.query('delete from retention'))
  const inBucket = async ({ client, Bucket }: { client: S3Client; Bucket: string }) =>
    (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules ?? []

  test('follow the clients’ own; those of other people stay as they are', async () => {
    const bucket = await onS3()
    const foreign = { ID: 'logs', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 5 } } as const
    const put = { Bucket: bucket.Bucket, LifecycleConfiguration: { Rules: [foreign] } }
    await bucket.client.send(new PutBucketLifecycleConfigurationCommand(put))
    const id = await aClient()
    await setRetention(base, 'a', id, rules({ archiveAfter: 40, unfinishedAfter: 3 }))

    const options = { dryRun: false, classes: standard }
    const planned = await writeLifecycle(bucket.house, 'a', { ...options, dryRun: true })
    expect(planned).toMatchObject({ others: 1, written: false })
    expect(await inBucket(bucket)).toHaveLength(1)

    const first = (await writeLifecycle(bucket.house, 'a', options))!
    expect(first.rules.find(({ client }) => client.id === id)).toMatchObject({
      change: 'new',
      rule: { prefix: `${id}/originals/`, transitions: [{ days: 40 }], abortAfterDays: 3 },
    })
    const kept = await inBucket(bucket)
    expect(kept).toContainEqual(expect.objectContaining({ ID: 'logs', Expiration: { Days: 5 } }))
    expect(kept).toContainEqual(
      expect.objectContaining({
        ID: `pass-originals-${id}`,
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 },
        Transitions: [expect.objectContaining({ Days: 40, StorageClass: 'STANDARD' })],
      }),
    )

    const second = (await writeLifecycle(bucket.house, 'a', options))!
    expect(second.written).toBe(false)
    expect(new Set(second.rules.map(({ change }) => change))).toEqual(new Set(['same']))

    await setRetention(base, 'a', id, rules({ unfinishedAfter: 9 }))
    const other = await aClient()
    const third = (await writeLifecycle(bucket.house, 'a', { ...options, clientId: id }))!
    expect(third.rules).toMatchObject([
      { client: { id }, change: 'changed', rule: { transitions: [], abortAfterDays: 9 } },
    ])
    expect((await inBucket(bucket)).map(({ ID }) => ID)).not.toContain(`pass-originals-${other}`)

    await deleteClient(base, 'a', id)
    const last = (await writeLifecycle(bucket.house, 'a', options))!
    expect(last.rules).toContainEqual(expect.objectContaining({ client: { id, name: null }, change: 'removed' }))
    const ids = (await inBucket(bucket)).map(({ ID }) => ID)
    expect(ids).toContain('logs')
    expect(ids).not.toContain(`pass-originals-${id}`)
  })

  test('with a storage class that the endpoint does not have are refused in a sentence, and nothing is changed', async () => {
    const bucket = await onS3()
    const id = await aClient()
    await setRetention(base, 'a', id, rules({ infrequentAfter: 30, archiveAfter: 90 }))
    const writing = writeLifecycle(bucket.house, 'a', { clientId: id, dryRun: false, classes: awsClasses })
    await expect(writing).rejects.toEqual(refused('storage_class_unknown'))
    await expect(writing).rejects.toThrow(/STANDARD_IA and GLACIER_IR.*--infrequent/)
    await expect(inBucket(bucket)).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' })
  })

  test('that the endpoint itself refuses are told in a sentence too', async () => {
    const bucket = await onS3()
    const id = await aClient()
    await setRetention(base, 'a', id, rules({ infrequentAfter: 30, archiveAfter: 90 }))
    // Two transitions into one class.
    const writing = writeLifecycle(bucket.house, 'a', { clientId: id, dryRun: false, classes: standard })
    await expect(writing).rejects.toEqual(refused('rules_refused'))
  })

  test('need a client that there is', async () => {
    const { house } = await onS3()
    const options = { clientId: randomUUID(), dryRun: true, classes: standard }
    await expect(writeLifecycle(house, 'a', options)).rejects.toEqual(refused('not_found'))
  })
})
