'use client'
import { Button } from '@mantine/core'
import { type DragEvent, useRef, useState } from 'react'
import { counted } from '../format.ts'
import { Icon } from '../icons.tsx'
import { chosenFiles, droppedFiles, type Picked } from './files.ts'
import classes from './uploads.module.css'

/** Takes folders and files that are dropped, or chosen by the keyboard. */
export function DropArea({ onPicked, children }: { onPicked: (picked: Picked) => void; children: string }) {
  const [over, setOver] = useState(false)
  const [found, setFound] = useState<number | null>(null)
  const folder = useRef<HTMLInputElement>(null)
  const files = useRef<HTMLInputElement>(null)
  const drop = async (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    setFound(0)
    const picked = await droppedFiles(event.dataTransfer, setFound)
    setFound(null)
    onPicked(picked)
  }
  const chosen = (input: HTMLInputElement) => {
    if (input.files && input.files.length > 0) onPicked(chosenFiles(input.files))
    // The same folder again is a choice too.
    input.value = ''
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what can be dropped can be chosen by the buttons too
    <div
      className={classes.drop}
      data-over={over || undefined}
      data-testid="drop"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => void drop(event)}
    >
      <Icon name="folder" size={24} />
      <p role="status">{found === null ? children : `Reading the folder: ${counted(found, 'file')} so far …`}</p>
      <div className={classes.choose}>
        <Button variant="default" size="compact-sm" h={30} onClick={() => folder.current?.click()}>
          Choose a folder
        </Button>
        <Button variant="default" size="compact-sm" h={30} onClick={() => files.current?.click()}>
          Choose files
        </Button>
      </div>
      <input
        ref={folder}
        type="file"
        aria-label="Folder"
        hidden
        multiple
        {...{ webkitdirectory: '' }}
        onChange={(event) => chosen(event.currentTarget)}
      />
      <input
        ref={files}
        type="file"
        aria-label="Files"
        hidden
        multiple
        onChange={(event) => chosen(event.currentTarget)}
      />
    </div>
  )
}
