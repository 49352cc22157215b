// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keyboard
// biome-ignore-all lint/a11y/useSemanticElements: virtual rows are placed by transform, which the elements of a table cannot be
// biome-ignore-all lint/a11y/useFocusableInteractive: rows are reached by the link in them
'use client'
import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue, useMediaQuery } from '@mantine/hooks'
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import Link from 'next/link'
import { useSearchParams } from 'next/navigation'
import { useEffect, useMemo, useRef, useState } from 'react'
import { at, count, counted, usually } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { useNow } from '../../../live/use-now.ts'
import { Section, Trouble } from '../../../parts/parts.tsx'
import { ProgressBar } from '../../../progress/progress-bar.tsx'
import { State } from '../../../states/state.tsx'
import { wordsOfCopying, wordsOfGallery } from '../../../states/states.ts'
import { sentence } from '../../../trpc.ts'
import { wordsOfCode } from '../../../words.ts'
import classes from './galleries.module.css'
import { type GalleryRow, useGalleries } from './use-galleries.ts'
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
                {id === 'moving' ? wordsOfCopying(run.state).word : word} <span>{count(countOf(states))}</span>
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
        key={`${tab.id} ${search}`}
        run={run}
        states={tab.states}
        search={search}
        expected={search ? null : countOf(tab.states)}
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

const features = tableFeatures({})
const helper = createColumnHelper<typeof features, GalleryRow>()
const columnsOf = (runState: string) =>
  helper.columns([
    helper.display({ id: 'title', header: 'Gallery', cell: ({ row }) => <Title gallery={row.original} /> }),
    helper.display({ id: 'photos', header: 'Photos', cell: ({ row }) => <Photos gallery={row.original} /> }),
    helper.display({ id: 'progress', header: 'Progress', cell: ({ row }) => <Progress gallery={row.original} /> }),
    helper.display({
      id: 'state',
      header: 'State',
      cell: ({ row }) => <State of={wordsOfGallery(row.original, runState)} />,
    }),
    helper.display({ id: 'more', header: 'Note', cell: ({ row }) => <More gallery={row.original} /> }),
  ])

interface TableProps {
  run: Snapshot
  states: GalleryRow['state'][] | null
  search: string
  /** Rows as the run counts them; null: not known before they are looked up. */
  expected: number | null
  clear: () => void
}

// Half a row more shows that there are more.
const rowsInView = { wide: 12.5, narrow: 6.5 }

function GalleryTable({ run, states, search, expected, clear }: TableProps) {
  const narrow = useMediaQuery('(max-width: 640px)', false, { getInitialValueInEffect: false })
  const [rowHeight, headHeight] = narrow ? [72, 0] : [40, 32]
  const scroller = useRef<HTMLDivElement>(null)
  const [reading, setReading] = useState(false)
  const [visible, setVisible] = useState<[number, number]>([0, 20])
  // Among all galleries rows keep their places; in a state they come and go, and wait while somebody reads.
  const held = states !== null && (reading || visible[0] > 0)
  const changed = `${run.state} ${run.totals.stored} ${run.totals.rendered} ${run.totals.published} ${run.totals.failed} ${run.totals.skipped} ${run.totals.galleries} ${JSON.stringify(run.galleryStates)}`
  const { rows, more, pending, error, reload } = useGalleries({
    runId: run.run,
    states,
    search,
    changed,
    held,
    visible,
  })
  const columns = useMemo(() => columnsOf(run.state), [run.state])
  const table = useTable({ features, columns, data: rows, getRowId: (row) => String(row.id) })
  const modelRows = table.getRowModel().rows
  const total = pending || more ? Math.max(expected ?? 0, rows.length + 1) : rows.length
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollMargin: headHeight,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row height needs every place anew
  useEffect(() => virtualizer.measure(), [rowHeight])
  const items = virtualizer.getVirtualItems()
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 20]
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
          aria-busy={pending}
          tabIndex={0}
          onPointerEnter={() => setReading(true)}
          onPointerLeave={() => setReading(false)}
          onFocus={() => setReading(true)}
          onBlur={() => setReading(false)}
          style={{ height: headHeight + Math.min(narrow ? rowsInView.narrow : rowsInView.wide, total) * rowHeight + 1 }}
        >
          <div role="rowgroup" className={classes.head}>
            {table.getHeaderGroups().map((group) => (
              <div key={group.id} role="row" className={classes.header} aria-rowindex={1}>
                {group.headers.map((header) => (
                  <div key={header.id} role="columnheader">
                    <table.FlexRender header={header} />
                  </div>
                ))}
              </div>
            ))}
          </div>
          <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
            {items.map((item) => {
              const row = modelRows[item.index]
              const place = { height: rowHeight, transform: `translateY(${item.start - headHeight}px)` }
              if (!row) return <div key={`place ${item.index}`} className={classes.place} style={place} />
              return (
                <div key={row.id} role="row" aria-rowindex={item.index + 2} className={classes.row} style={place}>
                  {row.getAllCells().map((cell) => (
                    <div key={cell.id} role="cell" data-column={cell.column.id}>
                      <table.FlexRender cell={cell} />
                    </div>
                  ))}
                </div>
              )
            })}
          </div>
        </div>
      </div>
    </>
  )
}

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

function Title({ gallery }: { gallery: GalleryRow }) {
  const access =
    gallery.access === 'password' || gallery.access === 'private'
      ? 'lock'
      : gallery.access === 'hidden'
        ? 'hidden'
        : null
  return (
    <Link
      href={`/galleries/${gallery.publicId}`}
      className={classes.title}
      title={[...gallery.path, gallery.title].join(' / ')}
    >
      {gallery.path.length > 0 && <span className={classes.path}>{gallery.path.join(' / ')} / </span>}
      {gallery.title}
      {access && <Icon name={access} size={13} title={gallery.access ?? undefined} className={classes.access} />}
    </Link>
  )
}

function Photos({ gallery }: { gallery: GalleryRow }) {
  const whole = Math.max(gallery.total, gallery.statedCount ?? 0)
  return (
    <span className={classes.photos}>
      {!isOver(gallery) && gallery.published > 0 && gallery.published < whole && (
        <span className={classes.dim}>{count(gallery.published)} of </span>
      )}
      {gallery.total === 0 && gallery.statedCount === null ? '–' : count(whole)}
    </span>
  )
}

/** Then what the provider states has been held against what is here: photos placed from other galleries count too. */
const isOver = ({ state }: GalleryRow) => state === 'verified' || state === 'published'

function Progress({ gallery }: { gallery: GalleryRow }) {
  const { copied, rendered, published, skipped, failed, total, state } = gallery
  if (state === 'found' || state === 'planned' || (total === 0 && isOver(gallery))) return null
  const counts = { found: total, stored: copied - rendered, rendered: rendered - published, published, skipped, failed }
  return (
    <ProgressBar
      small
      label={gallery.title}
      counts={counts}
      expected={isOver(gallery) ? null : gallery.statedCount}
      listing={false}
    />
  )
}

function More({ gallery }: { gallery: GalleryRow }) {
  const now = useNow()
  const { failed, skipped, code, state, waitingSince, thawUsualHours, sets, gone, goneAt } = gallery
  const parts: string[] = []
  if (state === 'attention' && code) parts.push(wordsOfCode(code).title)
  if (state === 'waiting' && waitingSince) parts.push(`since ${at(new Date(waitingSince), now)}`)
  if (state === 'waiting' && thawUsualHours !== null) parts.push(`usually ${usually(thawUsualHours)}`)
  if (failed > 0) parts.push(`${count(failed)} failed`)
  if (skipped > 0) parts.push(`${count(skipped)} skipped`)
  if (goneAt) parts.push('gone at the provider, kept here')
  else if (gone > 0) parts.push(`${count(gone)} gone at the provider, kept here`)
  if (sets > 0) parts.push(counted(sets, 'set'))
  return parts.length > 0 && <span className={classes.dim}>{parts.join(' · ')}</span>
}
