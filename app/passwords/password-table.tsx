'use client'
import { Button, FileButton, Group } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { count, counted } from '../format.ts'
import { Icon } from '../icons.tsx'
import { Section } from '../parts/parts.tsx'
import { Problem } from '../parts/problem.tsx'
import { type Outputs, sentence, useTRPC } from '../trpc.ts'
import classes from './passwords.module.css'
import type { Scope } from './passwords-page.tsx'

const largestBytes = 524_288
const shown = 50

/** A table from a file: what it would fill in is shown first, and each line that does not fit says why. */
export function PasswordTable({ scope }: { scope: Scope }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [table, setTable] = useState<{ name: string; text: string } | null>(null)
  const [unreadable, setUnreadable] = useState<string | null>(null)
  const preview = useMutation(trpc.passwords.previewTable.mutationOptions())
  const apply = useMutation(
    trpc.passwords.fillTable.mutationOptions({
      async onSuccess({ filled }) {
        notifications.show({ message: `${counted(filled, 'password')} filled in.` })
        forget()
        await queryClient.invalidateQueries(trpc.passwords.pathFilter())
      },
    }),
  )
  function forget() {
    setTable(null)
    preview.reset()
    apply.reset()
  }
  async function read(file: File | null) {
    forget()
    setUnreadable(null)
    if (!file) return
    if (file.size > largestBytes) return setUnreadable(`${file.name} is too large for a table of passwords.`)
    const text = await file.text()
    setTable({ name: file.name, text })
    preview.mutate({ scope, table: text })
  }
  return (
    <Section title="From a table">
      <Group className={classes.choose}>
        <FileButton onChange={read} accept=".csv,.tsv,.txt,text/csv">
          {(props) => (
            <Button
              {...props}
              variant="default"
              loading={preview.isPending}
              leftSection={<Icon name="file" size={14} />}
            >
              Choose a CSV file
            </Button>
          )}
        </FileButton>
        <span className={classes.dim}>
          Two columns, gallery and password. A gallery is named by its ref or its title; nothing is changed before you
          have seen what fits.
        </span>
      </Group>
      <Problem sentence={unreadable ?? sentence(preview.error ?? apply.error)} />
      {table && preview.data && (
        <Preview
          name={table.name}
          preview={preview.data}
          pending={apply.isPending}
          apply={() => apply.mutate({ scope, table: table.text })}
          forget={forget}
        />
      )}
    </Section>
  )
}

interface PreviewProps {
  name: string
  preview: Outputs['passwords']['previewTable']
  pending: boolean
  apply: () => void
  forget: () => void
}

function Preview({ name, preview: { matches, problems, missingAfter }, pending, apply, forget }: PreviewProps) {
  return (
    <section className={classes.preview} aria-label={`What is in ${name}`}>
      <p aria-live="polite">
        <b>
          {name}:{' '}
          {matches.length === 0
            ? 'nothing fits'
            : `${counted(matches.length, 'gallery', 'galleries')} ${matches.length === 1 ? 'fits' : 'fit'}`}
        </b>
        {problems.length > 0 && `, ${counted(problems.length, 'line')} ${problems.length === 1 ? 'does' : 'do'} not`}.{' '}
        {missingAfter === 0 ? 'None will be missing then.' : `${count(missingAfter)} will be missing still.`}
      </p>
      {problems.length > 0 && (
        <ul className={classes.problems} aria-label="Lines that do not fit">
          {problems.slice(0, shown).map(({ line, sentence, code }) => (
            <li key={line}>
              <span className={classes.line}>line {line}</span>
              <span>
                {sentence} <code>{code}</code>
              </span>
            </li>
          ))}
          {problems.length > shown && <li>and {count(problems.length - shown)} more</li>}
        </ul>
      )}
      {matches.length > 0 && (
        <ul className={classes.matches} aria-label="Lines that fit">
          {matches.slice(0, shown).map(({ line, publicId, path, title, replaces }) => (
            <li key={publicId}>
              <span className={classes.line}>line {line}</span>
              <span>
                {path.length > 0 && <span className={classes.dim}>{path.join(' / ')} / </span>}
                {title}
                {replaces && <span className={classes.dim}> · replaces the one before</span>}
              </span>
            </li>
          ))}
          {matches.length > shown && <li>and {count(matches.length - shown)} more</li>}
        </ul>
      )}
      <Group mt="md">
        {matches.length > 0 && (
          <Button onClick={apply} loading={pending}>
            Fill in {counted(matches.length, 'password')}
          </Button>
        )}
        <Button variant="default" onClick={forget}>
          {matches.length > 0 ? 'Leave it' : 'Choose another'}
        </Button>
      </Group>
    </section>
  )
}
