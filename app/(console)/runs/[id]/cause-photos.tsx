'use client'
import { Button, Checkbox, Skeleton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { counted } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { TextLink, Trouble } from '../../../parts/parts.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'
import classes from './failures.module.css'
import type { Cause } from './failures.tsx'
import { RetryDialog } from './retry-dialog.tsx'
import type { Snapshot } from './use-run.ts'

const whileDoing: Record<string, string> = {
  'fetch-photos': 'while copying',
  'render-photos': 'while rendering',
  'reconcile-gallery': 'while comparing',
}

/** The photos of one cause, chosen ones to be tried again. */
export function CausePhotos({ run, cause }: { run: Snapshot; cause: Cause }) {
  const trpc = useTRPC()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [retrying, retry] = useDisclosure(false)
  const pages = useInfiniteQuery(
    trpc.runs.troubledPhotos.infiniteQueryOptions(
      { id: run.run, code: cause.code, state: cause.state, limit: 20 },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  )
  if (pages.isPending) return <Skeleton height={32} my="md" />
  if (!pages.data) return <Trouble message={sentence(pages.error)!} again={() => pages.refetch()} />
  const photos = pages.data.pages.flatMap((page) => page.photos)
  const failed = cause.state === 'failed'
  const choose = (id: string, yes: boolean) => {
    const next = new Set(chosen)
    if (yes) next.add(id)
    else next.delete(id)
    setChosen(next)
  }
  return (
    <>
      <ul className={classes.photos}>
        {photos.map((photo, index) => (
          <li key={photo.publicId}>
            {failed && (
              <Checkbox
                size="xs"
                aria-label={`Choose ${photo.filename ?? 'photo'}`}
                checked={chosen.has(photo.publicId)}
                onChange={(event) => choose(photo.publicId, event.currentTarget.checked)}
              />
            )}
            <span className={classes.file}>
              {photo.filename ?? 'without a name'}{' '}
              <span className={classes.dim}>
                in <TextLink href={`/galleries/${photo.gallery.publicId}`}>{photo.gallery.title}</TextLink>
                {photo.attempts > 0 && ` · ${counted(photo.attempts, 'attempt')}`}
                {photo.step && whileDoing[photo.step] && ` · ${whileDoing[photo.step]}`}
              </span>
              {photo.detail && photo.detail !== photos[index - 1]?.detail && (
                <code className={classes.detail}>{photo.detail}</code>
              )}
            </span>
          </li>
        ))}
      </ul>
      <div className={classes.foot}>
        {failed && (
          <Button
            size="compact-sm"
            h={30}
            disabled={chosen.size === 0}
            onClick={retry.open}
            leftSection={<Icon name="retry" size={14} />}
          >
            Retry {chosen.size === 0 ? 'the chosen ones' : counted(chosen.size, 'chosen photo', 'chosen photos')}
          </Button>
        )}
        {pages.hasNextPage && (
          <Button
            size="compact-sm"
            h={30}
            variant="subtle"
            color="gray"
            loading={pages.isFetchingNextPage}
            onClick={() => pages.fetchNextPage()}
          >
            Show more
          </Button>
        )}
      </div>
      <RetryDialog
        run={run}
        opened={retrying}
        onClose={retry.close}
        what={{ photoPublicIds: [...chosen] }}
        photos={chosen.size}
        onDone={() => setChosen(new Set())}
      />
    </>
  )
}
