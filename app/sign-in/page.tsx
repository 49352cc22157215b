import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { pageVisitor } from '#server/trpc/request.ts'
import { SignInForm } from './sign-in-form.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default async function Page({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const { next } = await searchParams
  const target = ownPath(next)
  if (await pageVisitor()) redirect(target)
  return <SignInForm next={target} />
}

/** Only a path of this console: nobody is sent elsewhere after signing in. */
function ownPath(next: string | string[] | undefined): string {
  return typeof next === 'string' && /^\/(?![/\\])[\w\-./?=&%]*$/.test(next) ? next : '/'
}
