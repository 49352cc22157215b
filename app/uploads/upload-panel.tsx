'use client'
import { Button, Modal, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { inPathOrder } from '#server/manifests/layout.ts'
import { count, counted, size } from '../format.ts'
import { Section } from '../parts/parts.tsx'
import { Problem } from '../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../trpc.ts'
import { DropArea } from './drop-area.tsx'
import { FileList } from './file-list.tsx'
import type { Picked } from './files.ts'
import { fileStates } from './messages.ts'
import { isBusy, type Sender, type SenderView, startSender, useSender, useSenderView } from './sender.ts'
import classes from './uploads.module.css'
import { useAccess } from './use-access.ts'

type Followed = Outputs['runs']['follow']
type Snapshot = Followed extends AsyncIterable<infer View> ? View : never
type Facts = NonNullable<Outputs['uploads']['facts']>

/** The sender's side of an upload: what this tab sends, or what is to be dropped once more. Nothing for other runs. */
export function UploadPanel({ run }: { run: Snapshot }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const sender = useSender(run.run)
  const facts = useQuery(trpc.uploads.facts.queryOptions({ id: run.run }, { enabled: run.kind === 'upload' }))
  const settled = `${run.state} ${run.totals.copied === run.totals.found}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: the state says when to look again
  useEffect(() => {
    void queryClient.invalidateQueries(trpc.uploads.facts.queryFilter({ id: run.run }))
  }, [settled])
  useEffect(() => sender?.hold(run.state === 'paused' || run.state === 'blocked'), [sender, run.state])
  if (!facts.data) return null
  return (
    <>
      {sender ? <Sending run={run} sender={sender} facts={facts.data} /> : <Missing run={run} facts={facts.data} />}
      <Duplicates facts={facts.data} />
    </>
  )
}

/** Photos of the list whose bytes have not come. */
const lackingOf = ({ totals }: Snapshot) => totals.found - totals.copied - totals.skipped - totals.failed

function Missing({ run, facts }: { run: Snapshot; facts: Facts }) {
  const access = useAccess()
  const lacking = lackingOf(run)
  const open = run.state === 'planned' || run.state === 'running' || run.state === 'paused'
  if (!open || (facts.complete && lacking === 0)) return null
  const again = ({ files }: Picked) => {
    const options = { add: !facts.complete, replace: false }
    startSender(run.run, inPathOrder(files), options, access(run.run))
  }
  const title = facts.complete
    ? `${counted(lacking, 'file')} ${lacking === 1 ? 'has' : 'have'} not arrived`
    : 'The list of files did not come whole'
  return (
    <Section title={title} actions={<FinishWithout run={run} lacking={facts.complete ? lacking : 0} />}>
      <DropArea onPicked={again}>
        Drop the same folder again: only what is missing is sent, and nothing is doubled.
      </DropArea>
    </Section>
  )
}

function Sending({ run, sender, facts }: { run: Snapshot; sender: Sender; facts: Facts }) {
  const view = useSenderView(sender)
  const { counts } = view
  const over = run.state === 'cancelled' || run.state === 'failed'
  useEffect(() => {
    if (over) sender.end()
  }, [over, sender])
  const left = counts[fileStates.waiting] + counts[fileStates.sending]
  const stranger = view.phase === 'done' && counts[fileStates.unlisted] === view.files.length
  return (
    <Section
      title="Sending from this tab"
      aside={counted(view.files.length, 'file')}
      actions={
        isBusy(view) ? undefined : (
          <Button variant="default" size="compact-sm" h={30} onClick={() => sender.end()}>
            Put the list away
          </Button>
        )
      }
    >
      <div className={classes.line}>
        <p role="status" data-testid="sending" data-phase={view.phase}>
          {sentenceOf(view, left)}
        </p>
      </div>
      {stranger ? (
        <div className={classes.line}>
          <p>None of these files is in this upload: it was another folder, or the folder has another name now.</p>
        </div>
      ) : (
        <Different view={view} sender={sender} facts={facts} />
      )}
      <FileList view={view} />
      {view.phase === 'done' && lackingOf(run) > 0 && (
        <div className={classes.line}>
          <p>
            {counted(lackingOf(run), 'file')} of this upload {lackingOf(run) === 1 ? 'is' : 'are'} not in what was
            dropped.
          </p>
          <FinishWithout run={run} lacking={lackingOf(run)} />
        </div>
      )}
    </Section>
  )
}

function sentenceOf({ phase, announced, files, problem, counts }: SenderView, left: number): string {
  if (phase === 'stopped')
    return `Stopped: ${problem ?? 'something went wrong in this tab'}. Drop the folder again to go on.`
  if (phase === 'unreachable') return problem ?? 'The media process does not answer; it is tried again by itself.'
  if (phase === 'announcing')
    return `The list goes first: ${count(announced)} of ${counted(files.length, 'file')}. Keep this tab open.`
  const refused = counts[fileStates.refused]
  if (phase === 'done')
    return refused > 0 ? `Everything is sent; ${counted(refused, 'file')} could not be taken.` : 'Everything is sent.'
  return `${counted(left, 'file')} to go. Keep this tab open; after a reload, drop the same folder again.`
}

/** Files that are not as the run's list has them: told, and left to a person. */
function Different({ view, sender, facts }: { view: SenderView; sender: Sender; facts: Facts }) {
  const [changed, unlisted] = [view.counts[fileStates.changed], view.counts[fileStates.unlisted]]
  const busy = view.phase === 'announcing'
  return (
    <>
      {changed > 0 && (
        <div className={classes.line}>
          <p>
            {counted(changed, 'file')} {changed === 1 ? 'looks' : 'look'} different from what was sent (size or date).
            What was sent is kept.
          </p>
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            disabled={busy}
            onClick={() => sender.start({ add: false, replace: true })}
          >
            Send {changed === 1 ? 'it' : 'them'} again
          </Button>
        </div>
      )}
      {unlisted > 0 && facts.complete && (
        <div className={classes.line}>
          <p>
            {counted(unlisted, 'file')} {unlisted === 1 ? 'is' : 'are'} not in this upload yet.
          </p>
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            disabled={busy}
            onClick={() => sender.start({ add: true, replace: false })}
          >
            Add {unlisted === 1 ? 'it' : 'them'}
          </Button>
        </div>
      )}
    </>
  )
}

function FinishWithout({ run, lacking }: { run: Snapshot; lacking: number }) {
  const [opened, { open, close }] = useDisclosure(false)
  const finish = useMutation(useTRPC().uploads.finishWithout.mutationOptions({ onSuccess: close }))
  if (lacking === 0 || run.state !== 'running') return null
  const missing = counted(lacking, 'file')
  return (
    <>
      <Button variant="default" size="compact-sm" h={30} onClick={open}>
        Finish without the missing {count(lacking)}
      </Button>
      <Modal opened={opened} onClose={close} title={`Finish without ${missing}?`}>
        <Stack>
          <p>
            The upload ends with what is here; {lacking === 1 ? 'the missing file is' : 'the missing files are'} listed
            as not sent. Dropping the folder again later still brings {lacking === 1 ? 'it' : 'them'} in.
          </p>
          <Problem sentence={sentence(finish.error)} />
          <div className={classes.choose}>
            <Button variant="default" onClick={close}>
              Keep waiting
            </Button>
            <Button loading={finish.isPending} onClick={() => finish.mutate({ id: run.run })}>
              Finish the upload
            </Button>
          </div>
        </Stack>
      </Modal>
    </>
  )
}

function Duplicates({ facts: { duplicates, duplicateBytes } }: { facts: Facts }) {
  if (duplicates === 0) return null
  return (
    <p className={classes.note}>
      {counted(duplicates, 'file')} {duplicates === 1 ? 'has' : 'have'} the same bytes as another one:{' '}
      {duplicates === 1 ? 'a photo of its own' : 'photos of their own'}, kept once ({size(duplicateBytes)} spared).
    </p>
  )
}
