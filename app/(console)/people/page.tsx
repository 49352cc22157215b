import type { Metadata } from 'next'
import { forbidden } from 'next/navigation'
import { pageVisitor } from '#server/trpc/request.ts'
import { PeoplePage } from './people-page.tsx'

export const metadata: Metadata = { title: 'People' }

export default async function Page() {
  const person = await pageVisitor()
  // Whoever is not signed in is led to where they can by the layout.
  if (!person) return null
  if (person.role !== 'admin') forbidden()
  return <PeoplePage own={person.userId} />
}
