'use client'
// What the table of a run's galleries tells of one of them.
import Link from 'next/link'
import type { ReactNode } from 'react'
import { at, count, counted, usually } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { useNow } from '../../../live/use-now.ts'
import { ProgressBar } from '../../../progress/progress-bar.tsx'
import { State } from '../../../states/state.tsx'
import { wordsOfGallery } from '../../../states/states.ts'
import { wordsOfCode } from '../../../words.ts'
import classes from './galleries.module.css'
import type { GalleryRow } from './use-galleries.ts'

interface Cell {
  gallery: GalleryRow
  /** What keeps its run from moving, else its state. */
  runState: string
}

export const columns: { id: string; header: string; Cell: (props: Cell) => ReactNode }[] = [
  { id: 'title', header: 'Gallery', Cell: Title },
  { id: 'photos', header: 'Photos', Cell: Photos },
  { id: 'progress', header: 'Progress', Cell: Progress },
  { id: 'state', header: 'State', Cell: Standing },
  { id: 'more', header: 'Note', Cell: More },
]

function Title({ gallery }: Cell) {
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

function Photos({ gallery }: Cell) {
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

function Progress({ gallery }: Cell) {
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

function Standing({ gallery, runState }: Cell) {
  return <State of={wordsOfGallery(gallery, runState)} />
}

function More({ gallery }: Cell) {
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
