// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keyboard
// biome-ignore-all lint/a11y/useSemanticElements: virtual rows are placed by transform, which the elements of a table cannot be
// biome-ignore-all lint/a11y/useFocusableInteractive: rows are reached by the link in them
'use client'
import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue, useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useSearchParams } from 'next/navigation'
import { memo, useEffect, useRef, useState } from 'react'
import { count, counted } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { Section, Trouble } from '../../../parts/parts.tsx'
import { wordsOfCopying } from '../../../states/states.ts'
import { sentence } from '../../../trpc.ts'
import classes from './galleries.module.css'
import { columns } from './gallery-cells.tsx'
import { type GalleryRow, useGalleries, useShown } from './use-galleries.ts'
import type { Snapshot } from './use-run.ts'

/** Tabs by what a gallery needs; each stands for one or more states. */
const tabs: { id: string; word: string; states: GalleryRow['state'][] | null }[] = [
  { id: 'all', word: 'all', states: null },
  { id: 'attention', word: 'needs you', states: ['attention'] },
  { id: 'moving', word: 'moving', states: ['copying'] },
  { id: 'waiting', word: 'waits for provider', states: ['waiting'] },
  { id: 'turn', word: 'waits its turn', states: ['found', 'planned'] },
  { id: 'safe', word: 'finished', states: ['verified', 'published'] },
]

export function Galleries({ run }: { run: Snapshot }) {
  const params = useSearchParams()
  const tab = tabs.find(({ id }) => id === params.get('state')) ?? tabs[0]!
  const [typed, setTyped] = useState(params.get('q') ?? '')
  const [search] = useDebouncedValue(typed.trim(), 250)
  useEffect(() => setInAddress('q', search), [search])
  const shown = useShown({ runId: run.run, id: tab.id, states: tab.states, search })
  const countOf = (states: GalleryRow['state'][] | null) =>
    states ? states.reduce((sum, state) => sum + (run.galleryStates[state] ?? 0), 0) : run.totals.galleries
  return (
    <Section title="Galleries" aside={count(run.totals.galleries)} id="galleries">
      <div className={classes.filters}>
        <fieldset className={classes.tabs} aria-label="By state">
          {tabs
            .filter(({ id, states }) => id === 'all' || id === tab.id || countOf(states) > 0)
            .map(({ id, word, states }) => (
              <button
                key={id}
                type="button"
                aria-pressed={id === tab.id}
                onClick={() => setInAddress('state', id === 'all' ? '' : id)}
              >
                {id === 'moving' ? wordsOfCopying(run.stand ?? run.state).word : word}{' '}
                <span>{count(countOf(states))}</span>
              </button>
            ))}
        </fieldset>
        <TextInput
          aria-label="Search galleries"
          placeholder="Folder or title"
          leftSection={<Icon name="search" />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          className={classes.search}
        />
      </div>
      <GalleryTable
        key={`${shown.id} ${shown.search}`}
        run={run}
        states={shown.states}
        search={shown.search}
        changing={shown.id !== tab.id || shown.search !== search}
        expected={shown.search ? null : countOf(shown.states)}
        clear={() => setTyped('')}
      />
    </Section>
  )
}

/** Filters live in the address, so that a pasted link shows the same rows. */
function setInAddress(name: string, value: string): void {
  const query = new URLSearchParams(window.location.search)
  if ((query.get(name) ?? '') === value) return
  if (value) query.set(name, value)
  else query.delete(name)
  const text = query.toString()
  window.history.replaceState(null, '', `${window.location.pathname}${text && `?${text}`}`)
}

interface TableProps {
  run: Snapshot
  states: GalleryRow['state'][] | null
  search: string
  /** Another choice is on its way. */
  changing: boolean
  /** Rows as the run counts them; null: not known before they are looked up. */
  expected: number | null
  clear: () => void
}

// Half a row more shows that there are more.
const stepRows = 10
const rowsInView = { wide: 12.5, narrow: 6.5 }

interface Left {
  cursors: (string | null)[]
  /** Of the table, and of the page around it. */
  top: number
  page: number
}

/** Where each list stood when one went into a row of it: in this tab, for as long as it is open. */
const left = new Map<string, Left>()

function GalleryTable({ run, states, search, changing, expected, clear }: TableProps) {
  const narrow = useMediaQuery('(max-width: 640px)', false, { getInitialValueInEffect: false })
  const [rowHeight, headHeight] = narrow ? [72, 0] : [40, 32]
  const scroller = useRef<HTMLDivElement>(null)
  const place = `${run.run} ${states} ${search}`
  const row = useSearchParams().get('row')
  // Without a row that was gone into it was opened anew, not come back to.
  const [back] = useState(row ? left.get(place) : undefined)
  const [reading, setReading] = useState(false)
  const [visible, setVisible] = useState<[number, number]>([0, 20])
  // Among all galleries rows keep their places; in a state they come and go, and wait while somebody reads.
  const held = states !== null && (reading || visible[0] > 0)
  const changed = `${run.state} ${run.totals.stored} ${run.totals.rendered} ${run.totals.published} ${run.totals.failed} ${run.totals.skipped} ${run.totals.galleries} ${JSON.stringify(run.galleryStates)}`
  const { rows, cursors, more, pending, error, reload } = useGalleries({
    runId: run.run,
    states,
    search,
    changed,
    held,
    visible,
    cursors: back?.cursors,
  })
  const total = pending || more ? Math.max(expected ?? 0, rows.length + 1) : rows.length
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: headHeight,
    initialOffset: back?.top ?? 0,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row height needs every place anew
  useEffect(() => virtualizer.measure(), [rowHeight])
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is come back to
  useEffect(() => {
    if (!back) return
    // After the router has done what it does to a new page.
    const frame = requestAnimationFrame(() => {
      window.scrollTo(0, back.page)
      scroller.current
        ?.querySelector<HTMLElement>(`[data-gallery="${CSS.escape(row!)}"] a`)
        ?.focus({ preventScroll: true })
    })
    return () => cancelAnimationFrame(frame)
  }, [])
  const leave = (target: EventTarget) => {
    const gone = (target as Element).closest('a')?.closest<HTMLElement>('[data-gallery]')?.dataset.gallery
    if (!gone) return
    left.set(place, { cursors, top: scroller.current!.scrollTop, page: window.scrollY })
    setInAddress('row', gone)
  }
  const items = virtualizer.getVirtualItems()
  const first = Math.floor((items[0]?.index ?? 0) / stepRows) * stepRows
  const last = Math.ceil((items.at(-1)?.index ?? 20) / stepRows) * stepRows
  useEffect(() => setVisible([first, last]), [first, last])

  if (error && rows.length === 0) return <Trouble message={sentence(error)!} again={reload} />
  if (!pending && rows.length === 0) return <NoneMatch search={search} clear={clear} />
  const behind = held && expected !== null && !more ? expected - rows.length : 0
  return (
    <>
      {behind !== 0 && (
        <Button variant="light" size="compact-sm" mt="sm" onClick={reload}>
          {behind > 0
            ? `Show ${count(behind)} new`
            : `${counted(-behind, 'gallery', 'galleries')} moved on: show the list as it is`}
        </Button>
      )}
      <div className={classes.table}>
        <div
          ref={scroller}
          className={classes.scroller}
          role="table"
          aria-label="Galleries"
          aria-rowcount={total + 1}
          aria-busy={pending || changing}
          tabIndex={0}
          onPointerEnter={() => setReading(true)}
          onPointerLeave={() => setReading(false)}
          onFocus={() => setReading(true)}
          onBlur={() => setReading(false)}
          onClickCapture={(event) => leave(event.target)}
          style={{ height: headHeight + Math.min(narrow ? rowsInView.narrow : rowsInView.wide, total) * rowHeight + 1 }}
        >
          <div role="rowgroup" className={classes.head}>
            <div role="row" className={classes.header} aria-rowindex={1}>
              {columns.map(({ id, header }) => (
                <div key={id} role="columnheader">
                  {header}
                </div>
              ))}
            </div>
          </div>
          <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
            {items.map((item) => {
              const gallery = rows[item.index]
              const place = { top: item.start - headHeight, height: rowHeight }
              if (!gallery) return <div key={`place ${item.index}`} className={classes.place} style={styleOf(place)} />
              return (
                <Row
                  key={gallery.id}
                  gallery={gallery}
                  runState={run.stand ?? run.state}
                  index={item.index}
                  {...place}
                />
              )
            })}
          </div>
        </div>
      </div>
    </>
  )
}

interface Place {
  top: number
  height: number
}

interface RowProps extends Place {
  gallery: GalleryRow
  runState: string
  index: number
}

const styleOf = ({ top, height }: Place) => ({ height, transform: `translateY(${top}px)` })

/** Scrolling draws the rows that come, and none of those that are there. */
const Row = memo(function Row({ gallery, runState, index, ...place }: RowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={classes.row}
      data-gallery={gallery.publicId}
      style={styleOf(place)}
    >
      {columns.map(({ id, Cell }) => (
        <div key={id} role="cell" data-column={id}>
          <Cell gallery={gallery} runState={runState} />
        </div>
      ))}
    </div>
  )
})

function NoneMatch({ search, clear }: { search: string; clear: () => void }) {
  return (
    <p className={classes.none}>
      {search ? `No gallery has “${search}” in its folder or title. ` : 'None is in this state. '}
      <button
        type="button"
        onClick={() => {
          clear()
          setInAddress('state', '')
        }}
      >
        Show all
      </button>
    </p>
  )
}
