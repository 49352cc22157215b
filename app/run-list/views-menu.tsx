'use client'
// Filters under a name: those that everybody has, and one's own.
import { Button, Group, Menu, Modal, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { memo, useState } from 'react'
import { Icon } from '../icons.tsx'
import { MenuAction } from '../parts/menu-action.tsx'
import { Problem } from '../parts/problem.tsx'
import { sentence, useTRPC } from '../trpc.ts'
import classes from './filters.module.css'

const everybodys = [
  { name: 'My runs', query: 'staff=me' },
  { name: 'Needs attention', query: 'tab=attention' },
  { name: 'Running', query: 'tab=moving' },
]

export const ViewsMenu = memo(function ViewsMenu({ address }: { address: string }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const views = useQuery(trpc.views.list.queryOptions(undefined, { staleTime: 60_000 }))
  const [naming, name] = useDisclosure(false)
  const remove = useMutation(
    trpc.views.remove.mutationOptions({
      // One's own list, and nothing else hangs on it: it may be shown before the server has said so.
      onMutate: ({ id }) =>
        queryClient.setQueryData(trpc.views.list.queryKey(), (all) => all?.filter((view) => view.id !== id)),
      onError: (error) => notifications.show({ color: 'red', message: sentence(error) }),
      onSettled: () => queryClient.invalidateQueries(trpc.views.list.queryFilter()),
    }),
  )
  const own = views.data ?? []
  const current = [...everybodys, ...own].find(({ query }) => query === address)
  return (
    <>
      <Menu position="bottom-end" width={264}>
        <Menu.Target>
          <Button variant="default" rightSection={<Icon name="chevronDown" size={12} />}>
            {current && address !== '' ? current.name : 'Views'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {everybodys.map((view) => (
            <Menu.Item key={view.query} component={Link} href={`/runs?${view.query}`}>
              {view.name}
            </Menu.Item>
          ))}
          {own.length > 0 && <Menu.Label>Yours</Menu.Label>}
          {own.map((view) => (
            <span key={view.id} className={classes.view}>
              <Menu.Item component={Link} href={`/runs${view.query && `?${view.query}`}`}>
                {view.name}
              </Menu.Item>
              <Menu.Item
                aria-label={`Remove the view ${view.name}`}
                closeMenuOnClick={false}
                onClick={() => remove.mutate({ id: view.id })}
              >
                <Icon name="x" size={12} />
              </Menu.Item>
            </span>
          ))}
          <Menu.Divider />
          <MenuAction
            leftSection={<Icon name="plus" />}
            onClick={name.open}
            notNow={address === '' ? 'nothing is filtered' : null}
          >
            Save this view…
          </MenuAction>
        </Menu.Dropdown>
      </Menu>
      <NameView query={address} opened={naming} onClose={name.close} />
    </>
  )
})

function NameView({ query, opened, onClose }: { query: string; opened: boolean; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [name, setName] = useState('')
  const save = useMutation(
    trpc.views.save.mutationOptions({
      async onSuccess() {
        await queryClient.invalidateQueries(trpc.views.list.queryFilter())
        setName('')
        onClose()
      },
    }),
  )
  return (
    <Modal opened={opened} onClose={onClose} title="Save this view">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) save.mutate({ name: name.trim(), query })
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="The same name again takes the place of what it stood for"
            data-autofocus
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Problem sentence={sentence(save.error)} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Back
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!name.trim()}>
              Save the view
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
