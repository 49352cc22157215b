// Commands at one database rely on what one of them started: it knows of the others.
import pg from 'pg'
import type { House } from './house.ts'

const startLock = 'pass start workers'
const commandPrefix = 'pass command '

/** What a command calls itself at the database. */
export const commandName = (pid = process.pid) => `${commandPrefix}${pid}`

/** True while another command than `own` is connected. */
export async function otherCommands(house: Pick<House, 'pool'>, own: string): Promise<boolean> {
  const { rowCount } = await house.pool.query(
    `select from pg_stat_activity
     where datname = current_database() and application_name like $1 || '%' and application_name <> $2 limit 1`,
    [commandPrefix, own],
  )
  return rowCount !== 0
}

/** Of many commands that find no worker at the same time one starts them; the others wait here and then look again. */
export async function oneStarterAtATime<T>(url: string, start: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'pass-starter' })
  client.on('error', () => {})
  await client.connect()
  try {
    // Of the session, and so gone with it.
    await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [startLock])
    return await start()
  } finally {
    await client.end().catch(() => {})
  }
}

/** A worker that has not shown itself for this long is gone. */
const silentSeconds = 20

/** Whether any worker takes jobs. */
export async function anyWorker(house: Pick<House, 'pool'>): Promise<boolean> {
  const { rowCount } = await house.pool.query(
    'select from workers where seen_at > now() - make_interval(secs => $1) limit 1',
    [silentSeconds],
  )
  return rowCount !== 0
}
