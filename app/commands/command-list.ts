'use client'
// What the command menu offers beside what it finds.
import { useMantineColorScheme } from '@mantine/core'
import { useParams, usePathname } from 'next/navigation'
import type { IconName } from '../icons.tsx'
import { usePerson } from '../shell/person.tsx'
import { signOut } from '../shell/sign-out.ts'

export interface Command {
  id: string
  group: string
  icon: IconName
  title: string
  detail?: string
  /** Why it cannot be done now. */
  unfit?: string | null
  href?: string
  act?: () => void
}

interface Place {
  href: string
  title: string
  icon: IconName
  /** Other words for it. */
  also?: string
  role?: string
}

const places: Place[] = [
  { href: '/', title: 'Home', icon: 'arrow', also: 'start overview' },
  { href: '/runs', title: 'Runs', icon: 'arrow', also: 'migrations uploads list' },
  { href: '/runs?tab=attention', title: 'Runs that need you', icon: 'alert', also: 'needs attention waiting blocked' },
  { href: '/runs?tab=moving', title: 'Runs that move', icon: 'moving', also: 'running active' },
  { href: '/runs?staff=me', title: 'My runs', icon: 'user', also: 'mine assigned' },
  { href: '/clients', title: 'Clients', icon: 'arrow', also: 'photographers studios' },
  { href: '/providers', title: 'Providers', icon: 'arrow', also: 'hosts pace' },
  { href: '/queues', title: 'Queues', icon: 'menu', also: 'jobs operations' },
  { href: '/workers', title: 'Workers', icon: 'monitor', also: 'processes operations scaling' },
  { href: '/webhooks', title: 'Webhooks', icon: 'arrow', also: 'deliveries operations' },
  { href: '/audit', title: 'Audit', icon: 'file', also: 'who did what operations' },
  { href: '/account', title: 'Your account', icon: 'key', also: 'sessions second factor keys password' },
  { href: '/people', title: 'People', icon: 'user', also: 'users roles invitations', role: 'admin' },
]

const creations: Place[] = [
  { href: '/runs/new', title: 'New migration', icon: 'plus', also: 'create run start' },
  { href: '/uploads/new', title: 'New upload', icon: 'plus', also: 'create files folder' },
  { href: '/clients?new', title: 'Add a client', icon: 'plus', also: 'create new photographer' },
]

/** What fits the text; `about` are those of the object that is open. */
export function useCommands(typed: string, about: Command[]): Command[] {
  const { role } = usePerson()
  const path = usePathname()
  const { id } = useParams<{ id?: string }>()
  const { setColorScheme } = useMantineColorScheme()
  const of = (group: string) => (place: Place) => ({ ...place, group, id: `${group} ${place.href}` })
  const ofClient: Place[] =
    path.startsWith('/clients/') && id
      ? [
          { href: `/runs/new?client=${id}`, title: 'New migration of this client', icon: 'plus' },
          { href: `/uploads/new?client=${id}`, title: 'New upload of this client', icon: 'plus' },
          { href: `/runs?client=${id}`, title: 'All runs of this client', icon: 'arrow' },
        ]
      : []
  const others: (Command & { also?: string })[] = [
    { id: 'light', group: 'More', icon: 'sun', title: 'Light', also: 'look theme', act: () => setColorScheme('light') },
    { id: 'dark', group: 'More', icon: 'moon', title: 'Dark', also: 'look theme', act: () => setColorScheme('dark') },
    {
      id: 'sign out',
      group: 'More',
      icon: 'signOut',
      title: 'Sign out',
      also: 'log out leave',
      act: () => void signOut(),
    },
  ]
  const all: (Command & { also?: string })[] = [
    ...about,
    ...ofClient.map(of('This client')),
    ...creations.map(of('Create')),
    ...places.filter((place) => !place.role || place.role === role).map(of('Go to')),
    ...(typed.trim() ? others : []),
  ]
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  return all.filter(({ title, also }) => {
    const text = `${title} ${also ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
