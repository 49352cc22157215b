// Rows of whatever list is on the page, in their order: each has `data-row` and holds one link that opens it.

const rows = () => [...document.querySelectorAll<HTMLElement>('main [data-row]')].sort((a, b) => place(a) - place(b))

const place = (row: HTMLElement) => row.getBoundingClientRect().top

const active = () => document.activeElement?.closest<HTMLElement>('main [data-row]') ?? null

/** Focuses the next row, or with -1 the one before; from nowhere, the first that can be seen. */
export function stepRow(by: 1 | -1): void {
  const all = rows()
  const now = active()
  const next = now ? all[all.indexOf(now) + by] : (all.find((row) => place(row) >= headHeight) ?? all[0])
  next?.querySelector<HTMLElement>('a[href]')?.focus()
}

const headHeight = 48

export function selectRow(): void {
  active()?.querySelector<HTMLElement>('input[type=checkbox]')?.click()
}

/** Whether there was a row to leave. */
export function leaveRow(): boolean {
  const now = active()
  if (now) (document.activeElement as HTMLElement).blur()
  return now !== null
}
