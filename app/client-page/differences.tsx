'use client'
import { count, counted } from '../format.ts'
import { Icon } from '../icons.tsx'
import { Section } from '../parts/parts.tsx'
import classes from './client-page.module.css'
import type { ClientPage } from './use-client-page.ts'
import { reasonOf } from './words.ts'

const named = { photos: 'photo', galleries: 'album', pictures: 'photo' } as const

/** What is not as it was, grouped by why. */
export function Differences({ page }: { page: ClientPage }) {
  return (
    <Section title="What is different">
      <ul className={classes.differences}>
        {page.differences.map((difference) => {
          const { title, why } = reasonOf(difference, page.from)
          const { of, code, count: n, examples } = difference
          return (
            <li key={`${of} ${code}`}>
              <p className={classes.reason}>
                <Icon name={of === 'pictures' ? 'circleCheck' : 'alert'} />
                <b>{title}</b>
                <span>{counted(n, named[of])}</span>
              </p>
              <p className={classes.why}>{why}</p>
              <details className={classes.examples}>
                <summary>{of === 'photos' ? 'Which photos' : 'Which albums'}</summary>
                <ul>
                  {examples.map((example, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: names may be equal, and the list never changes its order
                    <li key={index}>{example}</li>
                  ))}
                </ul>
                {of === 'photos' && n > examples.length && <p>and {count(n - examples.length)} more</p>}
              </details>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
