'use client'
import { Skeleton } from '@mantine/core'
import { useRouter, useSearchParams } from 'next/navigation'
import type { ReactNode } from 'react'
import { DeleteGallery } from '../../../deletion/delete.tsx'
import { count, counted, day, size } from '../../../format.ts'
import { Icon, type IconName } from '../../../icons.tsx'
import { Connection, Dimmed, FirstLook } from '../../../live/connection.tsx'
import { Empty, PageHead, Trouble } from '../../../parts/parts.tsx'
import { useTitle } from '../../../parts/use-title.ts'
import { State } from '../../../states/state.tsx'
import { wordsOfGallery } from '../../../states/states.ts'
import { wordsOfCode } from '../../../words.ts'
import classes from './gallery.module.css'
import { Pictures } from './pictures.tsx'
import { type Gallery, useGallery } from './use-gallery.ts'

export function GalleryPage({ publicId }: { publicId: string }) {
  const router = useRouter()
  const { view: gallery, connection, refused } = useGallery(publicId)
  const title = gallery?.title
  useTitle(title && `${title} · Pass`)
  if (refused) return <Trouble whole message={refused.message} />
  if (!gallery) {
    return (
      <FirstLook connection={connection}>
        <Skeleton height={32} width={320} />
      </FirstLook>
    )
  }
  return (
    <>
      <PageHead
        title={gallery.title}
        crumbs={[
          { href: `/clients/${gallery.clientId}`, text: gallery.clientName },
          { href: `/runs/${gallery.runId}`, text: 'Run' },
          ...gallery.path.map((text) => ({ text })),
        ]}
      >
        <State of={wordsOfGallery(gallery)} />
        <Connection connection={connection} />
        <DeleteGallery publicId={publicId} onDeleted={() => router.push(`/runs/${gallery.runId}`)} />
      </PageHead>
      <Facts gallery={gallery} />
      {gallery.description && <p className={classes.description}>{gallery.description}</p>}
      {gallery.state === 'attention' && gallery.code && <Attention code={gallery.code} />}
      <Dimmed connection={connection}>
        <Sets gallery={gallery} />
      </Dimmed>
    </>
  )
}

const accessWords: Record<NonNullable<Gallery['access']>, { icon: IconName; word: string }> = {
  public: { icon: 'world', word: 'public' },
  hidden: { icon: 'hidden', word: 'not listed' },
  private: { icon: 'lock', word: 'private' },
  password: { icon: 'key', word: 'with a password' },
}

function Facts({ gallery }: { gallery: Gallery }) {
  const { total, published, failed, skipped, degraded, bytesStored, date, expiresAt, access, publishedAs } = gallery
  const over = gallery.state === 'verified' || gallery.state === 'published'
  // Photos of other galleries that are placed here count here too.
  const placed = gallery.sets.reduce((sum, set) => sum + set.count, 0)
  const whole = over ? Math.max(total, placed) : Math.max(total, gallery.statedCount ?? 0)
  const missing = failed + skipped > 0 || !over
  const known = access && accessWords[access]
  const facts: [string, ReactNode][] = [
    [
      'photos',
      missing
        ? `${count(published)} of ${counted(whole, 'photo')} safe`
        : `${counted(whole, 'photo')}${whole > 0 ? ', all safe' : ''}`,
    ],
    ['size', size(bytesStored)],
  ]
  if (failed > 0) facts.push(['failed', `${count(failed)} failed`])
  if (skipped > 0) facts.push(['skipped', `${count(skipped)} skipped`])
  if (degraded > 0) facts.push(['degraded', `${count(degraded)} without a picture`])
  if (gallery.goneAt) facts.push(['gone', 'gone at the provider, kept here'])
  else if (gallery.gone > 0) facts.push(['gone', `${count(gallery.gone)} more gone at the provider, kept here`])
  if (date) facts.push(['date', day(date)])
  if (expiresAt) facts.push(['expiry', `expires ${day(expiresAt)}`])
  facts.push([
    'access',
    known ? (
      <>
        <Icon name={known.icon} size={13} /> {known.word}
        {publishedAs === 'private' && access === 'password' && ', private here until it is filled in'}
      </>
    ) : (
      'access not told, private here'
    ),
  ])
  return (
    <ul className={classes.facts}>
      {facts.map(([name, fact]) => (
        <li key={name}>{fact}</li>
      ))}
    </ul>
  )
}

function Attention({ code }: { code: string }) {
  const { title, what, todo } = wordsOfCode(code)
  return (
    <p className={classes.attention}>
      <Icon name="alert" />
      <span>
        <b>{title}.</b> {what} {todo} <code>{code}</code>
      </span>
    </p>
  )
}

function Sets({ gallery }: { gallery: Gallery }) {
  const params = useSearchParams()
  const sets = gallery.sets.filter((set) => set.count > 0 || gallery.sets.length === 1)
  const set = sets.find(({ id }) => String(id) === params.get('set')) ?? sets[0]
  if (!set || set.count === 0) {
    return (
      <Empty
        title={
          gallery.state === 'published' || gallery.state === 'verified' ? 'This gallery is empty' : 'No pictures yet'
        }
      >
        {gallery.state === 'published' || gallery.state === 'verified'
          ? 'It holds no photo at the provider either.'
          : 'They appear here as they are copied, in their order.'}
      </Empty>
    )
  }
  const choose = (id: number) => window.history.replaceState(null, '', `${window.location.pathname}?set=${id}`)
  return (
    <>
      {sets.length > 1 && (
        <fieldset className={classes.sets} aria-label="Sets">
          {sets.map(({ id, ref, parentRef, title, count: photos }) => (
            <button key={id} type="button" aria-pressed={id === set.id} onClick={() => choose(id)}>
              {parentRef && <span>{gallery.sets.find((parent) => parent.ref === parentRef)?.title} / </span>}
              {ref === null ? title || 'In no set' : title} <span>{count(photos)}</span>
            </button>
          ))}
        </fieldset>
      )}
      <Pictures key={set.id} gallery={gallery} setId={set.id} setCount={set.count} />
    </>
  )
}
