'use client'
import { useEffect, useRef, useState } from 'react'
import { count, counted, percent } from '../format.ts'
import classes from './progress.module.css'
import { type Counts, type PartName, partsOf, reached } from './progress.ts'

interface Props {
  counts: Counts
  /** Photos as the provider states them; null: not known. */
  expected: number | null
  /** More may still be found. */
  listing: boolean
  /** Of a gallery in a list: no words of its own. */
  small?: boolean
  label: string
}

/** Found, copied, rendered and verified in one bar. */
export function ProgressBar({ counts, expected, listing, small, label }: Props) {
  const whole = Math.max(counts.found, expected ?? 0)
  const unknown = listing && expected === null
  const settled = counts.published + counts.skipped + counts.failed
  return (
    <div
      className={classes.bar}
      data-small={small || undefined}
      data-unknown={unknown || undefined}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={unknown ? undefined : percent(settled, whole)}
      aria-valuetext={spoken(counts, whole, unknown)}
    >
      {partsOf(counts, expected).map(({ name, photos, share }) =>
        photos === 0 ? null : name === 'rest' ? (
          <span key={name} style={{ flex: 1 }} />
        ) : (
          <span
            key={name}
            className={classes.part}
            data-part={name}
            style={{ width: `${share * 100}%`, minWidth: small ? undefined : 2 }}
          />
        ),
      )}
    </div>
  )
}

function spoken(counts: Counts, whole: number, unknown: boolean): string {
  if (unknown) return `still listing: ${count(counts.found)} so far, ${count(counts.published)} verified`
  const problems = counts.failed > 0 ? `, ${count(counts.failed)} failed` : ''
  return `${count(counts.published)} of ${counted(whole, 'photo')} verified, ${count(reached(counts).copied)} copied${problems}`
}

const legend: { part: PartName; word: string; of: (counts: Counts) => number; always: boolean }[] = [
  { part: 'rest', word: 'found', of: (counts) => counts.found, always: true },
  { part: 'copied', word: 'copied', of: (counts) => reached(counts).copied, always: true },
  { part: 'rendered', word: 'rendered', of: (counts) => reached(counts).rendered, always: true },
  { part: 'verified', word: 'verified', of: (counts) => counts.published, always: true },
  { part: 'skipped', word: 'skipped', of: (counts) => counts.skipped, always: false },
  { part: 'failed', word: 'failed', of: (counts) => counts.failed, always: false },
]

export function Legend({ counts }: { counts: Counts }) {
  return (
    <ul className={classes.legend} aria-label="Photos by how far they are">
      {legend
        .filter(({ of, always }) => always || of(counts) > 0)
        .map(({ part, word, of }) => (
          <li key={part} className={classes.key} data-testid={`count-${word}`} data-value={of(counts)}>
            <span className={classes.swatch}>
              <span className={classes.part} data-part={part} style={{ display: 'block' }} />
            </span>
            {word} <b>{count(of(counts))}</b>
          </li>
        ))}
    </ul>
  )
}

const spokenEverySeconds = 30

/** What a screen reader says by itself: at most every 10 % or 30 s, and at the end. */
export function SpokenProgress({ share, text, final }: { share: number; text: string; final: boolean }) {
  const [said, setSaid] = useState('')
  const last = useRef({ share: -1, at: 0, final: false })
  useEffect(() => {
    const { share: before, at, final: ended } = last.current
    const due =
      share - before >= 10 || (Date.now() - at > spokenEverySeconds * 1000 && share !== before) || final !== ended
    if (!due) return
    last.current = { share, at: Date.now(), final }
    setSaid(text)
  }, [share, text, final])
  return (
    <p className="visually-hidden" aria-live="polite">
      {said}
    </p>
  )
}
