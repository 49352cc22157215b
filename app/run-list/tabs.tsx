'use client'
import { count } from '../format.ts'
import classes from './filters.module.css'

interface Props<Tab extends string> {
  label: string
  words: Record<Tab, string>
  /** null: not known yet; of one tab: not counted. */
  counts: Record<Tab, number | null> | null
  tab: Tab
  onChange: (tab: Tab) => void
}

/** Tabs with what each holds; one that holds nothing is left out, but for the first and the one that is open. */
export function Tabs<Tab extends string>({ label, words, counts, tab, onChange }: Props<Tab>) {
  const all = Object.keys(words) as Tab[]
  return (
    <fieldset className={classes.tabs} aria-label={label}>
      {all
        .filter((one, index) => index === 0 || one === tab || (counts !== null && counts[one] !== 0))
        .map((one) => (
          <button key={one} type="button" aria-pressed={one === tab} onClick={() => onChange(one)}>
            {words[one]} <Count of={counts?.[one] ?? null} />
          </button>
        ))}
    </fieldset>
  )
}

const Count = ({ of }: { of: number | null }) => of !== null && <span>{count(of)}</span>
