'use client'
// Everything from one field: go to a page, a client or a run, create, act on what is open.
import { Combobox, Kbd, Modal, TextInput, UnstyledButton, useCombobox } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Icon } from '../icons.tsx'
import { sentence, useTRPC } from '../trpc.ts'
import { type Command, useCommands } from './command-list.ts'
import classes from './commands.module.css'
import { hitCommand } from './hits.ts'
import { closeCommands, openCommands, useOpened } from './opened.ts'
import { RunActDialog, useRunCommands } from './run-commands.tsx'

/** The button in the head of every page, and the menu. */
export function Commands() {
  const opened = useOpened()
  return (
    <>
      <UnstyledButton className={classes.button} onClick={openCommands} aria-haspopup="dialog">
        <Icon name="search" />
        <span className={classes.word}>Search</span>
        <Kbd size="xs" aria-hidden>
          Ctrl K
        </Kbd>
      </UnstyledButton>
      <Modal
        opened={opened}
        onClose={closeCommands}
        withCloseButton={false}
        title={<span className="visually-hidden">Search and commands</span>}
        centered={false}
        yOffset="10vh"
        size={640}
        padding={0}
        // What is typed after the key must not get lost: the field is there at once.
        transitionProps={{ duration: 0 }}
        classNames={{ header: classes.noHead }}
      >
        <Menu />
      </Modal>
      <RunActDialog />
    </>
  )
}

const settleMilliseconds = 120

function Menu() {
  const router = useRouter()
  const combobox = useCombobox({ opened: true })
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => field.current?.focus(), [])
  const [typed, setTyped] = useState('')
  const [text] = useDebouncedValue(typed.trim(), settleMilliseconds)
  const found = useQuery(
    useTRPC().search.anything.queryOptions(
      { text },
      { enabled: text.length > 1, placeholderData: keepPreviousData, staleTime: 5000 },
    ),
  )
  const commands = useCommands(typed, useRunCommands())
  const hits = typed.trim().length > 1 ? (found.data?.hits ?? []) : []
  const groups = grouped([...hits.map(hitCommand), ...commands])
  const all = groups.flatMap(([, ones]) => ones)
  const isLooking = typed.trim().length > 1 && (typed.trim() !== text || found.isFetching)
  const shown = all.map((one) => one.id).join(' ')
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever other rows are there, the first is the one
  useEffect(() => void combobox.selectFirstOption(), [shown])
  const run = (command: Command) => {
    if (command.unfit) return
    closeCommands()
    if (command.href) router.push(command.href)
    else command.act?.()
  }
  const submit = (id: string) => {
    const command = all.find((one) => one.id === id)
    if (command) run(command)
  }
  const exact = found.data?.exact
  return (
    <Combobox store={combobox} onOptionSubmit={submit}>
      <Combobox.EventsTarget>
        <TextInput
          ref={field}
          data-autofocus
          aria-label="Search and commands"
          placeholder="Client, e-mail, run, gallery, file name, address, or what to do"
          size="md"
          variant="unstyled"
          leftSection={<Icon name="search" />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          // Before the list takes the key: its own Escape would leave the menu open.
          onKeyDownCapture={(event) => {
            const isExact = event.key === 'Enter' && exact && text === typed.trim()
            if (event.key !== 'Escape' && !isExact) return
            event.preventDefault()
            event.stopPropagation()
            if (isExact) run(hitCommand(exact))
            else closeCommands()
          }}
        />
      </Combobox.EventsTarget>
      <Combobox.Options className={classes.options} aria-label="Found" tabIndex={0}>
        {groups.map(([group, ones]) => (
          <Combobox.Group key={group} label={group}>
            {ones.map((command) => (
              <Combobox.Option
                key={command.id}
                value={command.id}
                disabled={Boolean(command.unfit)}
                className={classes.option}
              >
                <Icon name={command.icon} />
                <span className={classes.title}>{command.title}</span>
                <span className={classes.detail}>{command.unfit ?? command.detail}</span>
              </Combobox.Option>
            ))}
          </Combobox.Group>
        ))}
        {all.length === 0 && !isLooking && (
          <Combobox.Empty>
            {found.error ? sentence(found.error) : 'Nothing by that name, id, address or file name.'}
          </Combobox.Empty>
        )}
      </Combobox.Options>
      <p className="visually-hidden" role="status">
        {isLooking ? '' : `${all.length} found`}
      </p>
    </Combobox>
  )
}

function grouped(commands: Command[]): [string, Command[]][] {
  const groups = new Map<string, Command[]>()
  for (const command of commands) groups.set(command.group, [...(groups.get(command.group) ?? []), command])
  return [...groups]
}
