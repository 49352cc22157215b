// The console's own house: opened at the first request, one a process, however often the module is bundled.
import { env } from '#server/env.ts'
import { type House, openHouse } from '#server/house.ts'
import { startMetrics } from '#server/metrics.ts'

const held = globalThis as typeof globalThis & { passConsole?: Promise<House>; passMetrics?: Promise<unknown> }

export function consoleHouse(): Promise<House> {
  held.passMetrics ??= startMetrics(env(), 'console')
  held.passConsole ??= openHouse(env(), { applicationName: 'console' }).catch((error: unknown) => {
    // The database was away at the first request; the next one tries again.
    held.passConsole = undefined
    throw error
  })
  return held.passConsole
}

/** Resolves once the database answers; rejects where it does not. */
export async function databaseAnswers(): Promise<void> {
  const { pool } = await consoleHouse()
  await pool.query('select 1')
}
