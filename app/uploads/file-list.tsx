// biome-ignore-all lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keyboard
// biome-ignore-all lint/a11y/useSemanticElements: virtual rows are placed by transform, which the elements of a list cannot be
'use client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState } from 'react'
import { count, percent, size } from '../format.ts'
import { State } from '../states/state.tsx'
import type { StateWords } from '../states/states.ts'
import { wordsOfCode } from '../words.ts'
import { type FileState, fileStates } from './messages.ts'
import type { SenderView } from './sender.ts'
import classes from './uploads.module.css'

const words: Record<FileState, StateWords> = {
  [fileStates.read]: { family: 'waiting', icon: 'dashed', word: 'read' },
  [fileStates.waiting]: { family: 'waiting', icon: 'dashed', word: 'waits its turn' },
  [fileStates.sending]: { family: 'moving', icon: 'moving', word: 'on its way' },
  [fileStates.here]: { family: 'safe', icon: 'check', word: 'here' },
  [fileStates.refused]: { family: 'needs-you', icon: 'alert', word: 'not taken' },
  [fileStates.changed]: { family: 'recovers', icon: 'retry', word: 'looks different' },
  [fileStates.unlisted]: { family: 'waiting', icon: 'file', word: 'not in this upload' },
}

const tabs: { word: string; states: FileState[] | null }[] = [
  { word: 'all', states: null },
  { word: 'not taken', states: [fileStates.refused] },
  { word: 'look different', states: [fileStates.changed] },
  { word: 'not in this upload', states: [fileStates.unlisted] },
  { word: 'to go', states: [fileStates.sending, fileStates.waiting] },
  { word: 'here', states: [fileStates.here] },
]

const rowHeight = 32
const rowsInView = 10.5 // half a row more shows that there are more

/** Every file of this tab with what became of it: only the rows in view are there, however many there are. */
export function FileList({ view }: { view: SenderView }) {
  const [chosen, setChosen] = useState(0)
  const scroller = useRef<HTMLDivElement>(null)
  const tab = tabs[chosen]!
  const places = useMemo(() => placesIn(view, tab.states), [view, tab])
  const total = places?.length ?? view.files.length
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  })
  const countOf = (states: FileState[] | null) =>
    states ? states.reduce<number>((sum, state) => sum + view.counts[state], 0) : view.files.length
  return (
    <div>
      <fieldset className={classes.tabs} aria-label="Files by state">
        {tabs.map(
          ({ word, states }, index) =>
            (index === 0 || index === chosen || countOf(states) > 0) && (
              <button key={word} type="button" aria-pressed={index === chosen} onClick={() => setChosen(index)}>
                {word} <span>{count(countOf(states))}</span>
              </button>
            ),
        )}
      </fieldset>
      <div
        ref={scroller}
        className={classes.scroller}
        style={{ height: Math.min(rowsInView, Math.max(total, 1)) * rowHeight + 1 }}
        tabIndex={0}
        role="list"
        aria-label="Files"
      >
        <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const place = places ? places[index]! : index
            return <FileRow key={place} view={view} place={place} top={start} of={total} index={index} />
          })}
        </div>
      </div>
    </div>
  )
}

/** null: all of them. */
function placesIn({ states, files }: SenderView, wanted: FileState[] | null): Uint32Array | null {
  if (!wanted) return null
  const found = new Uint32Array(files.length)
  let n = 0
  for (let place = 0; place < files.length; place++) {
    if (wanted.includes(states[place] as FileState)) found[n++] = place
  }
  return found.subarray(0, n)
}

interface RowProps {
  view: SenderView
  place: number
  top: number
  of: number
  index: number
}

function FileRow({ view, place, top, of, index }: RowProps) {
  const { path, bytes } = view.files[place]!
  const state = view.states[place] as FileState
  const code = view.codes.get(place)
  const sent = view.sending.get(place) ?? 0
  const name = path.slice(path.lastIndexOf('/') + 1)
  const word =
    state === fileStates.refused && code
      ? wordsOfCode(code, 'upload').title
      : state === fileStates.sending && sent > 0
        ? `on its way, ${percent(sent, bytes)} %`
        : undefined
  return (
    <div
      role="listitem"
      aria-setsize={of}
      aria-posinset={index + 1}
      className={classes.file}
      style={{ height: rowHeight, transform: `translateY(${top}px)` }}
    >
      <span className={classes.path} title={path}>
        <span className={classes.dim}>{path.slice(0, path.length - name.length)}</span>
        {name}
      </span>
      <span className={classes.bytes}>{size(bytes)}</span>
      <State of={words[state]} word={word} size="xs" />
    </div>
  )
}
