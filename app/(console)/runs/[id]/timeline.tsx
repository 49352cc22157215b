'use client'
import { Button } from '@mantine/core'
import { useState } from 'react'
import { count, counted } from '../../../format.ts'
import { Ago } from '../../../parts/ago.tsx'
import { Section, TextLink } from '../../../parts/parts.tsx'
import { eventWords, priorityWords } from '../../../run-words.ts'
import { EvidenceLink } from './cause-evidence.tsx'
import classes from './run.module.css'
import type { RunDetail } from './use-run.ts'

const shownAtFirst = 8

/** Who did what, newest first. */
export function Timeline({ detail }: { detail: RunDetail }) {
  const [all, setAll] = useState(false)
  const events = all ? detail.events : detail.events.slice(0, shownAtFirst)
  return (
    <Section title="What happened">
      <ol className={classes.timeline}>
        {events.map((event) => (
          <li key={event.id} className={classes.event}>
            <span className={classes.when}>
              <Ago time={new Date(event.at)} />
            </span>
            <span>
              {eventWords[event.kind] ?? event.kind.replaceAll(/[_-]/g, ' ')}
              {event.gallery && (
                <>
                  {' '}
                  in <TextLink href={`/galleries/${event.gallery.publicId}`}>{event.gallery.title}</TextLink>
                </>
              )}
              {saying(event.data) && <span className={classes.dim}>: {saying(event.data)}</span>}
              <Shown event={event} runId={detail.id} />
            </span>
            <span className={classes.by}>{event.actor === 'worker' ? '' : event.actor}</span>
          </li>
        ))}
      </ol>
      {detail.events.length > shownAtFirst && !all && (
        <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setAll(true)}>
          Show {count(detail.events.length - shownAtFirst)} earlier
        </Button>
      )}
    </Section>
  )
}

/** What was kept with it, one click away. */
function Shown({ event, runId }: { event: RunDetail['events'][number]; runId: string }) {
  const { screenshot, page } = event.data
  return (
    <>
      {typeof screenshot === 'string' && (
        <>
          {' '}
          <EvidenceLink runId={runId} objectKey={screenshot} words="Screenshot" />
        </>
      )}
      {typeof page === 'string' && (
        <>
          {' '}
          <EvidenceLink runId={runId} objectKey={page} words={event.kind === 'captured' ? 'Requests' : 'Page'} />
        </>
      )}
    </>
  )
}

/** What an event says in its own words, where it has some. */
function saying(data: Record<string, unknown>): string | null {
  if (typeof data.retried === 'number') {
    const kept = typeof data.kept === 'number' && data.kept > 0 ? `, ${count(data.kept)} finished ones left alone` : ''
    return `${counted(data.retried, 'photo')}${kept}`
  }
  if (typeof data.galleries === 'number' && typeof data.of === 'number')
    return `${count(data.galleries)} of ${count(data.of)} galleries`
  if (typeof data.priority === 'string' && data.priority in priorityWords)
    return priorityWords[data.priority as keyof typeof priorityWords].word
  for (const key of ['note', 'words', 'answer', 'todo', 'reason', 'expected', 'code'] as const) {
    const value = data[key]
    if (typeof value === 'string') return value
  }
  return null
}
