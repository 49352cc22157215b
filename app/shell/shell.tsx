'use client'
import { ActionIcon, Button, Menu, useMantineColorScheme } from '@mantine/core'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { Icon, type IconName } from '../icons.tsx'
import { Mark } from './mark.tsx'
import classes from './shell.module.css'
import { signOut } from './sign-out.ts'

const places = [
  { href: '/', label: 'Runs', within: ['/runs', '/galleries'] },
  { href: '/clients', label: 'Clients', within: ['/clients', '/sources'] },
  { href: '/providers', label: 'Providers', within: ['/providers'] },
]

export function Shell({
  person,
  children,
}: {
  person: { name: string; email: string; role: string }
  children: ReactNode
}) {
  const path = usePathname()
  const here = (place: (typeof places)[number]) =>
    path === place.href || place.within.some((start) => path === start || path.startsWith(`${start}/`))
  return (
    <>
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
          </nav>
          <Button component={Link} href="/runs/new" size="compact-sm" h={30} aria-label="New migration">
            <Icon name="plus" size={14} />
            <span className={classes.newWord}>New migration</span>
          </Button>
          <PersonMenu person={person} />
        </div>
      </header>
      <main id="content" className={classes.content}>
        {children}
      </main>
    </>
  )
}

const schemes: { value: 'light' | 'dark' | 'auto'; label: string; icon: IconName }[] = [
  { value: 'auto', label: 'As the system', icon: 'monitor' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
]

function PersonMenu({ person }: { person: { name: string; email: string; role: string } }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
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
        {schemes.map(({ value, label, icon }) => (
          <Menu.Item
            key={value}
            role="menuitemradio"
            aria-checked={colorScheme === value}
            leftSection={<Icon name={icon} />}
            rightSection={colorScheme === value && <Icon name="check" size={14} />}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
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
