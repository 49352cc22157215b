import { afterAll, beforeAll, expect, test } from 'vitest'
import { aSite, type Site } from '#server/testing-site.ts'
import { freePort } from '../scripts/ports.ts'
import { createHttp } from './http.ts'
import { harOf, type TracedRequest, traced } from './trace.ts'

const http = createHttp({ allowLocal: true })
let site: Site
beforeAll(async () => {
  site = await aSite((request, response) => {
    response.writeHead(request.url === '/gone' ? 404 : 200, { 'content-type': 'text/plain' }).end('x')
  })
})
afterAll(async () => {
  await http.close()
  await site?.close()
})

const ask = async (path: string) => (await http.request(`${site.origin}${path}`)).discard()

test('work that fails tells the requests that led there, without what signs in; other work at the same time is not in it', async () => {
  let seen: TracedRequest[] = []
  const failing = traced(
    async () => {
      await ask('/one?token=very-secret')
      await ask('/gone')
      throw new Error('it is not there')
    },
    async (_, requests) => {
      seen = requests
    },
  )
  await Promise.all([expect(failing).rejects.toThrow('it is not there'), ask('/other')])
  expect(seen.map(({ status }) => status)).toEqual([200, 404])
  const har = harOf(seen)
  expect(har).not.toContain('very-secret')
  const entries = JSON.parse(har).log.entries
  expect(entries.map((entry: { request: { url: string } }) => new URL(entry.request.url).pathname)).toEqual([
    '/one',
    '/gone',
  ])
})

test('an answer that never came is told with why', async () => {
  const port = await freePort()
  let seen: TracedRequest[] = []
  const nowhere = traced(
    async () => http.request(`http://127.0.0.1:${port}/`),
    async (_, requests) => {
      seen = requests
    },
  )
  await expect(nowhere).rejects.toThrow()
  expect(seen[0]).toMatchObject({ status: null, problem: expect.stringContaining('ECONNREFUSED') })
})
