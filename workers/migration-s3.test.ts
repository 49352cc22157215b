import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { ensureBucket, startCeph } from '#server/store/testing.ts'
import { verifyRun } from '#server/verify.ts'
import { differences, migrateAll, reached, reportLines } from './testing.ts'
import { houseWithAccount, ownHouse, sized } from './testing-house.ts'

const server = await startCeph()
const absent = 'S3: no whole migration here, there is no ../shared/s3'
if (!server) process.stderr.write(`${absent}\n`)

describe.skipIf(!server)(server ? 'on S3' : absent, () => {
  afterAll(() => server?.stop())

  test('a whole account is moved, every object hashes to what the ledger says, and none is left over', async () => {
    const { endpoint, accessKeyId, secretAccessKey } = server!
    const bucket = `migration-${randomBytes(6).toString('hex')}`
    await ensureBucket(server!, bucket)
    const { house, standIn, dispose } = await houseWithAccount('zenfolio', sized(5, 20, 'plain', 'small'), () =>
      ownHouse({
        S3_BUCKET: bucket,
        S3_ENDPOINT: endpoint,
        S3_ACCESS_KEY_ID: accessKeyId,
        S3_SECRET_ACCESS_KEY: secretAccessKey,
      }),
    )
    onTestFinished(dispose)
    await house.startWorker()
    const run = await migrateAll(house, standIn)
    const end = await reached(house, run)
    expect(end.state).toBe('done')
    expect(differences(await reportLines(house, run), await standIn.expected())).toEqual([])
    expect(await Array.fromAsync(verifyRun(house, run, { deep: true }))).toEqual([])
  }, 180_000)
})
