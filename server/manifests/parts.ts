// Files that have come in part: on this machine's disk until they are whole, or nobody goes on with them.
import { createHash } from 'node:crypto'
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sniffBytes } from '../sniff.ts'
import type { Spooled } from '../spool.ts'

/** Without a new byte for so long, nobody goes on with it. */
export const abandonedHours = 24

/** An upload in `folder` is `<run>.<something>`, and beside it what is told of it in `<the same>.json`. */
export const partId = (runId: string, something: string) => `${runId}.${something}`
export const isPartOf = (id: string, runId: string) => id.startsWith(`${runId}.`)

export interface Part {
  id: string
  path: string
  modified: number
  /** Bytes of it that are here. */
  offset: number
}

/** Of one run: what a sender can go on with. */
export async function partsOf(folder: string, runId: string): Promise<Part[]> {
  const names = await readdir(folder).catch(() => [])
  const told = names.filter((name) => isPartOf(name, runId) && name.endsWith('.json'))
  const parts = await Promise.all(told.map((name) => readPart(folder, name.slice(0, -'.json'.length))))
  return parts.filter((part) => part !== null && part.offset > 0) as Part[]
}

async function readPart(folder: string, id: string): Promise<Part | null> {
  try {
    const { metadata } = JSON.parse(await readFile(join(folder, `${id}.json`), 'utf8')) as {
      metadata?: Record<string, string>
    }
    const { size } = await stat(join(folder, id))
    return metadata?.path ? { id, path: metadata.path, modified: Number(metadata.modified), offset: size } : null
  } catch {
    // It was just finished, or is just being begun.
    return null
  }
}

export async function forgetPart(folder: string, id: string): Promise<void> {
  await Promise.all([id, `${id}.json`].map((name) => rm(join(folder, name), { force: true })))
}

/** Removes what has not grown for a day. Returns how many uploads went. */
export async function sweepParts(folder: string, now = Date.now()): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const ids = new Set(names.map((name) => name.replace(/\.json$/, '')))
  let removed = 0
  for (const id of ids) {
    const times = await Promise.all([id, `${id}.json`].map((name) => stat(join(folder, name)).catch(() => null)))
    const grown = Math.max(...times.map((one) => one?.mtimeMs ?? 0))
    if (now - grown < abandonedHours * 3600_000) continue
    await forgetPart(folder, id)
    removed += 1
  }
  return removed
}

/** Up to this a file is read at once; larger ones piece by piece. */
const wholeBytes = 1024 * 1024

/** A whole file on this machine as if it had just flowed in; the store may move it away. */
export async function spooledFile(path: string): Promise<Spooled> {
  await using file = await open(path, 'r')
  const { size: bytes } = await file.stat()
  const hash = createHash('sha256')
  const piece = async (from: number, length: number) => {
    const { buffer, bytesRead } = await file.read(
      Buffer.allocUnsafe(Math.min(length, bytes - from)),
      0,
      undefined,
      from,
    )
    return buffer.subarray(0, bytesRead)
  }
  const whole = { bytes, body: { path }, remove: () => rm(path, { force: true }) }
  if (bytes <= wholeBytes) {
    const all = await piece(0, bytes)
    hash.update(all)
    const [head, tail] = [all.subarray(0, sniffBytes), all.subarray(Math.max(0, all.length - sniffBytes))]
    return { ...whole, sha256: hash.digest('hex'), head, tail }
  }
  for (let from = 0; from < bytes; from += wholeBytes) hash.update(await piece(from, wholeBytes))
  const [head, tail] = [await piece(0, sniffBytes), await piece(bytes - sniffBytes, sniffBytes)]
  return { ...whole, sha256: hash.digest('hex'), head, tail }
}
