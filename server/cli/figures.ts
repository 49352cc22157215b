// Numbers as people read them in a terminal.

export const count = (n: number) => n.toLocaleString('en-US')

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(n, 1)) / 3)))
  const value = n / 1000 ** unit
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** `[low, high]` in seconds; one figure where both read the same. */
export function duration([low, high]: [number, number]): string {
  const [a, b] = [span(low), span(high)]
  return a === b ? a : `${a} to ${b}`
}

function span(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(1)} h`
  return `${Math.round(seconds / 86_400)} days`
}

/** Of `done` out of `of`, `width` characters; empty while the whole is not known. */
export function bar(done: number, of: number | null, width: number): string {
  const filled = of ? Math.min(width, Math.floor((done / of) * width)) : of === 0 ? width : 0
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}

/** Columns padded to the widest of each. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
