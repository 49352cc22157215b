'use client'
import { Button, CopyButton, Group, Modal, Stack } from '@mantine/core'
import { Icon } from '../../../../icons.tsx'
import type { Outputs } from '../../../../trpc.ts'
import classes from './keys.module.css'

/** The one time that anybody sees it: it is not closed by a slip of the hand. */
export function MadeKey({ made, onClose }: { made: Outputs['keys']['create'] | null; onClose: () => void }) {
  return (
    <Modal
      opened={made !== null}
      onClose={onClose}
      title="Keep these now"
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      {made && (
        <Stack>
          <p>
            They are shown this once and cannot be read here again. Hand them over on a way that others do not read.
          </p>
          <Secret label="The key" note="Sent with every request: Authorization: Bearer …" value={made.key} />
          <Secret
            label="Its webhook secret"
            note="Proves to the receiver that a message is ours (Standard Webhooks)"
            value={made.webhookSecret}
          />
          <Group justify="flex-end">
            <Button onClick={onClose}>I have kept them</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}

function Secret({ label, note, value }: { label: string; note: string; value: string }) {
  return (
    <div className={classes.secret}>
      <span>
        <b>{label}</b> <span className={classes.dim}>{note}</span>
      </span>
      <code>{value}</code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Button
            variant="default"
            size="compact-sm"
            h={30}
            leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />}
            onClick={copy}
            aria-label={`Copy ${label.toLowerCase()}`}
          >
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
    </div>
  )
}
