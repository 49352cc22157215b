// Which browser this machine has. Whoever launches it decides how.
import { execFile } from 'node:child_process'
import { access, chmod, constants, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** No browser starts on this machine; the message says what to do. */
export class NoChrome extends Error {
  override name = 'NoChrome'
}

let found: { named: string | undefined; path: Promise<string> } | undefined

/**
 * The path of a Chromium that starts: `CHROME_PATH`, else an installed one, else the one inside `@sparticuz/chromium`,
 * unpacked once (2 s). Throws `NoChrome`.
 */
export function chromePath(): Promise<string> {
  const named = process.env.CHROME_PATH
  if (found && found.named === named) return found.path
  const path = search(named).catch((error: unknown) => {
    found = undefined
    throw error
  })
  found = { named, path }
  return path
}

async function search(named: string | undefined): Promise<string> {
  if (named) {
    if (await starts(named)) return named
    throw new NoChrome(`CHROME_PATH names ${named}, which does not start`)
  }
  for (const path of installed()) if (await starts(path)) return path
  return unpacked()
}

function installed(): string[] {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const application = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), application]
}

async function starts(path: string): Promise<boolean> {
  const there = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
  // Every library has to be found for it to say its version.
  return (
    there &&
    run(path, ['--version'], { timeout: 20_000 }).then(
      () => true,
      () => false,
    )
  )
}

async function unpacked(): Promise<string> {
  const manifest = createRequire(import.meta.url)
    .resolve('@sparticuz/chromium')
    .replace(/build\/[^/]+$/, 'package.json')
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string }
  const modules = join(dirname(manifest), '../..')
  // Where node_modules is read-only, a folder that no other user can have put there.
  const caches = [join(modules, '.cache'), join(tmpdir(), `pass-${userInfo().uid}`)]
  for (const cache of caches) {
    const ready = join(cache, `chromium-${version}`, 'chrome')
    if (await starts(ready)) return ready
  }
  for (const cache of caches) {
    if (
      !(await mkdir(cache, { recursive: true, mode: 0o700 }).then(
        () => writable(cache),
        () => false,
      ))
    )
      continue
    return unpack(cache, `chromium-${version}`)
  }
  throw new NoChrome(`no browser found and no place to unpack one: ${advice}`)
}

const advice = 'install Chromium (Debian: apt-get install chromium) or name a browser in CHROME_PATH'

/** Under another name until it is whole: several processes may need it at the same moment. */
async function unpack(cache: string, name: string): Promise<string> {
  const unfinished = await mkdtemp(join(cache, `${name}-`))
  try {
    // The package unpacks into the temporary folder of its process.
    const script = `import chromium, { inflate } from '@sparticuz/chromium'
      import { dirname } from 'node:path'
      import { createRequire } from 'node:module'
      await chromium.executablePath()
      const bin = dirname(createRequire(process.cwd() + '/').resolve('@sparticuz/chromium')).replace(/build$/, 'bin')
      await inflate(bin + '/al2023.tar.br')`
    const env = { ...process.env, TMPDIR: unfinished }
    await run(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname, env })
    await writeFile(join(unfinished, 'fonts', 'fonts.conf'), fontsConf)
    for (const libraries of ['', 'export LD_LIBRARY_PATH="$here/al2023/lib"\n']) {
      await writeFile(join(unfinished, 'chrome'), wrapper(libraries))
      await chmod(join(unfinished, 'chrome'), 0o755)
      if (!(await starts(join(unfinished, 'chrome')))) continue
      const ready = join(cache, name)
      await rename(unfinished, ready).catch(async (error: unknown) => {
        // Somebody else was quicker; a broken one of an earlier time makes room.
        if (await starts(join(ready, 'chrome'))) return
        await rm(ready, { recursive: true, force: true })
        await rename(unfinished, ready).catch(() => Promise.reject(error))
      })
      return join(ready, 'chrome')
    }
    throw new NoChrome(`the browser of @sparticuz/chromium does not start here: ${advice}`)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

/** Brings its own fonts beside those of the machine, and its own libraries where the machine lacks them. */
const wrapper = (libraries: string) => `#!/bin/sh
here=$(dirname "$0")
export FONTCONFIG_PATH="$here/fonts"
${libraries}exec "$here/chromium" "$@"
`

const fontsConf = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`

const writable = (path: string) =>
  access(path, constants.W_OK).then(
    () => true,
    () => false,
  )
