'use client'
import { Menu, type MenuItemProps } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './parts.module.css'

interface Props extends Omit<MenuItemProps, 'disabled'> {
  children: ReactNode
  onClick?: () => void
  title?: string
  /** Why it is out of use; null or absent where it is not. */
  notNow?: ReactNode
}

/** An item that does something. One that is out of use is reached by keys all the same, and says why. */
export function MenuAction({ notNow = null, onClick, children, ...item }: Props) {
  if (notNow === null) {
    return (
      <Menu.Item onClick={onClick} {...item}>
        {children}
      </Menu.Item>
    )
  }
  return (
    <Menu.Item aria-disabled className={classes.outOfUse} closeMenuOnClick={false} {...item}>
      {children}
      <span className={classes.notNow}>{notNow}</span>
    </Menu.Item>
  )
}
