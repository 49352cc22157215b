'use client'
import { Button, Group, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { hasFolders, inPathOrder, type Layout, rootOf } from '#server/manifests/layout.ts'
import { counted } from '../../../format.ts'
import { Icon } from '../../../icons.tsx'
import { PageHead } from '../../../parts/parts.tsx'
import { Problem } from '../../../parts/problem.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'
import { DropArea } from '../../../uploads/drop-area.tsx'
import type { Picked, PickedFile } from '../../../uploads/files.ts'
import { startSender } from '../../../uploads/sender.ts'
import { useAccess } from '../../../uploads/use-access.ts'
import classes from '../../runs/new/new-run.module.css'
import { ChooseClient, Presets, Step, usualRenditions } from '../../runs/new/new-run-page.tsx'
import { ChoosePlace, type Destination } from './choose-place.tsx'
import { Preview } from './preview.tsx'

/** What was picked, in the order of the list. */
export interface Chosen {
  files: PickedFile[]
  /** The same without the files themselves. */
  listed: { path: string; bytes: number }[]
  junk: number
  root: string | null
  hasFolders: boolean
}

/** Client, files, where they go, renditions; then the list goes first and the bytes follow. */
export function NewUploadPage({ initialClientId }: { initialClientId: string | null }) {
  const [clientId, setClientId] = useState(initialClientId)
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [destination, setDestination] = useState<Destination | null>(null)
  const pick = (picked: Picked) => {
    const next = chosenOf(picked)
    setChosen(next)
    setDestination(usualDestination(next))
  }
  const chooseClient = (id: string | null) => {
    setClientId(id)
    // A gallery is one client's.
    if (chosen) setDestination(usualDestination(chosen))
  }
  const layout = chosen && destination ? layoutOf(chosen, destination) : null
  return (
    <div className={classes.narrow}>
      <PageHead title="New upload" crumbs={[{ href: '/runs', text: 'Runs' }]} />
      <p className={classes.lead}>Nothing is sent before you have seen what becomes of it.</p>
      <Step number={1} title="Client">
        <ChooseClient clientId={clientId} onChoose={chooseClient} />
      </Step>
      <Step number={2} title="Files" open={clientId !== null}>
        <DropArea onPicked={pick}>
          {chosen ? pickedSentence(chosen) : 'Drop folders or files here: up to 200,000 at once.'}
        </DropArea>
      </Step>
      <Step number={3} title="Galleries" open={clientId !== null && (chosen?.files.length ?? 0) > 0}>
        {clientId && chosen && destination && (
          <Stack>
            <ChoosePlace clientId={clientId} chosen={chosen} destination={destination} onChange={setDestination} />
            {layout && <Preview files={chosen.listed} layout={layout} />}
          </Stack>
        )}
      </Step>
      <Step number={4} title="Renditions" open={clientId !== null && layout !== null && chosen !== null}>
        {clientId && layout && chosen && destination && (
          <Start clientId={clientId} chosen={chosen} layout={layout} destination={destination} />
        )}
      </Step>
    </div>
  )
}

function chosenOf({ files, junk }: Picked): Chosen {
  const ordered = inPathOrder([...files])
  const listed = ordered.map(({ path, file }) => ({ path, bytes: file.size }))
  const paths = listed.map(({ path }) => path)
  const root = rootOf(paths)
  return { files: ordered, listed, junk, root, hasFolders: hasFolders(paths, root) }
}

function pickedSentence({ files, junk, root }: Chosen): string {
  if (files.length === 0) return 'There was no file in it. Drop another folder.'
  const left = junk > 0 ? ` ${counted(junk, 'system file')} left out.` : ''
  return `${counted(files.length, 'file')}${root ? ` in “${root}”` : ''}.${left} Drop another folder to take that instead.`
}

function usualDestination({ root, hasFolders }: Chosen): Destination {
  const title = root ?? 'Upload'
  return hasFolders ? { into: 'folders', title } : { into: 'new', title }
}

/** null: a title is missing, or no gallery is chosen yet. */
function layoutOf({ root }: Chosen, destination: Destination): Layout | null {
  const { into, title } = destination
  if (title.trim() === '') return null
  if (into === 'folders') return { into, root, title }
  if (into === 'there' && !destination.publicId) return null
  return { into: 'gallery', root, title }
}

interface StartProps {
  clientId: string
  chosen: Chosen
  layout: Layout
  destination: Destination
}

function Start({ clientId, chosen, layout, destination }: StartProps) {
  const router = useRouter()
  const access = useAccess()
  const [renditions, setRenditions] = useState<string[]>(usualRenditions)
  const create = useMutation(
    useTRPC().uploads.create.mutationOptions({
      onSuccess({ id }) {
        startSender(id, chosen.files, { add: true, replace: false }, access(id))
        router.push(`/runs/${id}`)
      },
    }),
  )
  const target = destination.into === 'there' ? { publicId: destination.publicId! } : undefined
  const wanted = renditions.length > 0 ? renditions : ['none']
  return (
    <Stack>
      <Presets clientId={clientId} chosen={renditions} onChange={setRenditions} />
      <Problem sentence={sentence(create.error)} />
      <Group>
        <Button
          loading={create.isPending || create.isSuccess}
          rightSection={<Icon name="arrow" />}
          onClick={() => create.mutate({ clientId, renditions: wanted, layout, ...(target ? { target } : {}) })}
        >
          Start the upload
        </Button>
      </Group>
    </Stack>
  )
}
