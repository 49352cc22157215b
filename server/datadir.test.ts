import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimDataDir, DataDirError, runningSystem } from './datadir.ts'

const system = {
  pid: process.pid,
  databaseUrl: 'postgresql://pass@127.0.0.1:5432/pass',
  consoleUrl: 'http://localhost:3000',
  mediaUrl: 'http://localhost:3001',
}
let dir: string

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'pass-datadir-')), 'deep/data')
})

afterEach(() => rm(join(dir, '../..'), { recursive: true, force: true }))

describe('a data directory', () => {
  it('keeps one secret key of 32 bytes for ever', async () => {
    const first = await claimDataDir(dir)
    await first.release()
    const second = await claimDataDir(dir)
    expect(Buffer.from(second.secretKey, 'base64')).toHaveLength(32)
    expect(second.secretKey).toBe(first.secretKey)
    await second.release()
  })

  it('can neither be listed nor read by others', async () => {
    const claimed = await claimDataDir(dir)
    await claimed.publish(system)
    expect((await stat(dir)).mode & 0o066).toBe(0)
    for (const file of ['secret.key', 'running.json']) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600)
    await claimed.release()
  })

  it('takes one system at a time and names the one that runs', async () => {
    const first = await claimDataDir(dir)
    await first.publish(system)
    const refusal = await claimDataDir(dir).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(DataDirError)
    expect(refusal).toMatchObject({ code: 'already_running', message: expect.stringContaining(`${process.pid}`) })
    await first.release()
    await (await claimDataDir(dir)).release()
  })

  it('goes to exactly one of ten processes that start together', async () => {
    await mkdir(dir, { recursive: true })
    const claims = await Promise.all(Array.from({ length: 10 }, () => claimElsewhere()))
    expect(claims.map((claim) => claim.said).sort()).toEqual([...Array(9).fill('already_running'), 'mine'])
    for (const { child } of claims) child.kill('SIGKILL')
  })

  it('is free again when its system was killed, and nobody takes the dead one for running', async () => {
    const { child, said } = await claimElsewhere()
    expect(said).toBe('mine')
    expect(await runningSystem(dir)).toMatchObject({ consoleUrl: system.consoleUrl })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await runningSystem(dir)).toBeNull()
    await (await claimDataDir(dir)).release()
  })

  it('tells where its system answers while it runs, and only then', async () => {
    expect(await runningSystem(dir)).toBeNull()
    const claimed = await claimDataDir(dir)
    expect(await runningSystem(dir)).toBeNull()
    await claimed.publish(system)
    expect(await runningSystem(dir)).toEqual(system)
    await claimed.release()
    expect(await runningSystem(dir)).toBeNull()
  })

  it('of a newer version is refused and left as it is', async () => {
    await mkdir(dir, { recursive: true })
    await writeFile(join(dir, 'version'), '99\n')
    await expect(claimDataDir(dir)).rejects.toMatchObject({ code: 'data_dir_newer' })
    expect(await readFile(join(dir, 'version'), 'utf8')).toBe('99\n')
    expect(await readdir(dir)).not.toContain('secret.key')
  })

  it('with a damaged key is refused instead of given a new one', async () => {
    await mkdir(dir, { recursive: true })
    await writeFile(join(dir, 'secret.key'), 'c2hvcnQ=\n')
    await expect(claimDataDir(dir)).rejects.toMatchObject({ code: 'data_dir_unusable' })
    expect(await readFile(join(dir, 'secret.key'), 'utf8')).toBe('c2hvcnQ=\n')
  })

  it('that is a file is refused in one sentence', async () => {
    await mkdir(join(dir, '..'), { recursive: true })
    await writeFile(dir, '')
    await expect(claimDataDir(dir)).rejects.toMatchObject({ code: 'data_dir_unusable' })
  })

  it.runIf(canMount())('on a full disk says so', async () => {
    await mkdir(dir, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir])
    try {
      await expect(claimDataDir(dir)).rejects.toMatchObject({ code: 'disk_full' })
    } finally {
      execFileSync('umount', [dir])
    }
  })
})

async function claimElsewhere() {
  const script = `
    import { claimDataDir } from '#server/datadir.ts'
    try {
      const claimed = await claimDataDir(${JSON.stringify(dir)})
      await claimed.publish({ ...${JSON.stringify(system)}, pid: process.pid })
      process.stdout.write('mine')
    } catch (error) {
      process.stdout.write(error.code)
    }
    process.stdin.resume()
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [said] = await once(child.stdout, 'data')
  return { child, said: String(said) }
}

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
