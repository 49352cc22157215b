// Files that a command is given: credentials to read, a report to write.
import { createWriteStream } from 'node:fs'
import { access, constants, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { House } from '#server/house.ts'
import { Refusal } from '#server/refusal.ts'
import { writeReport } from '#server/reports.ts'

/** The JSON in it, unjudged. Throws Refusal `unreadable_file`, `credentials_file_open`, `invalid_credentials`. */
export async function readCredentials(file: string): Promise<unknown> {
  const { text, mode } = await readWithMode(file)
  // Windows has no such bits.
  if (process.platform !== 'win32' && mode & 0o077) {
    throw new Refusal('credentials_file_open', 422, `Others than its owner can get at ${file}: chmod 600 it first.`)
  }
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own words would quote what is in the file.
    throw new Refusal('invalid_credentials', 422, `${file} is not JSON.`)
  }
}

async function readWithMode(file: string): Promise<{ text: string; mode: number }> {
  try {
    await using handle = await open(file, 'r')
    return { mode: (await handle.stat()).mode, text: await handle.readFile('utf8') }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Refusal('unreadable_file', 422, `${file} cannot be read${code ? ` (${code})` : ''}.`, { cause })
  }
}

/** Before any work: can a report be put there at the end? Throws Refusal `unwritable_file`. */
export async function requireWritable(file: string): Promise<void> {
  const kind = await kindOf(file)
  if (kind === 'folder') throw new Refusal('unwritable_file', 422, `${file} is a folder.`)
  try {
    await access(kind === 'other' ? file : dirname(resolve(file)), constants.W_OK)
  } catch (cause) {
    throw new Refusal('unwritable_file', 422, `${file} cannot be written: its folder is not there or is not ours.`, {
      cause,
    })
  }
}

/** Whole or not at all; an older report at that place is replaced. A device or a pipe is written to as it is. */
export async function saveReport(house: House, runId: string, file: string): Promise<void> {
  const lines = Readable.from(gathered(writeReport(house, runId)))
  if ((await kindOf(file)) === 'other') return pipeline(lines, createWriteStream(file))
  const unfinished = `${resolve(file)}.${process.pid}.part`
  try {
    await pipeline(lines, createWriteStream(unfinished, { flush: true }))
    await rename(unfinished, resolve(file))
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

async function kindOf(file: string): Promise<'file' | 'folder' | 'other'> {
  const found = await stat(file).catch(() => undefined)
  if (!found || found.isFile()) return 'file'
  return found.isDirectory() ? 'folder' : 'other'
}

/** Lines in pieces of 64 kB or more: a write for each line costs more than the line. */
async function* gathered(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = ''
  for await (const line of lines) {
    piece += line
    if (piece.length < 65_536) continue
    yield piece
    piece = ''
  }
  if (piece) yield piece
}
