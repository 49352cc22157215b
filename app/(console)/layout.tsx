import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { lacksSecondFactor, pageVisitor } from '#server/trpc/request.ts'
import { Frame } from '../shell/frame.tsx'

export default async function Layout({ children }: { children: ReactNode }) {
  const person = await pageVisitor()
  if (!person) redirect(`/sign-in?next=${encodeURIComponent((await headers()).get('x-path') ?? '/')}`)
  if (person.role === 'photographer') redirect('/my')
  if (await lacksSecondFactor(person)) redirect('/account')
  return <Frame person={person}>{children}</Frame>
}
