import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { lacksSecondFactor, pageVisitor } from '#server/trpc/request.ts'
import { Frame } from '../shell/frame.tsx'
import classes from './account.module.css'
import { AccountPage } from './account-page.tsx'

export const metadata: Metadata = { title: 'Your account' }

export default async function Page() {
  const person = await pageVisitor()
  if (!person) redirect('/sign-in?next=%2Faccount')
  // Nothing of the console is open to a photographer, nor to who has to set up a second factor first.
  if (person.role === 'photographer' || (await lacksSecondFactor(person)))
    return (
      <main id="content" className={classes.outside}>
        <AccountPage />
      </main>
    )
  return (
    <Frame person={person}>
      <AccountPage framed />
    </Frame>
  )
}
