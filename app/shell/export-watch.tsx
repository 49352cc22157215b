'use client'
// Wherever somebody is in the console: a list that they asked for is told of when it is ready.
import { notifications } from '@mantine/notifications'
import { useEffect, useRef } from 'react'
import { counted } from '../format.ts'
import { addressOfExport, useExports } from '../run-list/use-exports.ts'

export function ExportWatch() {
  const files = useExports()
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
  return null
}
