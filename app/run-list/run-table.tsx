// biome-ignore-all lint/a11y/useSemanticElements: virtual rows are placed by transform, which the elements of a table cannot be
// biome-ignore-all lint/a11y/useFocusableInteractive: rows are reached by the link in them
'use client'
// The run list itself: only the rows on screen are in the page, every one within reach of keyboard and screen reader.
import { Checkbox } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import Link from 'next/link'
import { memo, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { ShortId } from '../parts/short-id.tsx'
import { useProviderTitle } from '../provider-forms.tsx'
import { Dated, RunNumbers, RunProgress, RunState } from './run-row.tsx'
import classes from './run-table.module.css'
import { setRowInAddress } from './use-filter.ts'
import type { FoundRun } from './use-run-rows.ts'
import type { Selection } from './use-selection.ts'

const columns: { id: string; header: string; Cell: (props: { run: FoundRun }) => ReactNode }[] = [
  { id: 'who', header: 'Client', Cell: Who },
  { id: 'state', header: 'State', Cell: RunState },
  { id: 'progress', header: 'Progress', Cell: RunProgress },
  { id: 'numbers', header: 'Photos', Cell: RunNumbers },
  { id: 'staff', header: 'Looked after by', Cell: Staff },
]

/** Whoever is told what is on screen is told in steps of so many rows. */
const stepRows = 10

interface Props {
  rows: FoundRun[]
  /** A row as it is now. */
  now: (run: FoundRun) => FoundRun
  /** As many as match, where that is known. */
  total: number | null
  selection: Selection
  onVisible: (rows: [number, number]) => void
  /** Where the list stood when it was left, by filter. */
  place: string
  /** Id of the row that has the keyboard in a pasted address. */
  row: string | null
  more: boolean
  fetchMore: () => unknown
}

export function RunTable({ rows, now, total, selection, onVisible, ...opened }: Props) {
  const { place, row: wantedRow, more, fetchMore } = opened
  const narrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false })
  const rowHeight = narrow ? 104 : 56
  const box = useRef<HTMLDivElement>(null)
  const [margin, setMargin] = useState(0)
  useLayoutEffect(() => setMargin(box.current?.offsetTop ?? 0), [])
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: margin,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row height needs every place anew
  useEffect(() => virtualizer.measure(), [rowHeight])
  const items = virtualizer.getVirtualItems()
  const first = Math.floor((items[0]?.index ?? 0) / stepRows) * stepRows
  const last = Math.ceil((items.at(-1)?.index ?? 20) / stepRows) * stepRows
  const isTop = (virtualizer.scrollOffset ?? 0) < rowHeight
  useEffect(() => onVisible([isTop ? 0 : Math.max(1, first), last]), [first, last, isTop, onVisible])
  useReturn({ place, row: wantedRow, rows, more, fetchMore }, (index) =>
    virtualizer.scrollToIndex(index, { align: 'center' }),
  )
  const inAddress = useRowInAddress()
  const all = rows.length > 0 && rows.every((run) => selection.has(run.id))
  return (
    <div
      className={classes.table}
      role="table"
      aria-label="Runs"
      aria-rowcount={(total ?? rows.length) + 1}
      onFocus={(event) => inAddress.soon(rowOf(event.target))}
      onClickCapture={(event) => inAddress.now(rowOf(event.target as Element))}
    >
      <div role="rowgroup" className={classes.head}>
        <div role="row" className={classes.header} aria-rowindex={1}>
          <div role="columnheader">
            <Checkbox
              size="xs"
              aria-label={all ? 'Select none' : 'Select all rows that are loaded'}
              checked={all}
              indeterminate={!all && selection.count > 0}
              onChange={() => (all ? selection.clear() : selection.add(rows))}
            />
          </div>
          {columns.map(({ id, header }) => (
            <div key={id} role="columnheader" data-column={id}>
              {header}
            </div>
          ))}
        </div>
      </div>
      <div ref={box} role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const row = rows[item.index]
          if (!row) return null
          return (
            <Row
              key={row.id}
              run={now(row)}
              index={item.index}
              top={item.start - margin}
              height={rowHeight}
              selected={selection.has(row.id)}
              toggle={selection.toggle}
            />
          )
        })}
      </div>
    </div>
  )
}

const rowOf = (target: Element) => target.closest<HTMLElement>('[data-row]')?.dataset.row ?? null

const restMilliseconds = 200

/** A key that is held down walks through many rows: the one it stops at is told, and the one that is opened at once. */
function useRowInAddress() {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const now = (row: string | null) => {
    clearTimeout(timer.current)
    setRowInAddress(row)
  }
  return {
    now,
    soon(row: string | null) {
      clearTimeout(timer.current)
      timer.current = setTimeout(() => now(row), restMilliseconds)
    },
  }
}

interface RowProps {
  run: FoundRun
  index: number
  top: number
  height: number
  selected: boolean
  toggle: (run: FoundRun) => void
}

/** Scrolling draws the rows that come, and none of those that are there. */
const Row = memo(function Row({ run, index, top, height, selected, toggle }: RowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-selected={selected || undefined}
      className={classes.row}
      data-row={run.id}
      style={{ height, transform: `translateY(${top}px)` }}
    >
      <div role="cell" className={classes.check}>
        <input
          type="checkbox"
          aria-label={`Select ${run.client.name}, ${run.id.slice(0, 8)}`}
          checked={selected}
          onChange={() => toggle(run)}
        />
      </div>
      {columns.map(({ id, Cell }) => (
        <div key={id} role="cell" data-column={id}>
          <Cell run={run} />
        </div>
      ))}
    </div>
  )
})

/** Where each filter's list stood when it was left: in this tab, for as long as it is open. */
const places = new Map<string, number>()

/** As far as a row that a link names is looked for. */
const mostLookedThrough = 500

type Opened = Pick<Props, 'place' | 'row' | 'rows' | 'more' | 'fetchMore'>

/** Back at a list, it stands where it stood; opened by a link, at the row that the link names. */
function useReturn({ place, row, rows, more, fetchMore }: Opened, show: (index: number) => void): void {
  // Without a row in hand it was opened anew, not come back to.
  const first = useRef<{ stood: number | undefined; row: string | null } | null>({
    stood: row ? places.get(place) : undefined,
    row,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time more rows are there, until it is found
  useEffect(() => {
    if (!first.current) return
    const { stood, row } = first.current
    const index = rows.findIndex((run) => run.id === row)
    if (stood === undefined && row && index < 0 && more && rows.length < mostLookedThrough) return void fetchMore()
    first.current = null
    // After the router has done what it does to a new page.
    requestAnimationFrame(() => {
      if (stood !== undefined) window.scrollTo(0, stood)
      else if (index >= 0) show(index)
      if (row) requestAnimationFrame(() => focusRow(row))
    })
  }, [rows.length])
  // Let go of before the next page is drawn, whose own scrolling is none of this list.
  useLayoutEffect(() => {
    const keep = () => places.set(place, window.scrollY)
    window.addEventListener('scroll', keep, { passive: true })
    return () => window.removeEventListener('scroll', keep)
  }, [place])
}

function focusRow(id: string): void {
  document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"] a`)?.focus({ preventScroll: true })
}

function Who({ run }: { run: FoundRun }): ReactNode {
  const what = useProviderTitle()(run.provider)
  return (
    <span className={classes.who}>
      <Link href={`/runs/${run.id}`} prefetch={false} className={classes.open}>
        {run.client.name}
      </Link>
      <span className={classes.dim}>
        {what} · <Dated run={run} />
        <span className={classes.id}>
          {' · '}
          <ShortId id={run.id} what="run" />
        </span>
      </span>
    </span>
  )
}

function Staff({ run: { staff } }: { run: FoundRun }) {
  return (
    <span className={classes.dim} title={staff}>
      {staff.split('@')[0]}
    </span>
  )
}
