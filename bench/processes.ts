// What processes have used, as Linux counts it.

import { readFile } from 'node:fs/promises'
import type { Figure } from './figures.ts'

const ticksPerSecond = 100 // USER_HZ, the same on every Linux

/** The most resident memory that a process ever had, in MB; null where the system does not tell. */
export async function peakMegabytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1])
  return Number.isNaN(kilobytes) ? null : (kilobytes * 1024) / 1e6
}

/** Of the largest of them. */
export async function peakMemory(name: string, pids: number[]): Promise<Figure> {
  const peaks = await Promise.all(pids.map((pid) => peakMegabytes(pid)))
  return { name, unit: 'MB', value: Math.max(...peaks.map((peak) => peak ?? 0)), target: { most: 512 } }
}

/** Seconds of CPU that processes have used so far; 0 where the system does not tell. */
export async function cpuSeconds(pids: number[]): Promise<number> {
  const used = await Promise.all(pids.map((pid) => ticksOf(pid)))
  return used.reduce((sum, { own }) => sum + own, 0) / ticksPerSecond
}

/** The same of a process with its children, those that have ended too. */
export async function familyCpuSeconds(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const { own, ended } = await ticksOf(pid)
  return (own + ended) / ticksPerSecond + (await cpuSeconds(children.split(' ').filter(Boolean).map(Number)))
}

async function ticksOf(pid: number): Promise<{ own: number; ended: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15)
  return { own: user + system, ended: childUser + childSystem }
}
