'use client'
import { ActionIcon, Button, Menu } from '@mantine/core'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { Commands } from '../commands/commands.tsx'
import { Icon } from '../icons.tsx'
import { Keyboard } from '../keyboard/keyboard.tsx'
import { Choices, LookChoices } from './choices.tsx'
import { ExportWatch } from './export-watch.tsx'
import { Mark } from './mark.tsx'
import { OperationsMenu } from './operations-menu.tsx'
import { CurrentPerson, type Person } from './person.tsx'
import classes from './shell.module.css'
import { signOut } from './sign-out.ts'
import { useTimesIn } from './times-in.ts'

const places = [
  { href: '/', label: 'Home', within: [] as string[] },
  { href: '/runs', label: 'Runs', within: ['/runs', '/galleries'] },
  { href: '/clients', label: 'Clients', within: ['/clients', '/sources'] },
]

export function Shell({ person, children }: { person: Person; children: ReactNode }) {
  const path = usePathname()
  const here = (place: (typeof places)[number]) =>
    path === place.href || place.within.some((start) => path === start || path.startsWith(`${start}/`))
  const [timesIn] = useTimesIn()
  return (
    <CurrentPerson person={person}>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <header className={classes.header}>
        <div className={classes.bar}>
          <Link href="/" className={classes.home} aria-label="Pass, home">
            <Mark />
          </Link>
          <nav className={classes.nav} aria-label="Main">
            {places.map((place) => (
              <Link
                key={place.href}
                href={place.href}
                className={classes.place}
                aria-current={here(place) && path !== '/runs/new' ? 'page' : undefined}
              >
                {place.label}
              </Link>
            ))}
            <OperationsMenu path={path} />
          </nav>
          <Commands />
          <Button component={Link} href="/runs/new" size="compact-sm" h={30} aria-label="New migration">
            <Icon name="plus" size={14} />
            <span className={classes.newWord}>New migration</span>
          </Button>
          <PersonMenu person={person} />
        </div>
      </header>
      <main id="content" className={classes.content} key={timesIn}>
        {children}
      </main>
      <Keyboard />
      <ExportWatch />
    </CurrentPerson>
  )
}

const clocks = [
  { value: 'local', label: 'Times here', icon: 'clock' },
  { value: 'UTC', label: 'Times in UTC', icon: 'world' },
] as const

function PersonMenu({ person }: { person: Person }) {
  const [timesIn, setTimesIn] = useTimesIn()
  return (
    <Menu position="bottom-end" width={232}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={32}
          radius="xl"
          aria-label={`${person.name}: look and sign out`}
        >
          <Icon name="user" size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <span className={classes.email}>{person.email}</span>
          {person.role}
        </Menu.Label>
        <Menu.Divider />
        <LookChoices />
        <Menu.Divider />
        <Choices of={[...clocks]} value={timesIn} onChange={setTimesIn} />
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="key" />} component={Link} href="/account">
          Your account
        </Menu.Item>
        {person.role === 'admin' && (
          <Menu.Item leftSection={<Icon name="user" />} component={Link} href="/people">
            People
          </Menu.Item>
        )}
        <Menu.Item leftSection={<Icon name="signOut" />} onClick={signOut}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
