'use client'
// The few parts that every page is laid out with.
import { Button } from '@mantine/core'
import Link from 'next/link'
import { Fragment, type ReactNode } from 'react'
import { Icon } from '../icons.tsx'
import classes from './parts.module.css'

export function PageHead({
  title,
  crumbs,
  children,
}: {
  title: ReactNode
  crumbs?: { href?: string; text: string }[]
  children?: ReactNode
}) {
  return (
    <>
      {crumbs && <Crumbs crumbs={crumbs} />}
      <div className={classes.head}>
        <h1 className={classes.title}>{title}</h1>
        {children}
      </div>
    </>
  )
}

function Crumbs({ crumbs }: { crumbs: { href?: string; text: string }[] }) {
  return (
    <nav className={classes.crumbs} aria-label="Where this is">
      {crumbs.map(({ href, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a path may hold equal names, and its order is its identity
        <Fragment key={index}>
          {index > 0 && <span aria-hidden="true">/</span>}
          {href ? <Link href={href}>{text}</Link> : <span>{text}</span>}
        </Fragment>
      ))}
    </nav>
  )
}

export function Section({
  title,
  aside,
  actions,
  children,
  id,
}: {
  title: string
  aside?: ReactNode
  actions?: ReactNode
  children: ReactNode
  id?: string
}) {
  return (
    <section className={classes.section} id={id} aria-label={title}>
      <div className={classes.sectionHead}>
        <h2>{title}</h2>
        {aside && <span className={classes.aside}>{aside}</span>}
        {actions && <span className={classes.push}>{actions}</span>}
      </div>
      {children}
    </section>
  )
}

/** Nothing here yet: says why, and the next step. */
export function Empty({
  title,
  children,
  action,
  whole,
}: {
  title: string
  children: ReactNode
  action?: ReactNode
  /** It is all there is on the page. */
  whole?: boolean
}) {
  const Heading = whole ? 'h1' : 'h2'
  return (
    <div className={classes.empty}>
      <Heading>{title}</Heading>
      <p>{children}</p>
      {action}
    </div>
  )
}

/** It could not be shown: the sentence, and another try or the way out. */
export function Trouble({ message, again, whole }: { message: string; again?: () => void; whole?: boolean }) {
  return (
    <Empty
      whole={whole}
      title="This could not be shown"
      action={
        again ? (
          <Button variant="default" leftSection={<Icon name="retry" />} onClick={again}>
            Try again
          </Button>
        ) : (
          whole && (
            <Button component={Link} href="/" variant="default">
              Home
            </Button>
          )
        )
      }
    >
      {message}
    </Empty>
  )
}

export function TextLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} className={classes.link}>
      {children}
    </Link>
  )
}
