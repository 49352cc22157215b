'use client'
// Who did what to the client and what is theirs.
import { Button, Skeleton } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Ago } from '../../../parts/ago.tsx'
import { Section, TextLink, Trouble } from '../../../parts/parts.tsx'
import { type Outputs, sentence, useTRPC } from '../../../trpc.ts'
import { wordsOfAct } from '../../audit/words.ts'
import classes from '../clients.module.css'

type Act = Outputs['audit']['list']['acts'][number]

export function ClientActs({ clientId }: { clientId: string }) {
  const pages = useInfiniteQuery(
    useTRPC().audit.list.infiniteQueryOptions({ clientId, limit: 10 }, { getNextPageParam: (page) => page.nextCursor }),
  )
  const acts = pages.data?.pages.flatMap((page) => page.acts)
  if (pages.error && !acts) return <Trouble message={sentence(pages.error)!} again={() => pages.refetch()} />
  if (acts?.length === 0) return null
  return (
    <Section title="Who did what" actions={<TextLink href={`/audit?client=${clientId}`}>In the audit</TextLink>}>
      {!acts && <Skeleton height={120} my="md" />}
      <ol className={classes.acts}>
        {acts?.map((act) => (
          <li key={act.id} className={classes.act}>
            <span>
              <Ago time={act.at} />
            </span>
            <span>
              <Subject act={act} />
            </span>
            <span>{act.actor}</span>
          </li>
        ))}
      </ol>
      {pages.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          loading={pages.isFetchingNextPage}
          onClick={() => pages.fetchNextPage()}
        >
          Show earlier
        </Button>
      )}
    </Section>
  )
}

/** The act, and the run that it was done to where it was one. */
function Subject({ act: { act, subject, data } }: { act: Act }) {
  const words = wordsOfAct(act)
  const said = ['note', 'to', 'name', 'what', 'email'].map((key) => data[key]).find((one) => typeof one === 'string')
  return (
    <>
      {act.startsWith('run.') ? <TextLink href={`/runs/${subject}`}>{words}</TextLink> : words}
      {said && `: ${said}`}
    </>
  )
}
