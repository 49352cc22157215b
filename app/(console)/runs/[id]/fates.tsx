'use client'
import { counted } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { Section } from '../../../parts/parts.tsx'
import { fateWords, fieldWords } from '../../../run-words.ts'
import classes from './fates.module.css'
import type { RunDetail } from './use-run.ts'

const icons = { kept: 'check', mapped: 'arrow', lost: 'x', not_offered: 'dashed' } as const
const order = ['lost', 'mapped', 'not_offered', 'kept'] as const

/** Kept, changed, lost or never there, and why: what will not come along stands first. */
export function Fates({ fates }: { fates: RunDetail['fates'] }) {
  const lost = fates.filter(({ fate }) => fate === 'lost').length
  return (
    <Section
      title="What comes along"
      aside={lost > 0 ? `${counted(lost, 'kind')} will not` : 'everything this provider tells'}
    >
      <div className={classes.fates}>
        {order.map((fate) => {
          const kinds = fates.filter((each) => each.fate === fate)
          if (kinds.length === 0) return null
          return (
            <section key={fate} className={classes.fate} data-fate={fate} aria-label={fateWords[fate]}>
              <h3>
                <Icon name={icons[fate]} size={14} /> {fateWords[fate]}
              </h3>
              <dl>
                {kinds.map(({ kind, why }) => (
                  <div key={kind}>
                    <dt>{fieldWords[kind] ?? kind}</dt>
                    <dd>{why}</dd>
                  </div>
                ))}
              </dl>
            </section>
          )
        })}
      </div>
    </Section>
  )
}
