'use client'
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client'
import type { inferRouterOutputs } from '@trpc/server'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import type { AppRouter } from '#server/trpc/router.ts'
import { transformer } from '#server/trpc/transformer.ts'

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>()

export type Outputs = inferRouterOutputs<AppRouter>

const url = '/api/trpc'

export function makeClient() {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url, transformer }),
        false: httpBatchLink({ url, transformer, maxURLLength: 4000 }),
      }),
    ],
  })
}

/** A refusal's own sentence; anything else says that it did not arrive. */
export function sentence(error: { message: string; data?: { code?: string } | null } | null): string | null {
  if (!error) return null
  return error.data?.code ? error.message : 'The console did not answer. Check the connection and try again.'
}
