// What an earlier PostgreSQL of the same cluster left behind when it, or whoever started it, was killed.
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Ends processes that still work in the cluster `data` and removes a stale pid file. Harmless where there is nothing. */
export async function clearLeftover(data: string): Promise<void> {
  for (const [signal, seconds] of [['SIGINT', 15] as const, ['SIGQUIT', 10] as const, ['SIGKILL', 10] as const]) {
    const pids = await processesIn(data)
    if (pids.length === 0) break
    // Fast shutdown is for the postmaster to order; the harder signals go to everybody.
    const postmaster = await postmasterOf(data)
    const targets = signal === 'SIGINT' && postmaster && pids.includes(postmaster) ? [postmaster] : pids
    for (const pid of targets) kill(pid, signal)
    const deadline = Date.now() + seconds * 1000
    while ((await processesIn(data)).length > 0 && Date.now() < deadline) await delay(50)
  }
  await rm(join(data, 'postmaster.pid'), { force: true })
}

async function postmasterOf(data: string): Promise<number | undefined> {
  const file = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return Number.parseInt(file, 10) || undefined
}

/** Every process of PostgreSQL has the cluster as its working directory: sure even where a pid was given out again. */
async function processesIn(data: string): Promise<number[]> {
  const folder = await realpath(data).catch(() => undefined)
  if (!folder) return []
  if (process.platform !== 'linux') return postmasterByCommand(folder)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const inside = await Promise.all(
    pids.map(async (pid) => (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === folder && !(await ended(pid))),
  )
  return pids.filter((pid, i) => inside[i] && pid !== process.pid)
}

async function ended(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X')
  return /\) [ZX]/.test(state)
}

async function postmasterByCommand(folder: string): Promise<number[]> {
  const pid = await postmasterOf(folder)
  if (!pid) return []
  const ps = await promisify(execFile)('ps', ['-o', 'args=', '-p', `${pid}`]).catch(() => ({ stdout: '' }))
  return ps.stdout.includes(folder) ? [pid] : []
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended between the look and the signal.
  }
}
