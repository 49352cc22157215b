import type { TRPCError } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import type { SignedIn } from '#server/accounts.ts'
import type { House } from '#server/house.ts'
import { Refusal } from '#server/refusal.ts'
import { describeProviders } from './providers.ts'
import { appRouter } from './router.ts'

const names = Object.keys(appRouter._def.procedures)
const photographer: SignedIn = { sessionId: 's', userId: 'u', email: 'p@pass.test', name: 'P', role: 'photographer' }

describe('the console’s procedures', () => {
  it.each(names)('%s is refused to who is not signed in, before its input is looked at', async (name) => {
    expect(await refusalOf(name, null)).toMatchObject({ code: 'signed_out', status: 401 })
  })

  it.each(names)('%s is refused to a photographer', async (name) => {
    expect(await refusalOf(name, photographer)).toMatchObject({ code: 'forbidden', status: 403 })
  })
})

describe('the form of a provider', () => {
  it('asks for exactly the credentials that the provider takes, the usual way first', () => {
    const zenfolio = describeProviders().find(({ id }) => id === 'zenfolio')
    expect(zenfolio).toMatchObject({ ways: [['loginName', 'password'], ['token']] })
    expect(Object.keys(zenfolio!.endpoints)).toEqual(['api'])
  })
})

/** Nothing of the house is touched before a refusal: there is none. */
async function refusalOf(name: string, person: SignedIn | null): Promise<unknown> {
  const caller = appRouter.createCaller({ house: {} as House, person })
  const call = name.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], caller)
  const error = await (call as () => Promise<unknown>)().catch((caught: TRPCError) => caught)
  const { cause } = error as TRPCError
  expect(cause).toBeInstanceOf(Refusal)
  return cause
}
