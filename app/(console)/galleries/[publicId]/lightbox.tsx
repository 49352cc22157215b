'use client'
import { ActionIcon, Modal } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { DeletePhoto } from '../../../deletion/delete.tsx'
import { count, size } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { State } from '../../../states/state.tsx'
import { photoStates, wordsOf } from '../../../states/states.ts'
import { wordsOfCode } from '../../../words.ts'
import classes from './lightbox.module.css'
import { Instead } from './pictures.tsx'
import type { Photo } from './use-gallery.ts'

interface Props {
  clientId: string
  photos: Photo[]
  index: number
  /** Of the set, loaded or not. */
  total: number
  onShow: (index: number) => void
  onClose: () => void
}

/** One picture large, with what is known of it; the arrow keys go on, Escape goes back. */
export function Lightbox({ clientId, photos, index, total, onShow, onClose }: Props) {
  const photo = photos[index]!
  const go = (step: number) => {
    if (photos[index + step]) onShow(index + step)
  }
  useHotkeys([
    ['ArrowLeft', () => go(-1)],
    ['ArrowRight', () => go(1)],
  ])
  const large = photo.webUrl ?? photo.thumbUrl
  const next = photos[index + 1]
  return (
    <Modal.Root opened onClose={onClose} fullScreen transitionProps={{ duration: 0 }}>
      <Modal.Content className={classes.content} aria-label={photo.filename ?? 'Picture'}>
        <div className={classes.box}>
          <div className={classes.stage}>
            {large ? (
              // biome-ignore lint/performance/noImgElement: pictures come from the media origin as they are
              <img
                key={photo.publicId}
                src={large}
                alt={photo.caption ?? photo.filename ?? ''}
                width={photo.width ?? undefined}
                height={photo.height ?? undefined}
              />
            ) : (
              <Instead photo={photo} />
            )}
            <Arrow side="left" disabled={index === 0} onClick={() => go(-1)} />
            <Arrow side="right" disabled={index === photos.length - 1} onClick={() => go(1)} />
            <ActionIcon
              className={classes.close}
              variant="default"
              size={36}
              aria-label="Back to the gallery"
              onClick={onClose}
              data-autofocus
            >
              <Icon name="x" />
            </ActionIcon>
          </div>
          <Facts photo={photo} place={`${count(index + 1)} of ${count(total)}`}>
            <DeletePhoto key={photo.publicId} clientId={clientId} publicId={photo.publicId} onDeleted={onClose} />
          </Facts>
        </div>
        {next?.webUrl && <link rel="preload" as="image" href={next.webUrl} />}
      </Modal.Content>
    </Modal.Root>
  )
}

function Arrow({ side, disabled, onClick }: { side: 'left' | 'right'; disabled: boolean; onClick: () => void }) {
  return (
    <ActionIcon
      className={classes[side]}
      variant="default"
      size={40}
      radius="xl"
      disabled={disabled}
      aria-label={side === 'left' ? 'Previous picture' : 'Next picture'}
      onClick={onClick}
    >
      <Icon name={side === 'left' ? 'chevronLeft' : 'chevronRight'} size={20} />
    </ActionIcon>
  )
}

function Facts({ photo, place, children }: { photo: Photo; place: string; children: ReactNode }) {
  const { filename, caption, keywords, takenAt, width, height, bytes, state, code, rendition } = photo
  const trouble = state === 'failed' || state === 'skipped' ? code : rendition !== 'ok' ? rendition : null
  return (
    <aside className={classes.facts} aria-live="polite">
      <p className={classes.place}>{place}</p>
      <h2>{filename ?? 'without a name'}</h2>
      <State of={wordsOf(photoStates, state)} />
      {trouble && (
        <p className={classes.trouble}>
          {wordsOfCode(trouble).what} {wordsOfCode(trouble).todo} <code>{trouble}</code>
        </p>
      )}
      {caption && <p>{caption}</p>}
      <dl>
        {takenAt && (
          <div>
            <dt>Taken</dt>
            <dd>{takenAt.replace('T', ' ')}</dd>
          </div>
        )}
        {width && height && (
          <div>
            <dt>Size</dt>
            <dd>
              {count(width)} × {count(height)}
            </dd>
          </div>
        )}
        {bytes !== null && (
          <div>
            <dt>Original</dt>
            <dd>{size(bytes)}</dd>
          </div>
        )}
      </dl>
      {keywords.length > 0 && (
        <ul className={classes.keywords} aria-label="Keywords">
          {keywords.map((keyword) => (
            <li key={keyword}>{keyword}</li>
          ))}
        </ul>
      )}
      {children}
    </aside>
  )
}
