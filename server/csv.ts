// Tables as spreadsheets save them (RFC 4180, with the separators that are met in the wild).

export interface CsvRow {
  /** Where it begins in the file, from 1. */
  line: number
  cells: string[]
}

/** Rows that hold something. The separator is whichever of `,` `;` and tab the first line has most of, outside quotes. */
export function parseCsv(text: string): CsvRow[] {
  const source = text.replace(/^\uFEFF/, '')
  const separator = separatorOf(source)
  const rows: CsvRow[] = []
  let row: CsvRow = { line: 1, cells: [] }
  let cell = ''
  let quoted = false
  let line = 1
  const endRow = () => {
    row.cells.push(cell)
    cell = ''
    if (row.cells.some((each) => each.trim() !== '')) rows.push(row)
    row = { line, cells: [] }
  }
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!
    if (char === '\n') line++
    if (quoted) {
      if (char !== '"') cell += char
      else if (source[i + 1] === '"') cell += source[++i]
      else quoted = false
    } else if (char === '"' && cell === '') quoted = true
    else if (char === separator) {
      row.cells.push(cell)
      cell = ''
    } else if (char === '\n' || char === '\r') {
      if (char === '\r') {
        line++
        if (source[i + 1] === '\n') i++
      }
      endRow()
    } else cell += char
  }
  endRow()
  return rows
}

function separatorOf(text: string): string {
  const first = (text.split(/\r?\n|\r/, 1)[0] ?? '').replace(/"[^"]*"/g, '')
  const count = (separator: string) => first.split(separator).length
  return [',', ';', '\t'].toSorted((a, b) => count(b) - count(a))[0]!
}

/** A line of RFC 4180, with its end. A cell that a spreadsheet would take for a formula is quoted by an apostrophe. */
export function csvLine(cells: (string | null)[]): string {
  const written = cells.map((cell) => {
    const text = cell ?? ''
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  })
  return `${written.join(',')}\r\n`
}
