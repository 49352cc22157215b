import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { chromePath, NoChrome } from '#server/chrome.ts'

/** The browser of this machine; as root on Debian it is installed where none starts. Throws `NoChrome`. */
export async function ensureChrome(tell: (line: string) => void): Promise<string> {
  try {
    return await chromePath()
  } catch (error) {
    if (!(error instanceof NoChrome) || process.env.CHROME_PATH || process.getuid?.() !== 0) throw error
    tell('No browser starts here; installing Chromium …')
    const run = promisify(execFile)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-qq'], { env }).catch(() => Promise.reject(error))
    const install = ['install', '-y', '-qq', '--no-install-recommends', 'chromium']
    await run('apt-get', install, { env, maxBuffer: 64 * 1024 * 1024 }).catch(() => Promise.reject(error))
    return chromePath()
  }
}
