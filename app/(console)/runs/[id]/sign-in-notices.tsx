'use client'
import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import Link from 'next/link'
import { at, counted } from '../../../format.ts'
import { useNow } from '../../../live/use-now.ts'
import { useProviderTitle } from '../../../provider-forms.tsx'
import { isEnding, roughly } from '../../../sources/session-ends.tsx'
import { ReplaceCredentials } from '../../../sources/source-form.tsx'
import { Notice } from './notice.tsx'
import type { Snapshot } from './use-run.ts'

/** Whether a blocked run wants for nothing but somebody who signs in. */
export const needsSignIn = (code: string | null) =>
  code !== null && ['sign_in_refused', 'challenge', 'credentials_missing'].includes(code)

/** Further away than this an end is nobody's concern yet. */
const countdownSeconds = 24 * 3600

/** A session that only a person can renew: its countdown, and the question for the next one in time. */
export function SessionNotice({ run }: { run: Snapshot }) {
  const now = useNow()
  const title = useProviderTitle()
  const [entering, enter] = useDisclosure(false)
  const { session, provider } = run
  if (!session || !provider || run.finishedAt || run.state === 'blocked') return null
  const endsAt = session.endsAt && concerns(run, session.endsAt, now) ? new Date(session.endsAt) : null
  if (!endsAt && !session.trying && !session.todo) return null
  const ending = isEnding(endsAt, now)
  const left = endsAt ? (endsAt.getTime() - now) / 1000 : 0
  const countdown =
    endsAt && (left > 0 ? `ends in ${roughly(left)}, at ${at(endsAt, now)}` : 'should have ended by now')
  const source = { id: session.sourceId, clientId: run.client.id, provider }
  return (
    <>
      <Notice
        family={session.trying ? 'moving' : ending ? 'needs-you' : 'waiting'}
        icon={session.trying ? 'moving' : ending ? 'alert' : 'clock'}
        action={
          endsAt &&
          !session.trying && (
            <Button size="compact-sm" h={30} variant={ending ? 'filled' : 'default'} onClick={enter.open}>
              Hand over the next
            </Button>
          )
        }
      >
        {session.trying
          ? 'The session that was handed over is being tried; the one before goes on meanwhile. '
          : (session.todo ?? '')}{' '}
        {countdown &&
          (ending
            ? `The session at ${title(provider)} ${countdown}. Sign in there again and hand over the new one: the run goes on without a break.`
            : `The session at ${title(provider)} ${countdown}. You are asked for the next one half an hour before.`)}
      </Notice>
      <Modal opened={entering} onClose={enter.close} title="Hand over the next session">
        <ReplaceCredentials source={source} bySession onDone={enter.close} />
      </Modal>
    </>
  )
}

/** Before the start only one that ends at once: the plan says the rest. */
function concerns(run: Snapshot, endsAt: string, now: number): boolean {
  const left = (Date.parse(endsAt) - now) / 1000
  return run.startedAt ? left < countdownSeconds : isEnding(new Date(endsAt), now)
}

/** Galleries that are private here because nobody has told their password. */
export function PasswordsMissing({ run }: { run: Snapshot }) {
  const { passwordsMissing: missing } = run
  if (missing === 0) return null
  return (
    <Notice
      family="needs-you"
      icon="lock"
      action={
        <Button component={Link} href={`/runs/${run.run}/passwords`} size="compact-sm" h={30} variant="default">
          Fill in
        </Button>
      }
    >
      {missing === 1 ? 'One gallery needs its' : `${counted(missing, 'gallery', 'galleries')} need their`} password,
      which the provider does not tell: until then {missing === 1 ? 'it is' : 'they are'} private here.
    </Notice>
  )
}
