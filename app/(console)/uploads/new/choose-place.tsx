'use client'
import { Radio, Select, Stack, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { counted } from '../../../format.ts'
import { Problem } from '../../../parts/problem.tsx'
import { useProviderTitle } from '../../../provider-forms.tsx'
import { sentence, useTRPC } from '../../../trpc.ts'
import type { Chosen } from './new-upload-page.tsx'

export interface Destination {
  /** Galleries by folders, a new one, or one that is there. */
  into: 'folders' | 'new' | 'there'
  title: string
  /** Of the gallery that is there, once it is chosen. */
  publicId?: string
}

interface Props {
  clientId: string
  chosen: Chosen
  destination: Destination
  onChange: (destination: Destination) => void
}

export function ChoosePlace({ clientId, chosen, destination, onChange }: Props) {
  const title = chosen.root ?? 'Upload'
  const { into } = destination
  return (
    <Radio.Group
      value={into}
      aria-label="Where the files go"
      onChange={(value) => onChange({ into: value as Destination['into'], title })}
    >
      <Stack gap="sm">
        {chosen.hasFolders && (
          <Radio
            value="folders"
            label="Folders become galleries"
            description="Each folder of the first level is a gallery, each of the second a set in it"
          />
        )}
        <Radio
          value="new"
          label="One new gallery"
          description={chosen.hasFolders ? 'Each folder of the first level is a set in it' : undefined}
        />
        {into === 'new' && (
          <TextInput
            label="Title"
            value={destination.title}
            maxLength={300}
            onChange={(event) => onChange({ into, title: event.currentTarget.value })}
          />
        )}
        <Radio
          value="there"
          label="A gallery that is there"
          description="The photos stand behind those that it has; sets of the same title are joined"
        />
        {into === 'there' && <ChooseGallery clientId={clientId} destination={destination} onChange={onChange} />}
      </Stack>
    </Radio.Group>
  )
}

function ChooseGallery({ clientId, destination, onChange }: Omit<Props, 'chosen'>) {
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed, 250)
  const provider = useProviderTitle()
  const targets = useQuery(
    useTRPC().uploads.targets.queryOptions({ clientId, search }, { placeholderData: keepPreviousData }),
  )
  const labelOf = ({ title, path, photos, provider: from }: NonNullable<typeof targets.data>[number]) =>
    `${[...path, title].join(' / ')} (${counted(photos, 'photo')}${from ? `, ${provider(from)}` : ''})`
  return (
    <>
      <Select
        aria-label="Gallery"
        placeholder="Search by title"
        searchable
        searchValue={typed}
        onSearchChange={setTyped}
        // The server has searched already.
        filter={({ options }) => options}
        nothingFoundMessage="No gallery of that title"
        data={targets.data?.map((target) => ({ value: target.publicId, label: labelOf(target) })) ?? []}
        value={destination.publicId ?? null}
        onChange={(publicId) => {
          const target = targets.data?.find((one) => one.publicId === publicId)
          if (target) onChange({ into: 'there', title: target.title, publicId: target.publicId })
        }}
      />
      <Problem sentence={sentence(targets.error)} />
    </>
  )
}
