// Filters of the run list that a person keeps under a name, for themselves alone.
import type { House } from './house.ts'
import { storable } from './jsonb.ts'
import { notFound, Refusal } from './refusal.ts'

type ViewsHouse = Pick<House, 'pool'>

export interface SavedView {
  id: string
  name: string
  /** As in the address of the page, without its question mark. */
  query: string
}

const most = 50

/** Oldest first. */
export async function savedViews(house: ViewsHouse, userId: string): Promise<SavedView[]> {
  const { rows } = await house.pool.query<SavedView>(
    'select id, name, query from saved_views where user_id = $1 order by created_at, id',
    [userId],
  )
  return rows
}

/** The same name again replaces what it stood for. Throws Refusal `too_many_views`. */
export async function saveView(
  house: ViewsHouse,
  userId: string,
  { name, query }: { name: string; query: string },
): Promise<SavedView> {
  const { rows } = await house.pool.query<SavedView>(
    `insert into saved_views (user_id, name, query)
     select $1, $2, $3 where (select count(*) from saved_views where user_id = $1 and name <> $2) < $4
     on conflict (user_id, name) do update set query = excluded.query returning id, name, query`,
    [userId, storable(name), storable(query), most],
  )
  if (!rows[0]) throw new Refusal('too_many_views', 409, `There are ${most} views already: remove one first.`)
  return rows[0]
}

/** Throws Refusal `not_found`, also of somebody else's. */
export async function removeView(house: ViewsHouse, userId: string, id: string): Promise<void> {
  const { rowCount } = await house.pool.query('delete from saved_views where id = $2 and user_id = $1', [userId, id])
  if (rowCount === 0) throw notFound('view')
}
