import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { describeProviders } from '#server/trpc/providers.ts'
import { lacksSecondFactor, pageVisitor } from '#server/trpc/request.ts'
import { ProviderForms } from '../provider-forms.tsx'
import { Shell } from '../shell/shell.tsx'

export default async function Layout({ children }: { children: ReactNode }) {
  const person = await pageVisitor()
  if (!person) redirect(`/sign-in?next=${encodeURIComponent((await headers()).get('x-path') ?? '/')}`)
  const { name, email, role } = person
  if (role === 'photographer') redirect('/my')
  if (await lacksSecondFactor(person)) redirect('/account')
  return (
    <ProviderForms forms={describeProviders()}>
      <Shell person={{ name, email, role }}>{children}</Shell>
    </ProviderForms>
  )
}
