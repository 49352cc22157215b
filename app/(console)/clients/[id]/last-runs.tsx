'use client'
import Link from 'next/link'
import { counted, dayOf, percent } from '../../../format.ts'
import { useProviderTitle } from '../../../provider-forms.tsx'
import type { RunRow } from '../../../run-list/run-row.tsx'
import { runStates, wordsOf } from '../../../states/states.ts'
import classes from '../clients.module.css'

const shown = 10

/** The last runs as bars, the newest last: colour is the state, height what of it is safe. */
export function LastRuns({ runs }: { runs: RunRow[] }) {
  const title = useProviderTitle()
  const last = runs.slice(0, shown).toReversed()
  // One bar compares nothing.
  if (last.length < 2) return null
  return (
    <nav className={classes.strip} aria-label={`The last ${counted(last.length, 'run')}`}>
      {last.map((run) => {
        const { family, word } = wordsOf(runStates, run.state)
        const { published, found } = run.totals
        const words = `${title(run.provider)}, ${word}, ${percent(published, found)} % of ${counted(found, 'photo')}, ${dayOf(run.createdAt)}`
        const look = { '--share': percent(published, found) / 100, '--fill': `var(--${family}-fill)` }
        return (
          <Link key={run.id} href={`/runs/${run.id}`} prefetch={false} aria-label={words} title={words}>
            <i style={look as React.CSSProperties} />
          </Link>
        )
      })}
    </nav>
  )
}
