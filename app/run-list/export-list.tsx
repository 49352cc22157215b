'use client'
// The list as a file: at once where it is short, else written by a worker and told of when it is there.
import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { mostStreamed } from '#server/run-acts.ts'
import type { RunQuery } from '#server/run-search.ts'
import { at, count, counted, size } from '../format.ts'
import { Icon } from '../icons.tsx'
import { useNow } from '../live/use-now.ts'
import { MenuAction } from '../parts/menu-action.tsx'
import { sentence, useTRPC } from '../trpc.ts'
import { addressOfExport, type RunExport, useExports } from './use-exports.ts'

interface Props {
  query: RunQuery
  /** As many as match; null: not known yet. */
  total: number | null
}

const quiet = { size: 'compact-sm', h: 30, variant: 'subtle', color: 'gray' } as const

export function ExportList({ query, total }: Props) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const ask = useMutation(
    trpc.exports.ask.mutationOptions({
      onSuccess({ id }) {
        notifications.show({ message: 'The list is being written. You are told when it is ready.' })
        // It may be ready before anybody is asked: that it was waited for is known by then.
        const asked = { id, askedAt: new Date(), state: 'waiting', runs: null, bytes: null, expiresAt: null } as const
        queryClient.setQueryData(trpc.exports.mine.queryKey(), (files = []) =>
          files.some((file) => file.id === id) ? files : [asked, ...files],
        )
      },
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  return (
    <>
      {total !== null && total <= mostStreamed ? (
        <Button
          component="a"
          href={`/api/export/runs?query=${encodeURIComponent(JSON.stringify(query))}`}
          download
          {...quiet}
        >
          Export as CSV
        </Button>
      ) : (
        <Button {...quiet} disabled={total === null} loading={ask.isPending} onClick={() => ask.mutate({ query })}>
          Export {total !== null && `${count(total)} `}as CSV
        </Button>
      )}
      <OwnFiles files={useExports()} />
    </>
  )
}

/** What was asked for before, as long as it is kept. */
function OwnFiles({ files }: { files: RunExport[] }) {
  const now = useNow()
  if (files.length === 0) return null
  return (
    <Menu position="bottom-end" width={320}>
      <Menu.Target>
        <Button {...quiet} rightSection={<Icon name="chevronDown" size={12} />}>
          Your files
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {files.map(({ id, state, runs, bytes, askedAt, expiresAt }) =>
          state === 'ready' ? (
            <Menu.Item
              key={id}
              component="a"
              href={addressOfExport({ id })}
              download
              leftSection={<Icon name="file" />}
            >
              {counted(runs!, 'run')}, {size(bytes!)}, until {at(expiresAt!, now)}
            </Menu.Item>
          ) : (
            <MenuAction
              key={id}
              notNow={`asked ${at(askedAt, now)}`}
              leftSection={<Icon name={state === 'failed' ? 'alert' : 'clock'} />}
            >
              {state === 'failed' ? 'Could not be written' : 'Being written'}
            </MenuAction>
          ),
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
