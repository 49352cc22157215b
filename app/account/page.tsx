import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { pageVisitor } from '#server/trpc/request.ts'
import { AccountPage } from './account-page.tsx'

export const metadata: Metadata = { title: 'Your account' }

export default async function Page() {
  if (!(await pageVisitor())) redirect('/sign-in?next=%2Faccount')
  return <AccountPage />
}
