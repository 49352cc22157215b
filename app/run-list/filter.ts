// What the run list is narrowed by, as it stands in the address of the page: whoever gets the link sees the same.
import { failingSteps } from '#server/failed-work.ts'
import type { RunOrder, RunQuery, RunTab } from '#server/run-search.ts'

/** Whoever looks at it, in a view that is theirs for everybody. */
export const me = 'me'

export interface Filter extends Omit<RunQuery, 'zone'> {
  tab: RunTab
  order: RunOrder
}

const kinds = ['migration', 'upload'] as const
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const day = /^\d{4}-\d{2}-\d{2}$/

export const tabWords = {
  all: 'all',
  attention: 'needs you',
  planned: 'ready to start',
  moving: 'moving',
  paused: 'paused',
  done: 'done',
  problems: 'done with problems',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<RunTab, string>

export const orderWords = {
  newest: 'Newest first',
  oldest: 'Oldest first',
  changed: 'Last changed first',
} as const satisfies Record<RunOrder, string>

/** What it cannot read it leaves out. */
export function filterOf(params: URLSearchParams): Filter {
  const list = (name: string) => params.get(name)?.split(',').filter(Boolean)
  const matching = (name: string, pattern: RegExp) => {
    const value = params.get(name)
    return value && pattern.test(value) ? value : undefined
  }
  const filter: Filter = {
    tab: known(tabWords, params.get('tab')) ?? 'all',
    order: known(orderWords, params.get('order')) ?? 'newest',
    kind: kinds.find((kind) => kind === params.get('kind')),
    providers: list('provider'),
    clientId: matching('client', uuid),
    staff: list('staff'),
    from: matching('from', day),
    to: matching('to', day),
    failedAt: failingSteps.find((step) => step === params.get('failedat')),
    text: params.get('q')?.trim() || undefined,
  }
  return withoutEmpty(filter)
}

/** Without question mark; the same filter is always the same text. */
export function addressOf({ tab, order, kind, providers, clientId, staff, from, to, failedAt, text }: Filter): string {
  const params = new URLSearchParams()
  if (tab !== 'all') params.set('tab', tab)
  if (kind) params.set('kind', kind)
  if (providers?.length) params.set('provider', providers.join(','))
  if (clientId) params.set('client', clientId)
  if (staff?.length) params.set('staff', staff.join(','))
  if (from) params.set('from', from)
  if (to) params.set('to', to)
  if (failedAt) params.set('failedat', failedAt)
  if (text) params.set('q', text)
  if (order !== 'newest') params.set('order', order)
  return params.toString().replaceAll('%2C', ',').replaceAll('%40', '@')
}

/** As the server is asked. */
export function queryOf(filter: Filter, person: { email: string }, zone: string): RunQuery {
  const staff = filter.staff?.map((one) => (one === me ? person.email : one))
  const dated = filter.from || filter.to ? { zone } : {}
  return withoutEmpty({ ...filter, ...dated, ...(staff ? { staff: [...new Set(staff)] } : {}) })
}

/** Whether anything but tab and order narrows it. */
export const isNarrowed = (filter: Filter) => addressOf({ ...filter, tab: 'all', order: 'newest' }) !== ''

function known<Word extends string>(words: Record<Word, string>, given: string | null): Word | undefined {
  return given !== null && Object.hasOwn(words, given) ? (given as Word) : undefined
}

function withoutEmpty<Given extends object>(given: Given): Given {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && (!Array.isArray(value) || value.length > 0)),
  ) as Given
}
