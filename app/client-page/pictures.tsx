'use client'
import { ActionIcon, Modal } from '@mantine/core'
import { useState } from 'react'
import { Icon } from '../icons.tsx'
import classes from './client-page.module.css'
import type { Picture } from './use-client-page.ts'

const nameOf = ({ caption, filename }: Picture) => caption || filename || 'Photo'

/** Small pictures; each opens large. */
export function PictureGrid({ pictures }: { pictures: Picture[] }) {
  const [shown, setShown] = useState<number | null>(null)
  return (
    <>
      <ul className={classes.grid}>
        {pictures.map((picture, index) => (
          <li key={picture.key}>
            {picture.thumbUrl ? (
              <button type="button" className={classes.tile} onClick={() => setShown(index)}>
                {/* biome-ignore lint/performance/noImgElement: the media origin has made it in the right size */}
                <img src={picture.thumbUrl} alt={nameOf(picture)} loading="lazy" decoding="async" />
              </button>
            ) : (
              <span className={classes.blank} title={picture.filename ?? undefined}>
                <Icon
                  name={picture.kind === 'video' ? 'video' : picture.kind === 'file' ? 'file' : 'image'}
                  size={20}
                />
                <span>{picture.filename ?? 'Photo'}</span>
                <small>{picture.safe ? 'safe' : 'not here yet'}</small>
              </span>
            )}
          </li>
        ))}
      </ul>
      {shown !== null && pictures[shown] && (
        <Large pictures={pictures} index={shown} onIndex={setShown} onClose={() => setShown(null)} />
      )}
    </>
  )
}

function Large({
  pictures,
  index,
  onIndex,
  onClose,
}: {
  pictures: Picture[]
  index: number
  onIndex: (index: number) => void
  onClose: () => void
}) {
  const picture = pictures[index]!
  const step = (by: number) => {
    for (let next = index + by; next >= 0 && next < pictures.length; next += by)
      if (pictures[next]!.thumbUrl) return onIndex(next)
  }
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={nameOf(picture)}
      closeButtonProps={{ 'aria-label': 'Close' }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') step(-1)
        if (event.key === 'ArrowRight') step(1)
      }}
    >
      <div className={classes.large}>
        {/* biome-ignore lint/performance/noImgElement: the media origin has made it in the right size */}
        <img
          src={picture.webUrl ?? picture.thumbUrl ?? undefined}
          alt={nameOf(picture)}
          width={picture.width ?? undefined}
          height={picture.height ?? undefined}
        />
        <div className={classes.steps}>
          <ActionIcon variant="default" size={36} aria-label="Picture before" onClick={() => step(-1)}>
            <Icon name="chevronLeft" />
          </ActionIcon>
          <span className={classes.filename}>{picture.filename}</span>
          <ActionIcon variant="default" size={36} aria-label="Next picture" onClick={() => step(1)}>
            <Icon name="chevronRight" />
          </ActionIcon>
        </div>
      </div>
    </Modal>
  )
}
