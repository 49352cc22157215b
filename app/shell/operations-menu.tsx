'use client'
import { Menu } from '@mantine/core'
import Link from 'next/link'
import { Icon, type IconName } from '../icons.tsx'
import classes from './shell.module.css'

const places: { href: string; label: string; icon: IconName }[] = [
  { href: '/queues', label: 'Queues', icon: 'menu' },
  { href: '/workers', label: 'Workers', icon: 'monitor' },
  { href: '/providers', label: 'Providers', icon: 'world' },
  { href: '/webhooks', label: 'Webhooks', icon: 'arrow' },
  { href: '/audit', label: 'Audit', icon: 'file' },
]

/** What keeps the machinery going, behind one word: the header stays calm. */
export function OperationsMenu({ path }: { path: string }) {
  const isHere = (href: string) => path === href || path.startsWith(`${href}/`)
  return (
    <Menu position="bottom-start" width={192}>
      <Menu.Target>
        <button
          type="button"
          className={classes.place}
          data-here={places.some(({ href }) => isHere(href)) || undefined}
        >
          Operations
          <Icon name="chevronDown" size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {places.map(({ href, label, icon }) => (
          <Menu.Item
            key={href}
            component={Link}
            href={href}
            leftSection={<Icon name={icon} />}
            aria-current={isHere(href) ? 'page' : undefined}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
