// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keyboard
// biome-ignore-all lint/a11y/useSemanticElements: virtual rows are placed by transform, which the elements of a table cannot be
// biome-ignore-all lint/a11y/useFocusableInteractive: rows are reached by the boxes in them
'use client'
import { Button, Skeleton, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useDeferredValue, useEffect, useId, useMemo, useRef, useState } from 'react'
import { count, counted, day } from '../format.ts'
import { Icon } from '../icons.tsx'
import { Section, Trouble } from '../parts/parts.tsx'
import { State } from '../states/state.tsx'
import { differences as differenceWords } from '../states/states.ts'
import { sentence } from '../trpc.ts'
import classes from './choice.module.css'
import { choosable, type Difference, matching, type PlannedGallery, type Row, rowsOf, stateOf } from './choice.ts'
import type { Choice } from './use-choice.ts'

const differing: Difference[] = ['new', 'changed', 'moved', 'gone']
const kinds: Difference[] = ['new', 'changed', 'moved', 'gone', 'same']

/** Every gallery of the account with a box; in a repeated migration what differs stands first. */
export function ChooseGalleries({ choice, repeated }: { choice: Choice; repeated: boolean }) {
  const { galleries, error, reload } = choice
  if (error) return <Trouble message={sentence(error)!} again={reload} />
  if (!galleries) return <Skeleton height={320} mt="xl" />
  return <Chooser choice={choice} galleries={galleries} repeated={repeated} />
}

function Chooser({ choice, galleries, repeated }: { choice: Choice; galleries: PlannedGallery[]; repeated: boolean }) {
  const [typed, setTyped] = useState('')
  const search = useDeferredValue(typed)
  const differs = galleries.some(({ difference }) => differing.includes(difference))
  const [tab, setTab] = useState(repeated && differs ? 'differs' : 'all')
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const shown = useMemo(() => {
    const differences = tab === 'all' ? null : tab === 'differs' ? differing : [tab as Difference]
    return matching(galleries, { search, differences })
  }, [galleries, search, tab])
  // Who searches wants to see what was found, wherever it lies.
  const rows = useMemo(() => rowsOf(shown, search ? new Set() : closed), [shown, search, closed])
  const refs = choosable(shown)
  const all = choosable(galleries)
  const taken = stateOf(refs, choice.chosen)
  const some = shown.length < galleries.length
  return (
    <Section
      title={repeated ? 'What is different' : 'Choose galleries'}
      aside={`${count(all.filter((ref) => choice.chosen.has(ref)).length)} of ${count(all.length)} chosen`}
      id="choose"
    >
      <div className={classes.filters}>
        {repeated && <Tabs galleries={galleries} tab={tab} onChoose={setTab} />}
        <div className={classes.bulk}>
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            disabled={taken === 'all' || refs.length === 0}
            onClick={() => choice.take(refs, true)}
          >
            {some ? `Choose these ${count(refs.length)}` : 'Choose all'}
          </Button>
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            disabled={taken === 'none'}
            onClick={() => choice.take(refs, false)}
          >
            {some ? `Leave out these ${count(refs.length)}` : 'Leave out all'}
          </Button>
        </div>
        <TextInput
          aria-label="Search galleries"
          placeholder="Folder, title or id"
          leftSection={<Icon name="search" />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          className={classes.search}
        />
      </div>
      {rows.length === 0 ? (
        <p className={classes.none}>
          {search ? `No gallery has “${search}” in its folder or title. ` : 'There is none. '}
          <button
            type="button"
            onClick={() => {
              setTyped('')
              setTab('all')
            }}
          >
            Show all
          </button>
        </p>
      ) : (
        <Rows
          rows={rows}
          choice={choice}
          repeated={repeated}
          onToggle={(key) =>
            setClosed((before) => (before.has(key) ? without(before, key) : new Set([...before, key])))
          }
        />
      )}
    </Section>
  )
}

const without = (keys: ReadonlySet<string>, key: string) => new Set([...keys].filter((one) => one !== key))

function Tabs({
  galleries,
  tab,
  onChoose,
}: {
  galleries: PlannedGallery[]
  tab: string
  onChoose: (tab: string) => void
}) {
  const counts = Map.groupBy(galleries, ({ difference }) => difference)
  const countOf = (kind: Difference) => counts.get(kind)?.length ?? 0
  const tabs = [
    { id: 'differs', word: 'different', n: differing.reduce((sum, kind) => sum + countOf(kind), 0) },
    ...kinds.map((kind) => ({ id: kind as string, word: differenceWords[kind].word, n: countOf(kind) })),
    { id: 'all', word: 'all', n: galleries.length },
  ]
  return (
    <fieldset className={classes.tabs} aria-label="By difference">
      {tabs
        .filter(({ id, n }) => n > 0 || id === tab)
        .map(({ id, word, n }) => (
          <button key={id} type="button" aria-pressed={id === tab} onClick={() => onChoose(id)}>
            {word} <span>{count(n)}</span>
          </button>
        ))}
    </fieldset>
  )
}

// Half a row more shows that there are more.
const rowsInView = 14.5

function Rows({
  rows,
  choice,
  repeated,
  onToggle,
}: {
  rows: Row[]
  choice: Choice
  repeated: boolean
  onToggle: (key: string) => void
}) {
  const narrow = useMediaQuery('(max-width: 640px)', false, { getInitialValueInEffect: false })
  const rowHeight = narrow ? 52 : 36
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row height needs every place anew
  useEffect(() => virtualizer.measure(), [rowHeight])
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      tabIndex={0}
      role="table"
      aria-label="Galleries to choose from"
      aria-rowcount={rows.length}
      style={{ height: Math.min(rowsInView, rows.length) * rowHeight + 2 }}
    >
      <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index]!
          return (
            <div
              key={row.key}
              role="row"
              aria-rowindex={item.index + 1}
              className={classes.row}
              data-repeated={repeated || undefined}
              style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}
            >
              {row.kind === 'folder' ? (
                <Folder row={row} choice={choice} onToggle={() => onToggle(row.key)} />
              ) : (
                <Gallery row={row} choice={choice} repeated={repeated} />
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function Folder({
  row,
  choice,
  onToggle,
}: {
  row: Extract<Row, { kind: 'folder' }>
  choice: Choice
  onToggle: () => void
}) {
  const refs = choosable(row.galleries)
  return (
    <>
      <div role="cell" className={classes.title} style={{ paddingLeft: row.depth * 20 }}>
        <Box refs={refs} choice={choice} label={`All in ${row.title}`} />
        <button type="button" className={classes.folder} aria-expanded={row.open} onClick={onToggle}>
          <Icon name={row.open ? 'chevronDown' : 'chevronRight'} size={14} />
          <span>{row.title || 'without a title'}</span>
        </button>
      </div>
      <div role="cell" className={classes.number}>
        {counted(row.galleries.length, 'gallery', 'galleries')}
      </div>
    </>
  )
}

function Gallery({
  row: { gallery, depth },
  choice,
  repeated,
}: {
  row: Extract<Row, { kind: 'gallery' }>
  choice: Choice
  repeated: boolean
}) {
  const { ref, title, path, difference, reason, statedCount, date, virtual, archived } = gallery
  const id = useId()
  const more = [
    reason,
    difference === 'gone' && 'kept here, and marked',
    virtual && 'collection',
    archived && 'in the provider’s archive',
    !repeated && date && day(date),
  ].filter(Boolean)
  return (
    <>
      <div role="cell" className={classes.title} style={{ paddingLeft: depth * 20 }}>
        <Box refs={difference === 'gone' ? [] : [ref]} choice={choice} label={title} id={id} />
        <label htmlFor={id} className={classes.name} title={[...path, title].join(' / ')}>
          {title || 'without a title'}
        </label>
      </div>
      <div role="cell" className={classes.number}>
        {statedCount === null ? '–' : counted(statedCount, 'photo')}
      </div>
      {repeated && (
        <div role="cell">
          <State of={differenceWords[difference]} />
        </div>
      )}
      <div role="cell" className={classes.more} title={more.join(' · ')}>
        {more.join(' · ')}
      </div>
    </>
  )
}

function Box({ refs, choice, label, id }: { refs: string[]; choice: Choice; label: string; id?: string }): ReactNode {
  const state = stateOf(refs, choice.chosen)
  return (
    <input
      type="checkbox"
      id={id}
      className={classes.box}
      aria-label={label}
      disabled={refs.length === 0}
      checked={state === 'all'}
      ref={(box) => {
        if (box) box.indeterminate = state === 'some'
      }}
      onChange={(event) => choice.take(refs, event.currentTarget.checked)}
    />
  )
}
