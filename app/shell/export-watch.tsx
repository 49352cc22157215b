'use client'
// Wherever somebody is in the console: a list that they asked for is told of when it is ready.
import { notifications } from '@mantine/notifications'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { counted } from '../format.ts'
import { useLine } from '../live/line.ts'
import { useLive } from '../live/use-live.ts'
import { addressOfExport, useExports } from '../run-list/use-exports.ts'
import { useTRPC, useTRPCClient } from '../trpc.ts'

export function ExportWatch() {
  const files = useExports()
  const isWaiting = files.some(({ state }) => state === 'waiting')
  useLookAgain(isWaiting)
  const isAlone = useLine('holders') === 0
  const waiting = useRef(new Set<string>())
  useEffect(() => {
    for (const { id, state, runs } of files) {
      if (state === 'waiting') waiting.current.add(id)
      else if (waiting.current.delete(id))
        notifications.show(
          state === 'ready'
            ? {
                autoClose: false,
                message: (
                  <>
                    Your list of {counted(runs!, 'run')} is ready:{' '}
                    <a href={addressOfExport({ id })} download>
                      download it
                    </a>
                    . It is kept under “Your files” beside the list.
                  </>
                ),
              }
            : { color: 'red', autoClose: false, message: 'Your list of runs could not be written. Try it again.' },
        )
    }
  }, [files])
  return isWaiting && isAlone ? <OwnLine /> : null
}

/** Whenever the console says that one is written; and, while one is waited for, where it may have said so unheard. */
function useLookAgain(isWaiting: boolean): void {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [stood, ended] = [useLine('stood'), useLine('ended')]
  const looked = useRef({ stood, ended })
  useEffect(() => {
    const isDue = ended !== looked.current.ended || (isWaiting && stood !== looked.current.stood)
    looked.current = { stood, ended }
    if (isDue) void queryClient.invalidateQueries(trpc.exports.mine.queryFilter())
  }, [stood, ended, isWaiting, queryClient, trpc])
}

/** On a page that follows nothing. */
function OwnLine() {
  const client = useTRPCClient()
  useLive<null>('own files', (handlers) => client.exports.follow.subscribe(undefined, handlers), true)
  return null
}
