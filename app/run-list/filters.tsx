'use client'
// What narrows the list, as chips: each says what it is set to, opens to change it, and can be taken away.
import { ActionIcon, Checkbox, Group, Popover, Radio, Select, Stack, TextInput, UnstyledButton } from '@mantine/core'
import { useDebouncedValue, useDisclosure } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { memo, type ReactNode, useEffect, useRef, useState } from 'react'
import { type FailingStep, failingSteps } from '#server/failed-work.ts'
import { day } from '../format.ts'
import { Icon } from '../icons.tsx'
import { useProviderForms } from '../provider-forms.tsx'
import { usePerson } from '../shell/person.tsx'
import { useTRPC } from '../trpc.ts'
import { type Filter, me, orderWords } from './filter.ts'
import classes from './filters.module.css'

interface Props {
  filter: Filter
  change: (next: Partial<Filter>) => void
}

export const Filters = memo(function Filters({ filter, change }: Props) {
  return (
    <div className={classes.filters}>
      <TextFilter filter={filter} change={change} />
      <KindFilter filter={filter} change={change} />
      <ProviderFilter filter={filter} change={change} />
      <ClientFilter filter={filter} change={change} />
      <StaffFilter filter={filter} change={change} />
      <DayFilter filter={filter} change={change} />
      <FailedFilter filter={filter} change={change} />
      <OrderFilter filter={filter} change={change} />
    </div>
  )
})

const settleMilliseconds = 250

function TextFilter({ filter, change }: Props) {
  const [typed, setTyped] = useState(filter.text ?? '')
  const [settled] = useDebouncedValue(typed.trim(), settleMilliseconds)
  const text = filter.text ?? ''
  const own = useRef(text)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed changes the address
  useEffect(() => {
    if (settled === own.current) return
    own.current = settled
    change({ text: settled || undefined })
  }, [settled])
  // What another one sets or takes away is shown here.
  useEffect(() => {
    if (text === own.current) return
    own.current = text
    setTyped(text)
  }, [text])
  return (
    <TextInput
      data-search
      aria-label="Search runs"
      placeholder="Client, e-mail, id, gallery, file, address"
      leftSection={<Icon name="search" />}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      className={classes.search}
    />
  )
}

interface ChipProps {
  name: string
  /** What it is set to; null: nothing. */
  value: string | null
  clear: () => void
  children: ReactNode
}

function Chip({ name, value, clear, children }: ChipProps) {
  const [opened, open] = useDisclosure(false)
  return (
    <span className={classes.chip} data-set={value !== null || undefined}>
      <Popover
        opened={opened}
        onChange={(next) => (next ? open.open() : open.close())}
        position="bottom-start"
        trapFocus
      >
        <Popover.Target>
          <UnstyledButton onClick={open.toggle} className={classes.chipButton} aria-haspopup="dialog">
            {name}
            {value !== null && <b>{value}</b>}
            {value === null && <Icon name="chevronDown" size={12} />}
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown className={classes.choices}>{children}</Popover.Dropdown>
      </Popover>
      {value !== null && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-label={`Remove the filter ${name}: ${value}`}
          onClick={clear}
        >
          <Icon name="x" size={12} />
        </ActionIcon>
      )}
    </span>
  )
}

const kindWords = { migration: 'migrations', upload: 'uploads' } as const

function KindFilter({ filter, change }: Props) {
  return (
    <Chip name="Kind" value={filter.kind ? kindWords[filter.kind] : null} clear={() => change({ kind: undefined })}>
      <Radio.Group
        aria-label="Kind"
        value={filter.kind ?? ''}
        onChange={(kind) => change({ kind: kind as Filter['kind'] })}
      >
        <Stack gap="sm">
          <Radio value="migration" label="Migrations" />
          <Radio value="upload" label="Uploads" />
        </Stack>
      </Radio.Group>
    </Chip>
  )
}

function ProviderFilter({ filter, change }: Props) {
  const forms = useProviderForms()
  const chosen = filter.providers ?? []
  const title = (id: string) => forms.find((form) => form.id === id)?.title ?? id
  return (
    <Chip
      name="Provider"
      value={chosen.length > 0 ? chosen.map(title).join(', ') : null}
      clear={() => change({ providers: undefined })}
    >
      <Checkbox.Group aria-label="Provider" value={chosen} onChange={(providers) => change({ providers })}>
        <Stack gap="sm">
          {forms.map((form) => (
            <Checkbox key={form.id} value={form.id} label={form.title} />
          ))}
        </Stack>
      </Checkbox.Group>
    </Chip>
  )
}

function ClientFilter({ filter, change }: Props) {
  const trpc = useTRPC()
  const [typed, setTyped] = useState('')
  const [text] = useDebouncedValue(typed, settleMilliseconds)
  const known = useQuery(
    trpc.clients.get.queryOptions(
      { id: filter.clientId ?? '' },
      { enabled: filter.clientId !== undefined, staleTime: 60_000 },
    ),
  )
  const found = useQuery(trpc.search.clients.queryOptions({ text, limit: 50 }, { placeholderData: keepPreviousData }))
  const options = (found.data?.clients ?? []).map(({ id, name }) => ({ value: id, label: name }))
  if (known.data && !options.some(({ value }) => value === known.data.id))
    options.push({ value: known.data.id, label: known.data.name })
  return (
    <Chip
      name="Client"
      value={filter.clientId ? (known.data?.name ?? filter.clientId.slice(0, 8)) : null}
      clear={() => change({ clientId: undefined })}
    >
      <Select
        aria-label="Client"
        placeholder="Name or e-mail"
        searchable
        data-autofocus
        comboboxProps={{ withinPortal: false }}
        filter={({ options: all }) => all}
        data={options}
        value={filter.clientId ?? null}
        onSearchChange={setTyped}
        onChange={(clientId) => change({ clientId: clientId ?? undefined })}
        nothingFoundMessage="Nobody by that name"
      />
    </Chip>
  )
}

function StaffFilter({ filter, change }: Props) {
  const person = usePerson()
  const staff = useQuery(useTRPC().search.staff.queryOptions(undefined, { staleTime: 60_000 }))
  const chosen = filter.staff ?? []
  const others = (staff.data ?? []).filter(({ email }) => email !== person.email)
  const title = (email: string) =>
    email === me ? 'me' : (others.find((other) => other.email === email)?.name ?? email.split('@')[0]!)
  return (
    <Chip
      name="Staff"
      value={chosen.length > 0 ? chosen.map(title).join(', ') : null}
      clear={() => change({ staff: undefined })}
    >
      <Checkbox.Group aria-label="Looked after by" value={chosen} onChange={(next) => change({ staff: next })}>
        <Stack gap="sm">
          <Checkbox value={me} label="Me" />
          {others.map(({ email, name }) => (
            <Checkbox key={email} value={email} label={name === email ? email : `${name}, ${email}`} />
          ))}
          <Checkbox value="cli" label="Command line" />
        </Stack>
      </Checkbox.Group>
    </Chip>
  )
}

function DayFilter({ filter, change }: Props) {
  const { from, to } = filter
  const value = from && to ? `${day(from)} – ${day(to)}` : from ? `since ${day(from)}` : to ? `until ${day(to)}` : null
  return (
    <Chip name="Created" value={value} clear={() => change({ from: undefined, to: undefined })}>
      <Group gap="sm" wrap="nowrap">
        <TextInput
          type="date"
          label="From"
          data-autofocus
          value={from ?? ''}
          max={to}
          onChange={(event) => change({ from: event.currentTarget.value || undefined })}
        />
        <TextInput
          type="date"
          label="To"
          value={to ?? ''}
          min={from}
          onChange={(event) => change({ to: event.currentTarget.value || undefined })}
        />
      </Group>
    </Chip>
  )
}

const failedWords: Record<FailingStep, string> = {
  'survey-source': 'The account could not be read',
  'list-gallery': 'A gallery could not be listed',
  'build-gallery': 'A gallery could not be built',
  'fetch-photos': 'Photos could not be copied',
  'render-photos': 'Photos could not be rendered',
  'reconcile-gallery': 'A gallery is not as it should be',
}

function FailedFilter({ filter: { failedAt }, change }: Props) {
  return (
    <Chip
      name="Failed"
      value={failedAt ? failedWords[failedAt].toLowerCase() : null}
      clear={() => change({ failedAt: undefined })}
    >
      <Radio.Group
        aria-label="Failed"
        value={failedAt ?? ''}
        onChange={(step) => change({ failedAt: step as FailingStep })}
      >
        <Stack gap="sm">
          {failingSteps.map((step) => (
            <Radio key={step} value={step} label={failedWords[step]} />
          ))}
        </Stack>
      </Radio.Group>
    </Chip>
  )
}

function OrderFilter({ filter, change }: Props) {
  return (
    <Chip
      name="Order"
      value={filter.order === 'newest' ? null : orderWords[filter.order].toLowerCase()}
      clear={() => change({ order: 'newest' })}
    >
      <Radio.Group
        aria-label="Order"
        value={filter.order}
        onChange={(order) => change({ order: order as Filter['order'] })}
      >
        <Stack gap="sm">
          {Object.entries(orderWords).map(([order, word]) => (
            <Radio key={order} value={order} label={word} />
          ))}
        </Stack>
      </Radio.Group>
    </Chip>
  )
}
