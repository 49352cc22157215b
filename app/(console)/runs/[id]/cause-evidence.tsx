'use client'
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Ago } from '../../../parts/ago.tsx'
import { Trouble } from '../../../parts/parts.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'
import classes from './failures.module.css'

/** What the provider showed, without what signs in: one click away. */
export function CauseEvidence({ runId, code }: { runId: string; code: string }) {
  const evidence = useQuery(useTRPC().runs.evidence.queryOptions({ id: runId, code }))
  if (evidence.isPending) return <Skeleton height={24} my="sm" />
  if (!evidence.data) return <Trouble message={sentence(evidence.error)!} again={() => evidence.refetch()} />
  return (
    <section className={classes.evidence} aria-label="Evidence">
      <h3>Evidence, without passwords and tokens</h3>
      <ul>
        {evidence.data.map((one) => (
          <li key={`${one.at.toISOString()} ${one.url} ${one.page?.key}`}>
            <Ago time={one.at} /> {one.gallery && `in ${one.gallery.title}: `}
            {one.kind === 'captured' ? one.expected : `${one.expected} was expected, ${one.status || 'no status'} came`}{' '}
            {one.screenshot && <EvidenceLink runId={runId} objectKey={one.screenshot.key} words="Screenshot" />}{' '}
            {one.page && (
              <EvidenceLink
                runId={runId}
                objectKey={one.page.key}
                words={one.kind === 'captured' ? 'Requests' : 'Page'}
              />
            )}
            <details className={classes.technical}>
              <summary>Beginning of the {one.kind === 'captured' ? 'requests' : 'page'}</summary>
              <pre>{one.excerpt}</pre>
            </details>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Opens beside the console: a kept page as text, a screenshot as a picture. */
export function EvidenceLink({ runId, objectKey, words }: { runId: string; objectKey: string; words: string }) {
  return (
    <a
      className={classes.open}
      href={`/api/runs/${runId}/evidence?key=${encodeURIComponent(objectKey)}`}
      target="_blank"
      rel="noreferrer"
    >
      {words}
    </a>
  )
}
