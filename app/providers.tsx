'use client'
import { MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ExactTimes } from './parts/ago.tsx'
import { cssVariables, theme } from './theme.ts'
import { makeClient, TRPCProvider } from './trpc.ts'

export function Providers({ nonce, children }: { nonce: string; children: ReactNode }) {
  const [queryClient] = useState(makeQueryClient)
  const [trpcClient] = useState(makeClient)
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
          <ModalsProvider labels={{ confirm: 'Yes', cancel: 'No' }}>
            <Notifications position="bottom-right" limit={3} />
            {children}
            <ExactTimes />
          </ModalsProvider>
        </TRPCProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
    mutationCache: new MutationCache({ onError: leaveWhenSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => codeOf(error) === undefined && failures < 3,
      },
    },
  })
}

const codeOf = (error: unknown) => (error as { data?: { code?: string } }).data?.code

function leaveWhenSignedOut(error: unknown): void {
  if (codeOf(error) !== 'signed_out') return
  window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`)
}
