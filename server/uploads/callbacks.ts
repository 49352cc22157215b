// Senders who left an address are told when what they sent is ready. Looked for in the ledger, whatever way it came to
// its end; the message and the note that it was told commit together.
import { sql } from 'drizzle-orm'
import type { House } from '../house.ts'
import { announceByWebhook } from '../webhooks.ts'
import { itemOf, type Status, statusOf } from './status.ts'

const atOnce = 100
const pageItems = 1000

interface Due {
  id: number
  clientId: string
  keyId: string
  url: string
  runId: string
  /** Of the one photo that it is about. */
  entryId: string | null
}

/** Returns how many were settled. What was deleted meanwhile is told to nobody. */
export async function tellSenders(house: House): Promise<number> {
  return house.db.transaction(async (tx) => {
    const { rows } = await tx.execute<Due & Record<string, unknown>>(sql`
      select c.id, c.client_id as "clientId", c.key_id as "keyId", c.url, c.run_id as "runId", p.public_id as "entryId"
      from upload_callbacks c join runs r on r.id = c.run_id left join photos p on p.id = c.photo_id
      where c.told_at is null and case when c.photo_id is null
        then r.state in ('done', 'done_with_problems', 'cancelled', 'failed')
        else p.state in ('published', 'skipped', 'failed', 'gone') end
      order by c.id limit ${atOnce} for update of c skip locked`)
    for (const due of rows) {
      const { clientId, keyId, url } = due
      const outcome =
        due.entryId === null ? await outcomeOfRun(house, due) : await outcomeOfImage(house, due, due.entryId)
      if (outcome) {
        const payload = { type: `upload.${outcome.status}`, timestamp: new Date().toISOString(), ...outcome }
        await announceByWebhook(tx, house, { clientId, keyId, url, payload })
      }
      await tx.execute(sql`update upload_callbacks set told_at = now() where id = ${due.id}`)
    }
    return rows.length
  })
}

async function outcomeOfImage(house: House, { clientId }: Due, entryId: string) {
  const item = await itemOf(house, clientId, entryId)
  if (!item) return null
  const { imageId, status, code, url } = item
  return { status, jobId: imageId, imageId, ...(code ? { code } : {}), urls: url ? [url] : [] }
}

async function outcomeOfRun(
  house: House,
  { clientId, runId }: Due,
): Promise<{ status: Status; jobId: string; urls: string[] } | null> {
  const urls: string[] = []
  let cursor: string | undefined
  for (;;) {
    const page = await statusOf(house, clientId, runId, { cursor, limit: pageItems })
    if (!page) return null
    urls.push(...page.urls)
    if (page.nextCursor === null) return { status: page.status, jobId: runId, urls }
    cursor = page.nextCursor
  }
}
