// How fast a run is, out of its samples.
import type { House } from './house.ts'

export interface Rates {
  /** Photos and bytes stored, and photos brought to their end, a second over the last minute of work; 0 while nobody works. */
  perSecond: number
  bytesPerSecond: number
  settledPerSecond: number
  /** Photos a second over the last 15 minutes, one value per 15 s, oldest first; a stretch without work is zeros. */
  spark: number[]
  /** When the last photo was stored, as far as the last 15 minutes know. */
  lastStoredAt: string | null
  /** Photos stored and settled a second over five minutes: what the remaining time is told by. */
  calm: { perSecond: number; settledPerSecond: number }
  /** Seconds of work that these were taken over. */
  spread: number
}

interface Sample {
  ago: number
  stored: number
  settled: number
  bytes: number
}

/** Without a sample for so long nobody works, and there is no rate to tell. */
const staleSeconds = 30
const sparkSeconds = 15
const sparkBars = 60
const calmSeconds = 300

/** `moving`: whether it should. Of one that has ended the spark is of its last quarter of an hour. */
export async function ratesOf(house: Pick<House, 'pool'>, runId: string, moving: boolean): Promise<Rates> {
  const { rows } = await house.pool.query<Sample>(
    `select extract(epoch from now() - at)::float8 as ago, stored, settled, bytes from samples
     where run_id = $1 and at > now() - interval '16 minutes' order by at`,
    [runId],
  )
  const last = rows.at(-1)
  const zero = { perSecond: 0, bytesPerSecond: 0, settledPerSecond: 0 }
  if (!last || rows.length < 2) return { ...zero, spark: [], lastStoredAt: null, calm: zero, spread: 0 }
  const known = moving && last.ago < staleSeconds
  const minute = between(reaching(rows, 60), last)
  return {
    ...(known ? minute : zero),
    // A fresh sample is up to five seconds old: measured from the last one, a bar never ends half empty.
    spark: sparkOf(rows, moving && last.ago >= staleSeconds ? 0 : last.ago),
    lastStoredAt: lastStored(rows),
    calm: known ? between(reaching(rows, calmSeconds), last) : zero,
    spread: known ? (last ? reaching(rows, 60).ago - last.ago : 0) : 0,
  }
}

/** The newest sample that is at least so many seconds older than the last; else the oldest. */
function reaching(samples: Sample[], seconds: number): Sample {
  const last = samples.at(-1)!
  return samples.findLast(({ ago }) => ago >= last.ago + seconds) ?? samples[0]!
}

function between(from: Sample, to: Sample) {
  const seconds = Math.max(from.ago - to.ago, 1)
  const rate = (a: number, b: number) => Math.max(0, (b - a) / seconds)
  return {
    perSecond: rate(from.stored, to.stored),
    bytesPerSecond: rate(from.bytes, to.bytes),
    settledPerSecond: rate(from.settled, to.settled),
  }
}

/** `from`: seconds ago where the last bar ends. */
function sparkOf(samples: Sample[], from: number): number[] {
  const storedBy = (ago: number) => samples.findLast((sample) => sample.ago >= ago - 0.001)?.stored
  const spark: number[] = []
  for (let bar = sparkBars; bar > 0; bar--) {
    const before = storedBy(from + bar * sparkSeconds)
    const after = storedBy(from + (bar - 1) * sparkSeconds)
    if (before !== undefined && after !== undefined) spark.push(Math.max(0, (after - before) / sparkSeconds))
  }
  return spark
}

function lastStored(samples: Sample[]): string | null {
  const last = samples.at(-1)!.stored
  const index = samples.findIndex(({ stored }) => stored >= last)
  if (index <= 0) return null
  return new Date(Date.now() - samples[index]!.ago * 1000).toISOString()
}

interface Left {
  toCopy: number
  toSettle: number
}

/** The slower of copying and finishing decides. Nothing before half a minute of work: an early guess would only be noise. */
export function secondsLeft({ toCopy, toSettle }: Left, { calm, spread }: Rates): [number, number] | null {
  if (spread < 30 || toSettle <= 0) return null
  const copying = toCopy > 0 ? toCopy / calm.perSecond : 0
  const finishing = toSettle / calm.settledPerSecond
  const seconds = Math.max(copying, finishing)
  if (!Number.isFinite(seconds)) return null
  return [Math.ceil(seconds * 0.85), Math.ceil(seconds * 1.3 + 5)]
}
