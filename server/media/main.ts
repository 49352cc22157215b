// The media process: the API on a port of its own, apart from the console's origin.
import type { Server } from 'node:http'
import { env } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { log } from '#server/log.ts'
import { type Metrics, startMetrics } from '#server/metrics.ts'
import { clearSooner, letBytesPass } from '#server/passing-bytes.ts'
import { openUploads, type Uploads } from '#server/uploads.ts'
import { mediaServer } from './server.ts'

const drainMilliseconds = 25_000 // within the 30 s that orchestrators give
const { HOST, MEDIA_PORT } = env()
letBytesPass()
clearSooner()

try {
  const house = await openHouse(env(), { applicationName: 'media' })
  const metrics = await startMetrics(env(), 'media', { house })
  const uploads = openUploads(house)
  const server = mediaServer(house, { uploads }, HOST)
  const open = { server, house, uploads, metrics }
  server.listen(MEDIA_PORT, HOST)
  server.once('error', (error) => fail(error))
  server.once('listening', () => {
    process.stdout.write(`${JSON.stringify({ event: 'ready' })}\n`)
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void drain(open))
    // Whoever started us is gone.
    process.once('disconnect', () => void drain(open))
  })
} catch (error) {
  fail(error)
}

interface Open {
  server: Server
  house: House
  uploads: Uploads
  metrics: Metrics
}

let draining = false

/** Answers what was asked already, takes nothing new, closes, exits 0. */
async function drain({ server, house, uploads, metrics }: Open): Promise<void> {
  if (draining) return
  draining = true
  const idle = setInterval(() => server.closeIdleConnections(), 100)
  const late = setTimeout(() => server.closeAllConnections(), drainMilliseconds)
  await new Promise((resolve) => server.close(resolve))
  clearInterval(idle)
  clearTimeout(late)
  await uploads.close().catch((error: Error) => log.warn({ err: error.message }, 'media: uploads'))
  await metrics.close()
  await house.close().catch((error: Error) => log.warn({ err: error.message }, 'media: closing'))
  process.exit(0)
}

function fail(error: unknown): never {
  process.stderr.write(`media did not start: ${(error as Error).message}\n`)
  process.exit(1)
}
