'use client'
import { useMemo } from 'react'
import type { Layout } from '#server/manifests/layout.ts'
import { count, counted, size } from '../../../format.ts'
import { outlineOf } from '../../../uploads/outline.ts'
import classes from '../../../uploads/uploads.module.css'

const galleriesShown = 100
const setsShown = 6

/** What the files become, before anything is started. */
export function Preview({ files, layout }: { files: { path: string; bytes: number }[]; layout: Layout }) {
  const { galleries, sets, bytes } = useMemo(() => outlineOf(files, layout), [files, layout])
  const figures = [
    counted(galleries.length, 'gallery', 'galleries'),
    ...(sets > 0 ? [counted(sets, 'set')] : []),
    counted(files.length, 'file'),
    size(bytes),
  ]
  return (
    <section aria-label="Preview">
      <p>{figures.join(' · ')}</p>
      <ul className={classes.outline}>
        {galleries.slice(0, galleriesShown).map(({ title, files, sets }) => (
          <li key={title}>
            <b>{title}</b>
            <span className={classes.dim}>
              {counted(files, 'file')}
              {sets.length > 0 &&
                ` · ${sets
                  .slice(0, setsShown)
                  .map((set) => `${set.title} ${count(set.files)}`)
                  .join(', ')}`}
              {sets.length > setsShown && ` and ${counted(sets.length - setsShown, 'more set')}`}
            </span>
          </li>
        ))}
        {galleries.length > galleriesShown && (
          <li className={classes.dim}>
            and {counted(galleries.length - galleriesShown, 'more gallery', 'more galleries')}
          </li>
        )}
      </ul>
    </section>
  )
}
