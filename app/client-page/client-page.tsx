'use client'
// A photographer's own page: is everything safe? One sentence, albums beside their counts, pictures to look at, what is
// different and why, and a place to say so.
import { ActionIcon, Button, Menu, Skeleton } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { count, day } from '../format.ts'
import { Icon } from '../icons.tsx'
import { Connection, Dimmed, FirstLook } from '../live/connection.tsx'
import { Empty, Section, TextLink } from '../parts/parts.tsx'
import { fieldWords } from '../run-words.ts'
import { LookChoices } from '../shell/choices.tsx'
import { Mark } from '../shell/mark.tsx'
import { signOut } from '../shell/sign-out.ts'
import { Albums } from './albums.tsx'
import classes from './client-page.module.css'
import { Differences } from './differences.tsx'
import { PictureGrid } from './pictures.tsx'
import { Reply } from './reply.tsx'
import { type ClientPage, useClientPage, useVisit, Visit } from './use-client-page.ts'
import { headline, standing } from './words.ts'

interface Person {
  name: string
  email: string
}

export function ClientPageView({ token, person }: { token?: string; person: Person | null }) {
  const visit = useMemo(() => (token === undefined ? {} : { token }), [token])
  return (
    <Visit.Provider value={visit}>
      <header className={classes.header}>
        <div className={classes.bar}>
          <Mark />
          <LookMenu person={person} />
        </div>
      </header>
      <main id="content" className={classes.content}>
        <Page person={person} />
      </main>
    </Visit.Provider>
  )
}

function Page({ person }: { person: Person | null }) {
  const { view: page, connection, refused } = useClientPage()
  useFreshAlbums(page)
  if (refused)
    return (
      <Empty whole title="This page is closed">
        {refused.message}
      </Empty>
    )
  if (!page)
    return (
      <FirstLook connection={connection}>
        <Loading />
      </FirstLook>
    )
  const more = standing(page)
  return (
    <>
      <div className={classes.top}>
        <p className={classes.who}>{page.name}</p>
        <Connection connection={connection} />
      </div>
      <Dimmed connection={connection}>
        <h1 className={classes.headline}>{headline(page, count)}</h1>
        {more && (
          <p className={classes.standing} data-needed={page.needed !== null || undefined}>
            {page.needed && <Icon name="alert" />}
            <span>{more}</span>
          </p>
        )}
        {page.photos.total > 0 && <Bar page={page} />}
        {page.photos.total > 0 && page.stage !== 'preparing' && <Reply page={page} person={person?.name ?? null} />}
        {page.newest.length > 0 && (
          <Section title="Newest arrivals">
            <PictureGrid pictures={page.newest} />
          </Section>
        )}
        {page.galleries.total > 0 && <Albums page={page} />}
        {page.differences.length > 0 && <Differences page={page} />}
        {page.ended.length > 0 && <Certificates ended={page.ended} />}
        {page.lost.length > 0 && (
          <Section title="What does not come along">
            <p className={classes.note}>
              {page.from.join(' and ') || 'The other side'} does not hand over:{' '}
              {page.lost.map((kind) => (fieldWords[kind] ?? kind).toLowerCase()).join(', ')}. Your photos are not
              affected.
            </p>
          </Section>
        )}
      </Dimmed>
    </>
  )
}

/** What proves it, for every move that has ended. */
function Certificates({ ended }: { ended: ClientPage['ended'] }) {
  const { token } = useVisit()
  const search = token === undefined ? '' : `?token=${encodeURIComponent(token)}`
  return (
    <Section title="Certificate">
      <p className={classes.note}>
        It says of every album and every photo what arrived, signed by us. Read it, print it, keep it.
      </p>
      <ul className={classes.plain}>
        {ended.map(({ id, at: endedAt }) => (
          <li key={id}>
            <TextLink href={`/runs/${id}/certificate${search}`}>
              Certificate of {day(endedAt.toISOString().slice(0, 10))}
            </TextLink>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** The counts of the albums follow those on top. */
function useFreshAlbums(page: ClientPage | undefined): void {
  const queryClient = useQueryClient()
  const counts = page && `${page.photos.safe} ${page.photos.total} ${page.photos.look} ${page.galleries.safe}`
  const before = useRef(counts)
  useEffect(() => {
    if (before.current !== undefined && before.current !== counts)
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes('albums') })
    before.current = counts
  }, [counts, queryClient])
}

function Bar({ page: { photos } }: { page: ClientPage }) {
  const { total, safe, look } = photos
  const part = (n: number) => ({ width: `${(n / total) * 100}%` })
  return (
    <div
      className={classes.track}
      role="progressbar"
      aria-label="Photos safe with us"
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={safe}
      aria-valuetext={`${count(safe)} of ${count(total)}`}
    >
      <span className={classes.safe} style={part(safe)} />
      <span className={classes.look} style={part(look)} />
    </div>
  )
}

function Loading() {
  return (
    <div aria-busy="true" role="status" aria-label="Loading">
      <Skeleton width={120} height={12} mb="md" />
      <Skeleton height={36} mb="sm" />
      <Skeleton width="60%" height={36} mb="xl" />
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={32} my="md" />
      ))}
    </div>
  )
}

function LookMenu({ person }: { person: Person | null }) {
  return (
    <Menu position="bottom-end" width={232}>
      <Menu.Target>
        {person ? (
          <Button variant="subtle" color="gray" size="compact-sm" leftSection={<Icon name="user" />}>
            {person.name}
          </Button>
        ) : (
          <ActionIcon variant="subtle" color="gray" size={32} radius="xl" aria-label="Light or dark">
            <Icon name="sun" size={18} />
          </ActionIcon>
        )}
      </Menu.Target>
      <Menu.Dropdown>
        <LookChoices />
        {person && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<Icon name="lock" />} component="a" href="/account">
              Your account
            </Menu.Item>
            <Menu.Item leftSection={<Icon name="signOut" />} onClick={signOut}>
              Sign out
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
