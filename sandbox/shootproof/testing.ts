import type { Sandbox } from '../providers.ts'
import { small } from '../testing.ts'
import { startShootproof } from './start.ts'

/** A plain client for the tests of the stand-in itself: it keeps every rule unless a test breaks one. */

/** The fields of all kinds of answers, as far as tests read them. */
interface Item {
  id: string | number
  name: string
  eventCategory: unknown
  belongsToAlbumIds: unknown[]
  parentAlbumId: number | null
}

export interface Answer {
  status: number
  stat: string
  code: string
  access_token: string
  refresh_token: string
  items: Item[]
  meta: { currentPage: number; rows: number; totalItems: number; totalPages: number }
  links: Record<string, { href: string; templated?: boolean }>
  info: { errors: Record<string, unknown> }
  events: { id: string; name: string }[]
  photos: { id: string; name: string; url: { original: string } }[]
  total_pages: string
  zipBundleStatus: string
  downloadPageUrl: string
}

/** The owner of the account that seed 1 makes. */
export const owner = { email: 'anna-1@example.com', password: 'Schlüssel-№-1' }

export async function openClient() {
  const sandbox: Sandbox = await startShootproof({ ...small, photos: 20 })
  const { auth, api: apiAt } = sandbox.endpoints
  const control = async (path: string, body: object = {}) =>
    (await fetch(`${sandbox.origin}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) })).json()

  async function tokenCall(form: Record<string, string>): Promise<Answer> {
    const body = new URLSearchParams(form)
    return (await fetch(`${auth}/oauth2/authorization/token`, { method: 'POST', body })).json()
  }
  const refresh = (refreshToken: string) =>
    tokenCall({ grant_type: 'refresh_token', refresh_token: refreshToken, scope: 'studio' })

  const token = (await refresh(sandbox.credentials.refreshToken ?? '')).access_token
  const api = (path: string, init: RequestInit = {}) =>
    fetch(`${apiAt}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    })
  const studio = async (path: string): Promise<Answer> => (await api(`/studio${path}`)).json()
  const brands = (await studio('/brand')).items

  return {
    sandbox,
    token,
    brands,
    tokenCall,
    refresh,
    api,
    studio,
    v2: async (parameters: Record<string, string>): Promise<Answer> =>
      (await fetch(`${apiAt}/v2?${new URLSearchParams({ access_token: token, ...parameters })}`)).json(),
    requests: async (): Promise<{ writes: string[]; unknown: string[] }> =>
      (await fetch(`${sandbox.origin}/_sandbox/requests`)).json(),
    faults: (change: object) => control('faults', { reset: true, ...change }),
    /** A refresh token that nobody has used. */
    handOver: async (): Promise<string> => (await control('hand-over')).refreshToken,
    async eventCalled(name: string, brand = 0): Promise<{ path: string; id: string }> {
      const under = `/brand/${brands[brand]?.id}/event`
      for (let page = 1; ; page++) {
        const { items, meta } = await studio(`${under}?page=${page}`)
        const event = items.find((one) => one.name === name)
        if (event) return { path: `${under}/${event.id}`, id: String(event.id) }
        if (page >= meta.totalPages) throw new RangeError(`No event is called ${name}`)
      }
    },
  }
}

export type Client = Awaited<ReturnType<typeof openClient>>
