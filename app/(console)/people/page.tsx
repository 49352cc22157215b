import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { pageVisitor } from '#server/trpc/request.ts'
import { PeoplePage } from './people-page.tsx'

export const metadata: Metadata = { title: 'People' }

export default async function Page() {
  const person = await pageVisitor()
  if (person?.role !== 'admin') redirect('/')
  return <PeoplePage own={person.userId} />
}
