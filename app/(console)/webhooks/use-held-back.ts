'use client'
import { useState } from 'react'

/**
 * A live list that does not jump: while somebody reads (pointer or focus within `list`), what is known changes in its
 * place and what is new waits to be shown.
 */
export function useHeldBack<Row extends { id: string }>(live: Row[]) {
  const [reading, setReading] = useState(false)
  const [shown, setShown] = useState<ReadonlySet<string> | null>(null)
  const begin = () => {
    if (!reading) setShown(new Set(live.map(({ id }) => id)))
    setReading(true)
  }
  const end = () => {
    setReading(false)
    setShown(null)
  }
  const rows = shown ? live.filter(({ id }) => shown.has(id)) : live
  return {
    rows,
    held: live.length - rows.length,
    show: () => setShown(new Set(live.map(({ id }) => id))),
    list: { onPointerEnter: begin, onPointerLeave: end, onFocus: begin, onBlur: end },
  }
}
