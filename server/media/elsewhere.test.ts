// Where others send the bytes: a bucket or a CDN.
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import * as tables from '#db/schema.ts'
import { parseEnv } from '#server/env.ts'
import { openHouse } from '#server/house.ts'
import { signedImagePath } from '#server/signing.ts'
import { type VerbHouse, verbHouse } from '#server/testing.ts'
import { aPicture } from '#server/testing-pictures.ts'
import { bytesOf, expectProblem, serving } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const environment = (more: Record<string, string>) =>
  parseEnv({
    DATABASE_URL: house.env.DATABASE_URL,
    PASS_SECRET_KEY: randomBytes(32).toString('base64'),
    PASS_DATA_DIR: house.env.PASS_DATA_DIR,
    LOG_LEVEL: 'silent',
    ...more,
  })

describe('where others send the bytes', () => {
  const bucket = {
    ...{ S3_BUCKET: 'pictures', S3_ENDPOINT: 'http://127.0.0.1:9' },
    ...{ S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' },
  }
  const cdn = { MEDIA_CDN_URL: 'https://cdn.example/pictures/' }

  /** The same ledger with another environment, and addresses that are signed for it. */
  async function elsewhere(more: Record<string, string>) {
    const env = environment(more)
    const other = await openHouse(env)
    onTestFinished(() => other.close())
    const origin = await serving(other)
    return {
      ask: (path: string, init?: RequestInit) => fetch(origin + path, { redirect: 'manual', ...init }),
      sign: (id: string, seconds = 600) => signedImagePath(other, id, 'web', { seconds }),
      signOriginal: (id: string) => signedImagePath(other, id, null, { seconds: 600 }),
    }
  }

  test('with MEDIA_REDIRECT a picture is at a presigned address of the bucket for five minutes, kept for one', async () => {
    const { ask, sign } = await elsewhere({ ...bucket, MEDIA_REDIRECT: '1' })
    const { id, keys } = await aPicture(house)
    for (const method of ['GET', 'HEAD']) {
      const response = await ask(sign(id), { method })
      expect(response.status).toBe(302)
      expect(response.headers.get('cache-control')).toBe('private, max-age=60')
      const there = new URL(response.headers.get('location')!)
      expect(there.host).toBe('127.0.0.1:9')
      expect(there.pathname).toBe(`/pictures/${keys.web}`)
      expect(there.searchParams.get('X-Amz-Expires')).toBe('300')
      expect(there.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
    }
  })

  test('a presigned address lives no longer than the signed one it stands for', async () => {
    const { ask, sign } = await elsewhere({ ...bucket, MEDIA_REDIRECT: '1' })
    const { id } = await aPicture(house)
    const response = await ask(sign(id, 20))
    const there = new URL(response.headers.get('location')!)
    expect(Number(there.searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(30)
    const [, kept] = response.headers.get('cache-control')!.match(/max-age=(\d+)/)!
    expect(Number(kept)).toBeLessThanOrEqual(30)
  })

  test('the bucket sends an unsafe original as attachment too', async () => {
    const { ask, signOriginal } = await elsewhere({ ...bucket, MEDIA_REDIRECT: '1' })
    const { id } = await aPicture(house, { contentType: 'image/svg+xml', filename: 'a.svg' })
    const there = new URL((await ask(signOriginal(id))).headers.get('location')!)
    expect(there.searchParams.get('response-content-disposition')).toBe("attachment; filename*=UTF-8''a.svg")
  })

  test('who may not see a picture is not sent anywhere', async () => {
    const { ask } = await elsewhere({ ...bucket, ...cdn, MEDIA_REDIRECT: '1' })
    const { id, clientId } = await aPicture(house)
    await expectProblem(await ask(`/image/${id}/web`), 403, 'signature_invalid')
    await house.db.insert(tables.deletedImages).values({ publicId: randomUUID(), clientId })
    await expectProblem(await ask(`/image/${randomUUID()}`), 404, 'not_found')
  })

  test('with MEDIA_CDN_URL public pictures are at the CDN, private ones and unsafe originals never', async () => {
    const { ask, sign } = await elsewhere(cdn)
    const open = await aPicture(house, { access: 'public', contentType: 'image/heic' })
    const response = await ask(`/image/${open.id}/web`)
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(`https://cdn.example/pictures/${open.keys.web}`)
    expect(response.headers.get('cache-control')).toBe('private, max-age=60')
    expect((await ask(`/image/${open.id}`)).status).toBe(200)
    const secret = await aPicture(house)
    expect(await bytesOf(await ask(sign(secret.id)))).toEqual(secret.made.web)
  })

  test('the redirect depends on Accept as the picture does', async () => {
    const { ask } = await elsewhere(cdn)
    const wanted = { small: {}, 'small-avif': { format: 'avif' } }
    const { id, keys } = await aPicture(house, { access: 'public', wanted })
    const response = await ask(`/image/${id}/small`, { headers: { Accept: 'image/avif' } })
    expect(response.headers.get('vary')).toBe('Accept')
    expect(response.headers.get('location')).toBe(`https://cdn.example/pictures/${keys['small-avif']}`)
  })

  test('MEDIA_REDIRECT without a bucket stops the start and names the variable', () => {
    expect(() => environment({ MEDIA_REDIRECT: '1' })).toThrow(/MEDIA_REDIRECT: needs S3_BUCKET/)
  })
})
