import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createContext } from '#server/trpc/context.ts'
import { refuseForeignOrigin } from '#server/trpc/request.ts'
import { appRouter } from '#server/trpc/router.ts'

export const dynamic = 'force-dynamic'

const answer = (request: Request): Response | Promise<Response> =>
  refuseForeignOrigin(request) ??
  fetchRequestHandler({ endpoint: '/api/trpc', req: request, router: appRouter, createContext })

export { answer as GET, answer as POST }
