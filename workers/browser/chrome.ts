// One headless Chrome and everything that belongs to it: its process group and its folder.
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as puppeteer from 'puppeteer'
import { chromePath } from '#server/chrome.ts'
import { log } from '#server/log.ts'

export interface Chrome {
  browser: puppeteer.Browser
  pid: number
  /** Fulfilled as soon as the browser has ended, by itself or by `end`. */
  gone: Promise<void>
  /** Bytes that its processes hold for themselves; null where this system does not tell. */
  memoryBytes(): Promise<number | null>
  /** Ends every process of it and removes its folder. */
  end(): Promise<void>
}

/** A command that takes longer has met a page that hangs. */
const commandMilliseconds = 60_000
const farewellMilliseconds = 3000

/** Its files lie in a folder of their own inside `temp`. Throws where no browser starts. */
export async function launchChrome(temp = tmpdir()): Promise<Chrome> {
  const executablePath = await chromePath()
  const { default: pptr } = await import('puppeteer')
  const folder = await mkdtemp(join(temp, 'browser-'))
  const launch = (args: string[]) =>
    pptr.launch({
      executablePath,
      headless: true,
      // Chrome ends when its pipe does, however the worker ended.
      pipe: true,
      userDataDir: join(folder, 'profile'),
      args,
      env: environment(folder),
      protocolTimeout: commandMilliseconds,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      defaultViewport: { width: 1280, height: 960 },
    })
  try {
    const browser = await (isRoot() ? launch([...args, '--no-sandbox']) : sandboxed(launch))
    return new RunningChrome(browser, folder)
  } catch (error) {
    await clear(folder)
    throw error
  }
}

const args = [
  // Each visit brings its own way; what belongs to none finds nothing here.
  '--proxy-server=http://127.0.0.1:1',
  '--proxy-bypass-list=<-loopback>',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  '--disable-quic',
  // One name for the headless shell, the other for the whole Chrome.
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
]

/** Root cannot have Chrome's sandbox; in some containers nobody can. */
async function sandboxed(launch: (args: string[]) => Promise<puppeteer.Browser>): Promise<puppeteer.Browser> {
  try {
    return await launch(args)
  } catch (error) {
    log.warn({ err: (error as Error).message.slice(0, 500) }, 'the browser starts without its sandbox here')
    return launch([...args, '--no-sandbox'])
  }
}

const isRoot = () => process.getuid?.() === 0

/** Nothing of ours: the worker's environment holds keys. */
function environment(folder: string): Record<string, string> {
  const own = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder }
  // TMPDIR stays the system's: Chrome puts a socket there, whose path may have 107 characters.
  const shared = ['PATH', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'FONTCONFIG_PATH']
  const kept = shared.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return { ...Object.fromEntries(kept), ...own }
}

class RunningChrome implements Chrome {
  readonly browser: puppeteer.Browser
  readonly pid: number
  readonly gone: Promise<void>
  readonly #cleared: Promise<void>
  #alive = true

  constructor(browser: puppeteer.Browser, folder: string) {
    const child = browser.process()!
    this.browser = browser
    this.pid = child.pid!
    const exit = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve()
    this.gone = exit.then(() => {
      // A browser that crashed leaves its helpers.
      killGroup(this.pid)
      this.#alive = false
    })
    this.#cleared = this.gone.then(() => clear(folder))
    browser.once('disconnected', () => void this.end())
  }

  async memoryBytes(): Promise<number | null> {
    const members = await groupMembers(this.pid)
    return members?.reduce((sum, { bytes }) => sum + bytes, 0) ?? null
  }

  async end(): Promise<void> {
    if (this.#alive) {
      // By itself it tidies up behind itself; a browser that hangs does not.
      const late = setTimeout(() => this.#alive && killGroup(this.pid), farewellMilliseconds)
      if (this.browser.connected) this.browser.close().catch(() => {})
      else killGroup(this.pid)
      await this.gone
      clearTimeout(late)
    }
    await this.#cleared
  }
}

/** Helpers on their way out may still write. */
async function clear(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(() => {})
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of it is left.
  }
}

const pageBytes = 4096

/** The living processes of a group, from Linux's own table; null where there is none. Shared libraries are not counted. */
export async function groupMembers(group: number): Promise<{ pid: number; bytes: number }[] | null> {
  const names = await readdir('/proc').catch(() => null)
  if (!names) return null
  const pids = names.filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        // Behind the command's name in brackets: state, parent, group. What has ended waits as Z for its parent's notice.
        const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
        const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (Number(itsGroup) !== group || state === 'Z') return []
        const [, resident, shared] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ').map(Number)
        return [{ pid: Number(pid), bytes: (resident! - shared!) * pageBytes }]
      } catch {
        return [] // it ended meanwhile
      }
    }),
  )
  return found.flat()
}
