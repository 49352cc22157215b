'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { percent } from '../../../format.ts'
import { type Live, useLive } from '../../../live/use-live.ts'
import { useTitle } from '../../../parts/use-title.ts'
import { type Family, wordsOfRun } from '../../../states/states.ts'
import { type Outputs, useTRPC, useTRPCClient } from '../../../trpc.ts'

type Followed = Outputs['runs']['follow']
export type Snapshot = Followed extends AsyncIterable<infer View> ? View : never
export type RunDetail = Outputs['runs']['detail']

/** The run as it is counted now: the one subscription of its page. */
export function useRun(runId: string): Live<Snapshot> {
  const client = useTRPCClient()
  const run = useLive<Snapshot>(`run ${runId}`, (handlers) => client.runs.follow.subscribe({ id: runId }, handlers))
  useTabState(run.view)
  return run
}

/** Plan, settings and events: asked again when the run changes its state or something fails. */
export function useRunDetail(runId: string, run: Snapshot | undefined) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const detail = useQuery(trpc.runs.detail.queryOptions({ id: runId }))
  const changed =
    run && `${run.state} ${run.stateAt} ${run.totals.failed} ${run.totals.waiting} ${run.totals.attention}`
  useEffect(() => {
    if (changed) void queryClient.invalidateQueries(trpc.runs.detail.queryFilter({ id: runId }))
  }, [changed, queryClient, trpc, runId])
  return detail
}

/** A background tab tells how it goes: "42 % · Anna Weber", and the icon has the state's colour. */
function useTabState(run: Snapshot | undefined): void {
  useTitle(run && tabTitle(run))
  const family = run && wordsOfRun(run).family
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel~="icon"]')
    if (!icon || !family) return
    const usual = icon.href
    icon.href = iconFor(family)
    return () => {
      icon.href = usual
    }
  }, [family])
}

function tabTitle(run: Snapshot): string {
  const { state, totals, statedPhotos, client } = run
  const { word } = wordsOfRun(run)
  if (state !== 'running' && state !== 'paused') return `${word} · ${client.name}`
  const share = percent(totals.published + totals.skipped + totals.failed, Math.max(totals.found, statedPhotos ?? 0))
  return `${word === 'moving' ? '' : `${word}, `}${share} % · ${client.name}`
}

const colours: Record<Family, string> = {
  moving: '#2f7de0',
  waiting: '#85858f',
  recovers: '#e6a100',
  'needs-you': '#dc3640',
  safe: '#23964e',
}

function iconFor(family: Family): string {
  const dot = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#7a3e9d"/><circle cx="16" cy="16" r="9" fill="${colours[family]}" stroke="#fff" stroke-width="3"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(dot)}`
}
