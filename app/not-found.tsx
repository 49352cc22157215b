import type { Metadata } from 'next'
import { Empty, TextLink } from './parts/parts.tsx'
import classes from './sign-in/sign-in.module.css'

export const metadata: Metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <main className={classes.page}>
      <Empty whole title="There is no such page" action={<TextLink href="/">Home</TextLink>}>
        The address may be cut off, or what it led to has been deleted.
      </Empty>
    </main>
  )
}
