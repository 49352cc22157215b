'use client'
import { Button, Skeleton } from '@mantine/core'
import { useState } from 'react'
import { count, counted } from '../format.ts'
import { Icon } from '../icons.tsx'
import { Section, Trouble } from '../parts/parts.tsx'
import { State } from '../states/state.tsx'
import { sentence } from '../trpc.ts'
import classes from './client-page.module.css'
import { PictureGrid } from './pictures.tsx'
import { type Album, type ClientPage, useAlbums, usePictures } from './use-client-page.ts'
import { albumStates } from './words.ts'

/** Every album, with its folder above it where that changes. */
export function Albums({ page }: { page: ClientPage }) {
  const albums = useAlbums()
  const rows = albums.data?.pages.flatMap((part) => part.albums) ?? []
  const { total, safe } = page.galleries
  return (
    <Section title="Albums" aside={`${count(safe)} of ${counted(total, 'album')} complete`}>
      {albums.error && rows.length === 0 && (
        <Trouble message={sentence(albums.error)!} again={() => albums.refetch()} />
      )}
      {albums.isPending && <Skeleton height={40} my="md" />}
      <ul className={classes.albums}>
        {rows.map((album, index) => {
          const folder = album.path.join(' / ')
          const isNew = folder !== '' && folder !== rows[index - 1]?.path.join(' / ')
          return (
            <li key={album.publicId}>
              {isNew && <h3 className={classes.folder}>{folder}</h3>}
              <AlbumRow album={album} from={page.from[0]} />
            </li>
          )
        })}
      </ul>
      {albums.hasNextPage && (
        <Button variant="default" mt="md" loading={albums.isFetchingNextPage} onClick={() => albums.fetchNextPage()}>
          Show more albums
        </Button>
      )}
    </Section>
  )
}

function AlbumRow({ album, from }: { album: Album; from: string | undefined }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" className={classes.album} aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className={classes.chevron} data-open={open || undefined}>
          <Icon name="chevronRight" size={14} />
        </span>
        <span className={classes.albumTitle}>{album.title}</span>
        <span className={classes.counts}>{countsOf(album, from)}</span>
        <State of={albumStates[album.state]} />
      </button>
      {open && <AlbumPictures publicId={album.publicId} />}
    </>
  )
}

/** Ours beside theirs. */
function countsOf({ here, there }: Album, from: string | undefined): string {
  if (there === null) return counted(here, 'photo')
  return `${count(here)} here · ${count(there)}${from ? ` at ${from}` : ' there'}`
}

function AlbumPictures({ publicId }: { publicId: string }) {
  const pictures = usePictures(publicId)
  const all = pictures.data?.pages.flatMap((part) => part.pictures) ?? []
  if (pictures.isPending) return <Skeleton height={120} my="sm" />
  if (pictures.error && all.length === 0)
    return <Trouble message={sentence(pictures.error)!} again={() => pictures.refetch()} />
  if (all.length === 0) return <p className={classes.note}>No picture of this album has arrived yet.</p>
  return (
    <div className={classes.open}>
      <PictureGrid pictures={all} />
      {pictures.hasNextPage && (
        <Button
          variant="default"
          mt="md"
          loading={pictures.isFetchingNextPage}
          onClick={() => pictures.fetchNextPage()}
        >
          Show more pictures
        </Button>
      )}
    </div>
  )
}
