// What a run is doing right now, as one word out of a fixed list: its state, unless something keeps it from it.
import { runStates, type StateWords, standing, wordsOf } from '../../../states/states.ts'
import type { Snapshot } from './use-run.ts'

type Seen = Pick<
  Snapshot,
  'state' | 'stalledSince' | 'behindRuns' | 'clock' | 'hosts' | 'perSecond' | 'retrying' | 'totals'
>

/** A run that has work and nobody who does it is never shown as moving. */
export function wordsOfRun(run: Seen): StateWords {
  const { state, totals } = run
  if (state !== 'running' && state !== 'surveying') return wordsOf(runStates, state)
  if (run.stalledSince) return standing.stalled
  if (run.clock.waitsSince || (run.perSecond === 0 && run.hosts.some(({ blockedUntil }) => blockedUntil)))
    return standing.waiting
  if (run.behindRuns !== null) return standing.queued
  const open = totals.found - totals.copied - totals.skipped - totals.failed
  if (totals.listing === 0 && run.retrying.photos > 0 && run.retrying.photos >= open) return standing.retrying
  return wordsOf(runStates, state)
}
