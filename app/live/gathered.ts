// The rows of a list that comes in pages, gathered so that a page more costs that page, however many there are.

export interface Gathered<Row> {
  rows: Row[]
  has(id: string): boolean
}

/** Of pages that grow at the end the rows gathered before are kept; a row that stands on two pages counts once. */
export function gatherer<Row extends { id: string }>() {
  let known: { pages: readonly Row[][]; ids: Set<string>; gathered: Gathered<Row> } | null = null
  return (pages: readonly Row[][]): Gathered<Row> => {
    const goesOn =
      known !== null && known.pages.length <= pages.length && known.pages.every((page, at) => page === pages[at])
    if (known && goesOn && known.pages.length === pages.length) return known.gathered
    const ids = known && goesOn ? known.ids : new Set<string>()
    const added = pages
      .slice(goesOn ? known!.pages.length : 0)
      .flatMap((page) => page.filter((row) => !ids.has(row.id) && ids.add(row.id)))
    const rows = known && goesOn ? known.gathered.rows.concat(added) : added
    known = { pages: [...pages], ids, gathered: { rows, has: (id) => ids.has(id) } }
    return known.gathered
  }
}
