import { clientsRouter } from './clients.ts'
import { galleriesRouter } from './galleries.ts'
import { router } from './procedures.ts'
import { runsRouter } from './runs.ts'
import { sourcesRouter } from './sources.ts'

export const appRouter = router({
  clients: clientsRouter,
  sources: sourcesRouter,
  runs: runsRouter,
  galleries: galleriesRouter,
})

export type AppRouter = typeof appRouter
