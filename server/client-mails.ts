// When a client is written to: the move of their galleries begins, needs something of theirs, is done. What is written is
// composed when it is sent.
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Tx } from '#db/client.ts'
import type { House } from './house.ts'
import { type ClientOccasion, clientLetter, clientSubjects, type Letter } from './letters.ts'
import { entryOf, type ProviderId, providers } from './providers.ts'
import type { Queues } from './queues.ts'

/**
 * In the transaction of the event. Uploads, clients without an address and those who want no mail get none. Without
 * `queues` its job comes with the next sweep.
 */
export async function tellClient(tx: Tx, runId: string, occasion: ClientOccasion, queues?: Queues): Promise<void> {
  const id = randomUUID()
  const { rows } = await tx.execute(sql`
    with told as (select count(*)::int as times from mails where starts_with(occasion, ${`${occasion} ${runId} `}))
    insert into mails (id, client_id, occasion, receiver, subject, next_try_at)
    select ${id}, c.id, ${`${occasion} ${runId} `} || (told.times + 1), c.email, ${clientSubjects[occasion]}, now()
    from runs r join clients c on c.id = r.client_id, told
    where r.id = ${runId} and r.kind = 'migration' and c.mailed and c.email is not null and c.deletion_id is null
      and told.times < ${mostTimes[occasion]}
    on conflict (occasion) do nothing returning id`)
  if (rows.length > 0) await queues?.enqueue(tx, 'send-mail', [{ payload: { mailId: id } }])
}

/** Of one run: it begins once; it may need something, or come to its end after a retry, a few times. */
const mostTimes: Record<ClientOccasion, number> = { started: 1, needed: 3, done: 3 }

/** What is written on an occasion that `tellClient` entered, with the counts of now; null where its run is gone. */
export async function clientLetterOf(house: Pick<House, 'pool' | 'env'>, occasion: string): Promise<Letter | null> {
  const [kind, runId] = occasion.split(' ')
  const { rows } = await house.pool.query<{
    name: string
    provider: string
    total: number
    safe: number
    look: number
  }>(
    `select c.name, s.provider, coalesce(sum(g.total), 0)::int as total, coalesce(sum(g.published), 0)::int as safe,
       coalesce(sum(g.failed + g.skipped), 0)::int as look
     from runs r join clients c on c.id = r.client_id join sources s on s.id = r.source_id
       left join galleries g on g.client_id = r.client_id and g.deletion_id is null
     where r.id = $1 group by c.id, s.id`,
    [runId],
  )
  const about = rows[0]
  if (!about) return null
  const from = Object.hasOwn(providers, about.provider) ? entryOf(about.provider as ProviderId).title : about.provider
  return clientLetter(kind as ClientOccasion, { ...about, from, consoleUrl: house.env.CONSOLE_URL })
}
