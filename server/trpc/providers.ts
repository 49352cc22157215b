import { z } from 'zod'
import { type ProviderId, providerIds, providers } from '#server/providers.ts'

export interface ProviderForm {
  id: ProviderId
  title: string
  /** Ways to sign in; each names the fields it takes, the usual one first. */
  ways: string[][]
  endpoints: Record<string, string>
}

/** What a form has to ask for, read off the schemas that check the answer. */
export function describeProviders(): ProviderForm[] {
  return providerIds.map((id) => {
    const { title, endpoints, credentials } = providers[id]
    const { anyOf, properties } = z.toJSONSchema(credentials, { io: 'input' })
    const ways = (anyOf ?? [{ properties }]).map((way) =>
      Object.keys((way as { properties?: object }).properties ?? {}),
    )
    return { id, title, ways, endpoints: { ...endpoints } }
  })
}
