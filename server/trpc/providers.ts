import { entryOf, type ProviderId, providerIds, type SignInWay } from '#server/providers.ts'

export interface ProviderForm {
  id: ProviderId
  title: string
  /** The usual one first. */
  ways: readonly SignInWay[]
  endpoints: Record<string, string>
}

/** What a form has to ask for. */
export function describeProviders(): ProviderForm[] {
  return providerIds.map((id) => {
    const { title, endpoints, ways } = entryOf(id)
    return { id, title, ways, endpoints: { ...endpoints } }
  })
}
