import type { Metadata } from 'next'
import { Empty, TextLink } from '../parts/parts.tsx'

export const metadata: Metadata = { title: 'Not for your role' }

/** There is such a page, and whoever is signed in may not see it. */
export default function Forbidden() {
  return (
    <Empty whole title="This page is not for your role" action={<TextLink href="/">Home</TextLink>}>
      It is for administrators. If you need it, ask one of them to change your role.
    </Empty>
  )
}
