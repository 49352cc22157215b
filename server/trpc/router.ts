import { auditRouter } from './audit.ts'
import { bulkRouter } from './bulk.ts'
import { clientPageRouter } from './client-page.ts'
import { clientsRouter } from './clients.ts'
import { deletionsRouter } from './deletions.ts'
import { exportsRouter } from './exports.ts'
import { galleriesRouter } from './galleries.ts'
import { hostsRouter } from './hosts.ts'
import { keysRouter } from './keys.ts'
import { passwordsRouter } from './passwords.ts'
import { accountRouter, peopleRouter } from './people.ts'
import { presetsRouter, watermarksRouter } from './presets.ts'
import { router } from './procedures.ts'
import { queuesRouter } from './queues.ts'
import { retentionRouter } from './retention.ts'
import { runsRouter } from './runs.ts'
import { searchRouter } from './search.ts'
import { shareRouter } from './share.ts'
import { sourcesRouter } from './sources.ts'
import { uploadsRouter } from './uploads.ts'
import { viewsRouter } from './views.ts'
import { webhooksRouter } from './webhooks.ts'
import { workersRouter } from './workers.ts'

export const appRouter = router({
  clients: clientsRouter,
  sources: sourcesRouter,
  uploads: uploadsRouter,
  runs: runsRouter,
  galleries: galleriesRouter,
  passwords: passwordsRouter,
  hosts: hostsRouter,
  queues: queuesRouter,
  workers: workersRouter,
  audit: auditRouter,
  keys: keysRouter,
  webhooks: webhooksRouter,
  presets: presetsRouter,
  watermarks: watermarksRouter,
  share: shareRouter,
  people: peopleRouter,
  account: accountRouter,
  clientPage: clientPageRouter,
  deletions: deletionsRouter,
  retention: retentionRouter,
  search: searchRouter,
  views: viewsRouter,
  bulk: bulkRouter,
  exports: exportsRouter,
})

export type AppRouter = typeof appRouter
