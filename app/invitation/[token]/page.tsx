import type { Metadata } from 'next'
import { invitedAddress } from '#server/trpc/request.ts'
import { Empty, TextLink } from '../../parts/parts.tsx'
import classes from '../../sign-in/sign-in.module.css'
import { AcceptForm } from './accept-form.tsx'

export const metadata: Metadata = { title: 'Your invitation', referrer: 'no-referrer' }

export default async function Page({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params
  const email = await invitedAddress(token)
  if (email) return <AcceptForm token={token} email={email} />
  return (
    <main className={classes.page}>
      <Empty whole action={<TextLink href="/sign-in">Sign in</TextLink>} title="This invitation does not work any more">
        It was used, withdrawn or has run out. Ask whoever invited you for a new one.
      </Empty>
    </main>
  )
}
