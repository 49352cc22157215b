// How many workers a group should have: the one rule that the console shows and that a scaler follows.
import { type QueueDepth, queues, type WorkerGroup } from './queues.ts'

export const scaling = {
  /** Two, so that one may go at any moment. */
  least: 2,
  /** Beyond it the database and the providers are what limits. */
  most: 20,
  /** Rounds of work that may lie before each worker: one round is as many jobs as it does at once. */
  rounds: 4,
  /** Where the oldest job has been ready for longer, there is one worker more than now. */
  patienceSeconds: 60,
} as const

export interface Wanted {
  workers: number
  because: 'least' | 'ready' | 'oldest'
  /** The queue that asks for most; null where none asks for more than the least. */
  queue: string | null
}

export type Demand = Pick<QueueDepth, 'name' | 'group' | 'ready' | 'active' | 'oldestSeconds'> & { paused: boolean }

/** `working`: workers that take jobs of the group now. A paused queue asks for nobody. */
export function wantedWorkers(group: WorkerGroup, demands: Demand[], working: number, least: number): Wanted {
  let wanted: Wanted = { workers: least, because: 'least', queue: null }
  const ask = (workers: number, because: Wanted['because'], queue: string) => {
    const bounded = Math.min(workers, scaling.most)
    if (bounded > wanted.workers) wanted = { workers: bounded, because, queue }
  }
  for (const { name, ready, active, oldestSeconds, paused } of demands.filter((each) => each.group === group)) {
    if (paused) continue
    ask(Math.ceil((ready + active) / (queues[name].concurrency * scaling.rounds)), 'ready', name)
    if (ready > 0 && oldestSeconds > scaling.patienceSeconds) ask(working + 1, 'oldest', name)
  }
  return wanted
}
