'use client'
import { createContext, type ReactNode, useContext } from 'react'
import type { ProviderForm } from '#server/trpc/providers.ts'

const Forms = createContext<ProviderForm[]>([])

export function ProviderForms({ forms, children }: { forms: ProviderForm[]; children: ReactNode }) {
  return <Forms value={forms}>{children}</Forms>
}

export const useProviderForms = () => useContext(Forms)

/** What people call a provider; one that is not known any more goes by its id. */
export function useProviderTitle(): (id: string | null) => string {
  const forms = useProviderForms()
  return (id) => (id === null ? 'Upload' : (forms.find((form) => form.id === id)?.title ?? id))
}
