'use client'
// What can be asked of the run that is open. Its state is what the server says, never what was asked.
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { usePathname } from 'next/navigation'
import { useState, useSyncExternalStore } from 'react'
import { misfit, type RunAct } from '#server/run-acts.ts'
import { ActDialog } from '../bulk/act-dialog.tsx'
import { actWords } from '../bulk/words.ts'
import type { Outputs } from '../trpc.ts'
import { useTRPC } from '../trpc.ts'
import type { Command } from './command-list.ts'

type Run = NonNullable<Outputs['search']['run']>

const acts: RunAct[] = ['start', 'pause', 'resume', 'retry', 'assign', 'prioritise', 'cancel']

let asked: { act: RunAct; run: Run } | null = null
const listeners = new Set<() => void>()

function ask(next: typeof asked): void {
  asked = next
  for (const listener of listeners) listener()
}

export function useRunCommands(): Command[] {
  const id = /^\/runs\/([0-9a-f-]{36})/.exec(usePathname())?.[1]
  const found = useQuery(
    useTRPC().search.run.queryOptions(
      { id: id ?? '' },
      { enabled: id !== undefined, staleTime: 0, refetchOnMount: 'always' },
    ),
  )
  const run = id ? found.data : null
  if (!run) return []
  const copy = async () => {
    await navigator.clipboard.writeText(`${window.location.origin}/runs/${run.id}`)
    notifications.show({ message: 'The link is in the clipboard.' })
  }
  return [
    ...acts.map((act) => ({
      id: `act ${act}`,
      group: `This run of ${run.client.name}`,
      icon: actWords[act].icon,
      title: `${actWords[act].verb} this run`,
      unfit: misfit(act, { state: run.state, failed: run.totals.failed + run.attention }),
      act: () => ask({ act, run }),
    })),
    {
      id: 'client of run',
      group: `This run of ${run.client.name}`,
      icon: 'user',
      title: 'Go to its client',
      detail: run.client.name,
      href: `/clients/${run.client.id}`,
    },
    {
      id: 'copy link',
      group: `This run of ${run.client.name}`,
      icon: 'copy',
      title: 'Copy the link',
      act: () => void copy(),
    },
  ]
}

/** The menu is closed by then: the question stands by itself. */
export function RunActDialog() {
  const open = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => asked,
    () => null,
  )
  const [kept, setKept] = useState(open)
  if (open && open !== kept) setKept(open)
  if (!kept) return null
  return <ActDialog act={kept.act} opened={open !== null} onClose={() => ask(null)} what={{ runs: [kept.run] }} />
}
