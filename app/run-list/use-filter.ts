'use client'
import { useSearchParams } from 'next/navigation'
import { useEffect, useMemo, useState } from 'react'
import { usePerson } from '../shell/person.tsx'
import { addressOf, type Filter, filterOf, queryOf } from './filter.ts'

/** The filter in the address, the query it stands for, and how to change it. */
export function useFilter() {
  const params = useSearchParams()
  const person = usePerson()
  const [address, setLocal] = useState(() => addressOf(filterOf(new URLSearchParams(params.toString()))))
  // The router tells of a changed address a moment later; what was clicked is shown at once.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the router has noticed, the address itself is asked
  useEffect(() => setLocal(addressOf(filterOf(new URLSearchParams(window.location.search)))), [params])
  return useMemo(() => {
    const filter = filterOf(new URLSearchParams(address))
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
    const change = (next: Partial<Filter>) => {
      const changed = addressOf({ ...filter, ...next })
      setLocal(changed)
      setAddress(changed)
    }
    return { filter, address, query: queryOf(filter, person, zone), change }
  }, [address, person])
}

function setAddress(query: string): void {
  window.history.replaceState(null, '', `${window.location.pathname}${query && `?${query}`}`)
}

/** Beside the filter: which row has the keyboard, so that a pasted link opens there. */
export function setRowInAddress(id: string | null): void {
  const query = new URLSearchParams(window.location.search)
  if (query.get('row') === id) return
  if (id) query.set('row', id)
  else query.delete('row')
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%40', '@')
  window.history.replaceState(null, '', `${window.location.pathname}${text && `?${text}`}`)
}
