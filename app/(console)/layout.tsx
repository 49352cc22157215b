import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { describeProviders } from '#server/trpc/providers.ts'
import { pageVisitor } from '#server/trpc/request.ts'
import { Empty } from '../parts/parts.tsx'
import { ProviderForms } from '../provider-forms.tsx'
import { Shell } from '../shell/shell.tsx'

export default async function Layout({ children }: { children: ReactNode }) {
  const person = await pageVisitor()
  if (!person) redirect(`/sign-in?next=${encodeURIComponent((await headers()).get('x-path') ?? '/')}`)
  const { name, email, role } = person
  return (
    <ProviderForms forms={describeProviders()}>
      <Shell person={{ name, email, role }}>{role === 'photographer' ? <NothingYet /> : children}</Shell>
    </ProviderForms>
  )
}

function NothingYet() {
  return (
    <Empty title="Your page is not here yet">
      Soon you can follow your galleries here. Until then the studio that onboards you knows how it goes.
    </Empty>
  )
}
