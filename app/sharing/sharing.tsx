'use client'
// What staff share with a client: links to its own page, e-mails, and the answers to what it reports.
import { ActionIcon, Button, CopyButton, Group, Modal, Select, Stack, Switch, TextInput, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearchParams } from 'next/navigation'
import { useState } from 'react'
import type { OpenProblem } from '#server/replies.ts'
import { at } from '../format.ts'
import { Icon } from '../icons.tsx'
import { useNow } from '../live/use-now.ts'
import { Ago } from '../parts/ago.tsx'
import { MailState } from '../parts/mail-state.tsx'
import { Section } from '../parts/parts.tsx'
import { Problem } from '../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../trpc.ts'
import { OpenProblems } from './open-problems.tsx'
import classes from './sharing.module.css'

type LinkRow = Outputs['share']['links'][number]

interface Props {
  clientId: string
  email: string | null
  problems: OpenProblem[]
}

/** `?share` in the address opens the form of a link. */
export function Sharing({ clientId, email, problems }: Props) {
  const [making, make] = useDisclosure(useSearchParams().has('share'))
  return (
    <>
      <OpenProblems problems={problems} />
      <Section
        title="For the photographer"
        actions={
          <Button
            size="compact-sm"
            h={30}
            variant="default"
            leftSection={<Icon name="plus" size={14} />}
            onClick={make.open}
          >
            Make a link
          </Button>
        }
      >
        <Links clientId={clientId} />
        <Mails clientId={clientId} email={email} />
        {making && <MakeLink clientId={clientId} onClose={make.close} />}
      </Section>
    </>
  )
}

function Links({ clientId }: { clientId: string }) {
  const links = useQuery(useTRPC().share.links.queryOptions({ clientId }))
  if (links.error && !links.data) return <Problem sentence={sentence(links.error)} />
  if (!links.data) return null
  if (links.data.length === 0)
    return (
      <p className={classes.line}>
        No link yet. A link shows the photographer, without signing in, what is safe and what needs a look; a login of
        their own does the same.
      </p>
    )
  return (
    <ul className={classes.rows}>
      {links.data.map((link) => (
        <LinkLine key={link.id} link={link} clientId={clientId} />
      ))}
    </ul>
  )
}

const stateWords = { active: 'works', expired: 'has run out', revoked: 'revoked' } as const

function LinkLine({ link, clientId }: { link: LinkRow; clientId: string }) {
  const now = useNow()
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const revoke = useMutation(
    trpc.share.revokeLink.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.share.links.queryFilter({ clientId })),
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  return (
    <li className={classes.row} data-off={link.state !== 'active' || undefined}>
      <span>
        Link {link.id.slice(0, 8)} · {stateWords[link.state]}
        {link.state === 'active' && <> until {at(link.expiresAt, now)}</>}
        {link.revokedBy && <> by {link.revokedBy}</>}
      </span>
      <span className={classes.dim}>
        made by {link.createdBy}, <Ago time={link.createdAt} /> ·{' '}
        {link.lastUsedAt ? (
          <>
            last used <Ago time={link.lastUsedAt} />
          </>
        ) : (
          'never used'
        )}
      </span>
      {link.state === 'active' && (
        <Button
          size="compact-sm"
          variant="default"
          loading={revoke.isPending}
          onClick={() => revoke.mutate({ id: link.id })}
        >
          Revoke
        </Button>
      )}
    </li>
  )
}

const lifetimes = [
  { value: '7', label: 'A week' },
  { value: '30', label: 'A month' },
  { value: '90', label: 'Three months' },
  { value: '365', label: 'A year' },
]

/** The link is shown once: nobody here knows it afterwards. */
function MakeLink({ clientId, onClose }: { clientId: string; onClose: () => void }) {
  const [days, setDays] = useState('30')
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const create = useMutation(
    trpc.share.createLink.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.share.links.queryFilter({ clientId })),
    }),
  )
  return (
    <Modal opened onClose={onClose} title="A link for the photographer">
      {create.data ? (
        <Stack>
          <p>Whoever has this link sees this client’s galleries. It is shown now and never again.</p>
          <Group gap="sm" wrap="nowrap" align="end">
            <TextInput
              label="Link"
              readOnly
              value={create.data.url}
              flex={1}
              onFocus={(event) => event.target.select()}
            />
            <CopyButton value={create.data.url}>
              {({ copied, copy }) => (
                <Tooltip label={copied ? 'Copied' : 'Copy'}>
                  <ActionIcon variant="default" size={36} aria-label="Copy the link" onClick={copy}>
                    <Icon name={copied ? 'check' : 'copy'} />
                  </ActionIcon>
                </Tooltip>
              )}
            </CopyButton>
          </Group>
          <Group justify="flex-end">
            <Button onClick={onClose}>Done</Button>
          </Group>
        </Stack>
      ) : (
        <Stack>
          <Select
            label="Works for"
            data={lifetimes}
            value={days}
            onChange={(value) => value && setDays(value)}
            allowDeselect={false}
          />
          <Problem sentence={sentence(create.error)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
            <Button loading={create.isPending} onClick={() => create.mutate({ clientId, days: Number(days) })}>
              Make the link
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}

function Mails({ clientId, email }: { clientId: string; email: string | null }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const mails = useQuery(trpc.share.mails.queryOptions({ clientId }))
  const set = useMutation(
    trpc.share.setMailed.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.share.mails.queryFilter({ clientId })),
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
    }),
  )
  if (!mails.data) return null
  return (
    <div className={classes.mails}>
      <Switch
        label="Write by e-mail when it begins, when something is needed and when it is done"
        description={email ?? 'This client has no e-mail address.'}
        disabled={email === null}
        checked={mails.data.mailed && email !== null}
        onChange={(event) => set.mutate({ clientId, mailed: event.currentTarget.checked })}
      />
      {mails.data.mails.length > 0 && (
        <ul className={classes.rows}>
          {mails.data.mails.slice(0, 5).map((mail) => (
            <li key={mail.id} className={classes.row}>
              <span>“{mail.subject}”</span>
              <span className={classes.dim}>
                <MailState of={mail} />, <Ago time={mail.sentAt ?? mail.createdAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
