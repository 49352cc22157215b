'use client'
import { useSearchParams } from 'next/navigation'

/** What stands in the address: a pasted link opens the same view. Days are those of the reader. */
export interface Typed {
  actor: string | null
  act: string | null
  client: string | null
  from: string | null
  to: string | null
}

export function useFilter() {
  const params = useSearchParams()
  const typed: Typed = {
    actor: params.get('actor'),
    act: params.get('act'),
    client: params.get('client'),
    from: params.get('from'),
    to: params.get('to'),
  }
  const set = (change: Partial<Typed>) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries({ ...typed, ...change })) if (value) query.set(name, value)
    window.history.replaceState(null, '', query.size > 0 ? `/audit?${query}` : '/audit')
  }
  return { typed, set, filter: asked(typed), isOn: Object.values(typed).some(Boolean) }
}

function asked({ actor, act, client, from, to }: Typed) {
  const end = to ? new Date(`${to}T00:00:00`) : null
  end?.setDate(end.getDate() + 1)
  return {
    ...(actor ? { actor } : {}),
    ...(act && /^[a-z_.]{1,64}$/.test(act) ? { act } : {}),
    ...(client && /^[\da-f-]{36}$/.test(client) ? { clientId: client } : {}),
    ...moment('from', from ? new Date(`${from}T00:00:00`) : null),
    ...moment('to', end),
  }
}

const moment = (name: 'from' | 'to', at: Date | null) =>
  at && !Number.isNaN(at.getTime()) ? { [name]: at.toISOString() } : {}
