// What staff, programs and the command line need to know of each provider before a worker talks to it: its name,
// the credentials it takes and its endpoints. How it is read lives in `workers/connectors/<id>/`.
import { z } from 'zod'

const secret = z.string().min(1).max(4096)

export const providers = {
  zenfolio: {
    title: 'Zenfolio Classic',
    credentials: z.union([z.strictObject({ loginName: secret, password: secret }), z.strictObject({ token: secret })]),
    endpoints: { api: 'https://api.zenfolio.com/api/1.8/zfapi.asmx' },
  },
} as const satisfies Record<string, ProviderEntry>

interface ProviderEntry {
  /** What people call it. */
  title: string
  /** Exactly the keys of contract §3; anything else is refused. */
  credentials: z.ZodType<Record<string, string>>
  /** Endpoint names and their production addresses. */
  endpoints: Record<string, string>
}

export type ProviderId = keyof typeof providers
export const providerIds = Object.keys(providers) as [ProviderId, ...ProviderId[]]
