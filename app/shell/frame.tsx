import type { ReactNode } from 'react'
import type { SignedIn } from '#server/accounts.ts'
import { describeProviders } from '#server/trpc/providers.ts'
import { ProviderForms } from '../provider-forms.tsx'
import { Shell } from './shell.tsx'

/** What stands around every page of the console; photographers have another. */
export function Frame({ person: { name, email, role }, children }: { person: SignedIn; children: ReactNode }) {
  return (
    <ProviderForms forms={describeProviders()}>
      <Shell person={{ name, email, role }}>{children}</Shell>
    </ProviderForms>
  )
}
