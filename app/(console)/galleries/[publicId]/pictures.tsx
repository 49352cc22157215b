// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by transform, between list and items
'use client'
import { Skeleton } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useMemo, useState } from 'react'
import { Icon, type IconName } from '../../../icons.tsx'
import { Trouble } from '../../../parts/parts.tsx'
import { photoStates, wordsOf } from '../../../states/states.ts'
import { sentence } from '../../../trpc.ts'
import { wordsOfCode } from '../../../words.ts'
import classes from './gallery.module.css'
import { Lightbox } from './lightbox.tsx'
import { type Row as Laid, layer } from './rows.ts'
import { type Gallery, type Photo, usePhotos } from './use-gallery.ts'

const gap = 8

/** Pictures in their order, in rows that fill the width; only those on screen are in the page. */
export function Pictures({ gallery, setId, setCount }: { gallery: Gallery; setId: number; setCount: number }) {
  const pages = usePhotos(gallery, setId)
  const { ref, width } = useElementSize()
  const [top, setTop] = useState(0)
  const [open, setOpen] = useState<number | null>(null)
  const photos = useMemo(() => pages.data?.pages.flatMap((page) => page.photos) ?? [], [pages.data])
  const [lay] = useState(() => layer(gap))
  const targetHeight = width < 500 ? 120 : 200
  const rows = useMemo(() => lay(photos, width, targetHeight), [lay, photos, width, targetHeight])
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => (rows[index]?.height ?? targetHeight) + gap,
    overscan: 4,
    scrollMargin: top,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: other rows have other heights
  useEffect(() => virtualizer.measure(), [rows])
  const items = virtualizer.getVirtualItems()
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages
  const nearEnd = (items.at(-1)?.index ?? 0) >= rows.length - 6 || (open !== null && open >= photos.length - 10)
  useEffect(() => {
    if (nearEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [nearEnd, hasNextPage, isFetchingNextPage, fetchNextPage])

  const measured = (element: HTMLDivElement | null) => {
    ref(element)
    if (element) setTop(element.offsetTop)
  }
  if (pages.isPending) return <Awaited height={targetHeight} />
  if (pages.error && !pages.data) return <Trouble message={sentence(pages.error)!} again={() => pages.refetch()} />
  return (
    <>
      <div
        ref={measured}
        className={classes.grid}
        style={{ height: virtualizer.getTotalSize() }}
        role="list"
        aria-label="Pictures"
        aria-busy={pages.isPending}
      >
        {items.map((item) => {
          const row = rows[item.index]
          if (!row) return null
          return <Row key={item.key} row={row} photos={photos} top={item.start - top} onOpen={setOpen} />
        })}
      </div>
      {open !== null && photos[open] && (
        <Lightbox
          clientId={gallery.clientId}
          photos={photos}
          index={open}
          total={setCount}
          onShow={setOpen}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  )
}

interface RowProps {
  row: Laid
  photos: Photo[]
  top: number
  onOpen: (index: number) => void
}

/** Scrolling draws the rows that come, and none of those that are there. */
const Row = memo(
  function Row({ row, photos, top, onOpen }: RowProps) {
    return (
      <div className={classes.row} style={{ transform: `translateY(${top}px)`, height: row.height }}>
        {row.widths.map((width, index) => {
          const photo = photos[row.first + index]!
          return <Tile key={photo.publicId} photo={photo} width={width} onOpen={() => onOpen(row.first + index)} />
        })}
      </div>
    )
  },
  (before, now) =>
    before.top === now.top &&
    before.row === now.row &&
    now.row.widths.every((_, index) => before.photos[now.row.first + index] === now.photos[now.row.first + index]),
)

/** Shaped like the rows that come. */
function Awaited({ height }: { height: number }) {
  return (
    <div role="status" aria-busy="true" aria-label="Loading the pictures">
      {[1, 2, 3].map((row) => (
        <Skeleton key={row} height={height} mb={gap} />
      ))}
    </div>
  )
}

const kindIcons: Record<Photo['kind'], IconName> = { photo: 'image', video: 'video', file: 'file' }

function Tile({ photo, width, onOpen }: { photo: Photo; width: number; onOpen: () => void }) {
  const name = photo.filename ?? 'without a name'
  const state = wordsOf(photoStates, photo.state)
  const small = photo.thumbUrl ?? photo.webUrl
  return (
    <div role="listitem" className={classes.tile} style={{ width }}>
      <button type="button" onClick={onOpen} aria-label={small ? `${name}, ${state.word}` : undefined}>
        {small ? <Thumb url={small} alt={photo.caption ?? name} /> : <Instead photo={photo} />}
      </button>
    </div>
  )
}

function Thumb({ url, alt }: { url: string; alt: string }) {
  const [there, setThere] = useState(false)
  return (
    // biome-ignore lint/performance/noImgElement: pictures come from the media origin as they are
    <img
      src={url}
      alt={alt}
      loading="lazy"
      decoding="async"
      data-there={there || undefined}
      onLoad={() => setThere(true)}
    />
  )
}

/** Where no picture can be shown: what it is and why, in an icon and a word. */
export function Instead({ photo }: { photo: Photo }) {
  const troubled = photo.state === 'failed' || photo.state === 'skipped'
  const { family, icon, word } = wordsOf(photoStates, photo.state)
  const unshown = photo.rendition && photo.rendition !== 'ok' ? wordsOfCode(photo.rendition).title : null
  return (
    <span className={classes.instead} data-troubled={troubled || undefined}>
      <span style={troubled ? { color: `var(--${family})` } : undefined}>
        <Icon name={troubled ? icon : kindIcons[photo.kind]} size={20} />
      </span>
      <b>{photo.filename ?? 'without a name'}</b>
      <span>
        {troubled
          ? `${word}: ${wordsOfCode(photo.code ?? '').title.toLowerCase()}`
          : (unshown ?? (photo.kind === 'photo' ? word : photo.kind))}
      </span>
    </span>
  )
}
