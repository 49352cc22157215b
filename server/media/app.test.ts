import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '#db/testing.ts'
import { parseEnv } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { aSite, type Site } from '#server/testing-site.ts'
import { mediaApp } from './app.ts'

let database: TestDatabase
let house: House
let dir: string
let site: Site
let origin: string

beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'media-'))
  house = await openHouse(
    parseEnv({ DATABASE_URL: database.url, PASS_SECRET_KEY: randomBytes(32).toString('base64'), PASS_DATA_DIR: dir }),
  )
  site = await aSite(getRequestListener(mediaApp(house).fetch))
  origin = site.origin
})

afterAll(async () => {
  await site.close()
  await house.close()
  await database.drop()
  await rm(dir, { recursive: true })
})

test('health answers when database and store do, and the document describes every route', async () => {
  expect(await (await fetch(`${origin}/health`)).json()).toEqual({ status: 'ok' })
  const document = await (await fetch(`${origin}/openapi.json`)).json()
  expect(document).toMatchObject({ openapi: '3.1.0' })
  expect(Object.keys(document.paths).toSorted()).toEqual([
    '/health',
    '/image/{id}',
    '/image/{id}/{rendition}',
    '/process',
    '/status/{id}',
    '/status/{id}/events',
    '/upload',
  ])
  expect(Object.keys(document.paths['/image/{id}'].get.responses)).toEqual([
    '200',
    '206',
    '302',
    '304',
    '403',
    '404',
    '410',
    '416',
    '503',
  ])
})

test('the document is also a page for people, which runs and loads nothing', async () => {
  const answer = await fetch(`${origin}/docs`)
  expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
  expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'unsafe-inline'; sandbox")
  const page = await answer.text()
  for (const words of ['POST /upload', 'GET /status/{id}/events', 'invalid_instructions', 'id="shape-Status"'])
    expect(page).toContain(words)
  expect(page).not.toMatch(/<script|<link|src=|https?:\/\/(?!example\.com)/)
})
