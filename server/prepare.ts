import { migrate } from '#db/migrate.ts'
import type { Env } from './env.ts'
import { log } from './log.ts'
import { declareQueues, openQueues } from './queues.ts'

/** Tables and queues as this version wants them; many processes at once are harmless. Throws `DatabaseNewer`. */
export async function prepareDatabase(env: Env & { DATABASE_URL: string }): Promise<void> {
  await migrate(env.DATABASE_URL)
  const queues = await openQueues({
    url: env.DATABASE_URL,
    supervise: false,
    onError: (error) => log.warn({ err: error.message }, 'queues'),
  })
  try {
    await declareQueues(queues.boss)
  } finally {
    await queues.close()
  }
}
