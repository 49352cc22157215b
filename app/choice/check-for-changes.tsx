'use client'
import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { sentence, useTRPC } from '../trpc.ts'

/** Looks at the account again; what is different is shown before anything is done. */
export function CheckForChanges({ of, small }: { of: { runId: string } | { sourceId: string }; small?: boolean }) {
  const router = useRouter()
  const check = useMutation(
    useTRPC().runs.checkForChanges.mutationOptions({
      onSuccess: ({ id }) => router.push(`/runs/${id}`),
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  return (
    <Button
      variant="default"
      {...(small ? { size: 'compact-sm', h: 30 } : {})}
      loading={check.isPending || check.isSuccess}
      onClick={() => check.mutate(of)}
    >
      Check for changes
    </Button>
  )
}
