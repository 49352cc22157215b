import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseEnv } from '#server/env.ts'
import { type Metrics, startMetrics } from '#server/metrics.ts'
import { freePort } from '../../scripts/ports.ts'
import { type MediaHouse, startMediaHouse } from './testing.ts'

let place: MediaHouse
let metrics: Metrics
let port: number

beforeAll(async () => {
  place = await startMediaHouse({ worker: false })
  port = await freePort()
  metrics = await startMetrics(parseEnv({ METRICS_PORT: `${port}` }), 'media', { house: place.house })
})
afterAll(async () => {
  await metrics?.close()
  await place?.dispose()
})

test('answers are counted by method, route and status, and what people make up is one route', async () => {
  const { media, anna } = place
  await fetch(`${media.origin}/health`)
  await fetch(`${media.origin}/image/nobody`)
  await fetch(`${media.origin}/status/nobody`, anna)
  for (const made of ['/wp-login.php', '/image.php', '/a/b/c', '//x']) await fetch(`${media.origin}${made}`)
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const counts = Object.fromEntries(
    [...text.matchAll(/^http_server_request_duration_count\{(.*?)\} (\d+)$/gm)].map(([, labels, n]) => {
      const of = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels!)![1]
      return [`${of('http_request_method')} ${of('http_route')} ${of('http_response_status_code')}`, Number(n)]
    }),
  )
  expect(counts).toEqual({ 'GET /health 200': 1, 'GET /image 404': 1, 'GET /status 404': 1, 'GET other 404': 4 })
})
