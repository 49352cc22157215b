import { randomUUID } from 'node:crypto'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '#server/clients.ts'
import { createKey, revokeKey, type Scope } from '#server/keys.ts'
import { takePictures } from '#server/rate-limits.ts'
import { Refusal } from '#server/refusal.ts'
import { type VerbHouse, verbHouse } from '#server/testing.ts'
import { aSite, type Site } from '#server/testing-site.ts'
import { withCaller } from './caller.ts'
import { expectProblem } from './testing.ts'

let house: VerbHouse
let site: Site
let origin: string

beforeAll(async () => {
  house = await verbHouse()
  const app = new Hono()
  app.get(
    '/upload',
    withCaller(house, 'upload', async (caller) => Response.json({ client: caller.clientId })),
  )
  app.post(
    '/upload',
    withCaller(house, 'upload', async () => {
      throw new Refusal('file_missing', 400, 'There is no file.')
    }),
  )
  app.put(
    '/upload',
    withCaller(house, 'upload', async (caller) => {
      await takePictures(house, caller, 1)
      return Response.json({})
    }),
  )
  site = await aSite(getRequestListener(app.fetch))
  origin = `${site.origin}/upload`
})
afterAll(async () => {
  await site?.close()
  await house?.dispose()
})

async function aKey(more: { scopes?: Scope[]; perMinute?: number; perDay?: number } = {}) {
  const { id: clientId } = await createClient(house, 'test', { name: randomUUID() })
  return { clientId, ...(await createKey(house, 'test', { clientId, scopes: ['upload'], ...more })) }
}

const ask = (key: string, method = 'GET') => fetch(origin, { method, headers: { Authorization: `Bearer ${key}` } })

test('a key lets its client in and is told how it stands', async () => {
  const { key, clientId } = await aKey({ perMinute: 60 })
  const response = await ask(key)
  expect(await response.json()).toEqual({ client: clientId })
  expect(response.headers.get('ratelimit-limit')).toBe('60')
  expect(response.headers.get('ratelimit-remaining')).toBe('59')
  expect(response.headers.get('ratelimit-reset')).toBe('60')
})

test('without a key, with an unknown or a revoked one, it is unauthenticated in the same words', async () => {
  const { key, id } = await aKey()
  await revokeKey(house, 'test', id)
  const responses = [await fetch(origin), await ask('pass_nothing'), await ask(key)]
  const bodies = await Promise.all(responses.map((response) => response.clone().text()))
  expect(new Set(bodies).size).toBe(1)
  for (const response of responses) {
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    await expectProblem(response, 401, 'unauthenticated')
  }
})

test('without the scope it is forbidden', async () => {
  const { key } = await aKey({ scopes: ['read', 'process'] })
  await expectProblem(await ask(key), 403, 'forbidden_scope')
})

test('beyond its limit it is told when to come back', async () => {
  const { key } = await aKey({ perMinute: 2 })
  await ask(key)
  await ask(key)
  const response = await ask(key)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(response.headers.get('ratelimit-remaining')).toBe('0')
  await expectProblem(response, 429, 'rate_limited')
})

test('a refused request counts, and is told how the key stands as well', async () => {
  const { key } = await aKey({ perMinute: 2 })
  const response = await ask(key, 'POST')
  expect(response.headers.get('ratelimit-remaining')).toBe('1')
  await expectProblem(response, 400, 'file_missing')
})

test('when the day’s pictures are used up it is told how long the day still is', async () => {
  const { key } = await aKey({ perDay: 1 })
  expect((await ask(key, 'PUT')).status).toBe(200)
  const response = await ask(key, 'PUT')
  const seconds = Number(response.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(86_400)
  await expectProblem(response, 429, 'quota_exceeded')
})
