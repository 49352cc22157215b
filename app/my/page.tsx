import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { pageVisitor } from '#server/trpc/request.ts'
import { ClientPageView } from '../client-page/client-page.tsx'

export const metadata: Metadata = { title: 'Your galleries' }

export default async function Page() {
  const person = await pageVisitor()
  if (!person) redirect('/sign-in?next=%2Fmy')
  if (person.role !== 'photographer') redirect('/')
  return <ClientPageView person={{ name: person.name, email: person.email }} />
}
