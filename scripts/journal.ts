// One service's log file: every line as it came, the recent ones at hand, and the few that a person should see at once.
import { type FileHandle, open, rename, stat } from 'node:fs/promises'

export interface Journal {
  file: string
  add(line: string): void
  /** The last dozen lines. */
  last(): string
  close(): Promise<void>
}

const mostBytes = 20 * 1024 * 1024 // of the file; as much again is kept beside it in `<file>.1`
const quietMilliseconds = 10_000 // the same trouble is told once in that time
const warning = 40 // of pino

/** `tell` gets warnings and errors, and what is not JSON but looks like trouble. */
export async function openJournal(file: string, tell: (line: string) => void): Promise<Journal> {
  const recent: string[] = []
  const told = new Map<string, number>()
  let output: FileHandle = await open(file, 'a', 0o600)
  let bytes = (await stat(file)).size
  // Writing is in line; a disk that refuses must not take the service with it.
  let writing = Promise.resolve()
  const write = async (line: string) => {
    if (bytes > mostBytes) {
      await output.close()
      await rename(file, `${file}.1`)
      output = await open(file, 'a', 0o600)
      bytes = 0
    }
    bytes += (await output.write(`${line}\n`)).bytesWritten
  }
  return {
    file,
    add(line) {
      recent.push(line)
      if (recent.length > 12) recent.shift()
      writing = writing.then(() => write(line)).catch(() => {})
      const words = trouble(line)
      if (!words || Date.now() - (told.get(words) ?? 0) < quietMilliseconds) return
      if (told.size > 100) told.clear()
      told.set(words, Date.now())
      tell(words)
    },
    last: () => recent.join('\n'),
    async close() {
      await writing
      await output.close()
    },
  }
}

/** What a person should read of a line, or undefined. */
function trouble(line: string): string | undefined {
  if (!line.startsWith('{')) return /error|warn|fatal/i.test(line) ? line.trim() : undefined
  try {
    const { level, msg, err } = JSON.parse(line) as {
      level?: number
      msg?: string
      err?: string | { message?: string }
    }
    if (!level || level < warning) return
    const cause = typeof err === 'string' ? err : err?.message
    return [msg, cause].filter(Boolean).join(': ')
  } catch {
    return
  }
}
