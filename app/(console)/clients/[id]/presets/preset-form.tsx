'use client'
import { Button, Group, JsonInput, Radio, Stack, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Problem } from '../../../../parts/problem.tsx'
import { summaryOf } from '../../../../presets/summary.ts'
import { State } from '../../../../states/state.tsx'
import { sentence, useTRPC } from '../../../../trpc.ts'
import classes from './presets.module.css'
import type { Preset } from './presets-page.tsx'

const typingMilliseconds = 250
const example = { resize: { width: 1600, height: 1600, fit: 'inside' }, format: 'webp', quality: 80 }

/** Instructions as they are written, judged while they are. Name and owner of one that is there stay as they are. */
export function PresetForm({
  clientId,
  preset,
  onDone,
}: {
  clientId: string
  preset: Preset | null
  onDone: () => void
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [name, setName] = useState(preset?.name ?? '')
  const [owner, setOwner] = useState(preset?.scope === 'everybody' ? 'everybody' : 'client')
  const [text, setText] = useState(JSON.stringify(preset?.instructions ?? example, null, 2))
  const save = useMutation(
    trpc.presets.save.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.presets.pathFilter())
        onDone()
      },
    }),
  )
  const written = parsed(text)
  function submit(event: FormEvent) {
    event.preventDefault()
    if (!written.ok) return
    save.mutate({
      clientId: owner === 'everybody' ? null : clientId,
      name: name.trim(),
      instructions: written.value,
    })
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {preset === null && (
          <>
            <TextInput
              label="Name"
              description="Small letters, digits, dashes and underscores"
              data-autofocus
              maxLength={64}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Radio.Group label="Whose" value={owner} onChange={setOwner}>
              <Group mt={4}>
                <Radio value="client" label="This client’s" />
                <Radio value="everybody" label="Everybody’s" />
              </Group>
            </Radio.Group>
          </>
        )}
        <JsonInput
          label="Instructions"
          description="resize, crop, watermark, format and quality, as JSON"
          autosize
          minRows={8}
          maxRows={20}
          formatOnBlur
          spellCheck={false}
          classNames={{ input: classes.json }}
          value={text}
          onChange={setText}
        />
        <Judgement text={text} />
        <Problem sentence={sentence(save.error)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Back
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!written.ok || name.trim() === ''}>
            {preset ? 'Change the preset' : 'Add the preset'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** By the same rules that uploads are judged by. */
function Judgement({ text }: { text: string }) {
  const [settled] = useDebouncedValue(text, typingMilliseconds)
  const written = parsed(settled)
  const check = useQuery(
    useTRPC().presets.check.queryOptions(
      { instructions: written.ok ? written.value : null },
      { enabled: written.ok, placeholderData: keepPreviousData },
    ),
  )
  const verdict = !written.ok ? { ok: false as const, pointer: '', sentence: written.sentence } : check.data
  return (
    <div className={classes.judgement} role="status">
      {!verdict && <span className={classes.dim}>Being looked at</span>}
      {verdict?.ok && (
        <>
          <State of={{ family: 'safe', icon: 'check', word: 'can be made' }} />
          <span className={classes.dim}>{summaryOf(verdict.instructions)}</span>
        </>
      )}
      {verdict && !verdict.ok && (
        <>
          <State of={{ family: 'needs-you', icon: 'alert', word: 'cannot be made' }} />
          <span>{verdict.sentence}</span>
        </>
      )}
    </div>
  )
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

function parsed(text: string): { ok: true; value: Json } | { ok: false; sentence: string } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, sentence: 'This is not JSON yet.' }
  }
}
