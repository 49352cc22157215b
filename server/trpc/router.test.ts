import { randomUUID } from 'node:crypto'
import type { TRPCError } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import { type Role, roles, type SignedIn } from '#server/accounts.ts'
import type { House } from '#server/house.ts'
import { Refusal } from '#server/refusal.ts'
import type { Audience } from './procedures.ts'
import { describeProviders } from './providers.ts'
import { appRouter } from './router.ts'

const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Declared>)
const audiences: Audience[] = [...roles, 'link', 'invited']

interface Declared {
  _def: { meta?: { audience?: readonly Audience[] } }
}

const audienceOf = (procedure: Declared) => procedure._def.meta?.audience ?? []
const names = procedures.map(([name]) => name)
const forbidden = procedures.flatMap(([name, procedure]) =>
  roles.filter((role) => !audienceOf(procedure).includes(role)).map((role) => [name, role] as const),
)

describe('the console’s procedures', () => {
  it.each(procedures)('%s says who may call it', (_name, procedure) => {
    expect(audienceOf(procedure).length).toBeGreaterThan(0)
    expect(audiences).toEqual(expect.arrayContaining([...audienceOf(procedure)]))
  })

  it.each(names)('%s is refused to who is not signed in, before its input is looked at', async (name) => {
    const closed = audienceOf(Object.fromEntries(procedures)[name]!).includes('invited')
    expect(await refusalOf(name, null)).toMatchObject(
      closed ? { code: 'invitation_closed', status: 403 } : { code: 'signed_out', status: 401 },
    )
  })

  it.each(forbidden)('%s is refused to the role %s', async (name, role) => {
    const { status } = (await refusalOf(name, personAs(role))) as Refusal
    expect(status).toBe(403)
  })

  it('leaves to a photographer nothing but their own page and account', () => {
    const open = procedures.filter(([, procedure]) => audienceOf(procedure).includes('photographer'))
    expect(new Set(open.map(([name]) => name.split('.')[0]))).toEqual(new Set(['clientPage', 'account']))
  })

  it('leaves users to administrators, and the pace of providers to ops', () => {
    const audience = (name: string) => audienceOf(Object.fromEntries(procedures)[name]!)
    expect(audience('people.list')).toEqual(['admin'])
    expect(audience('people.invite')).toEqual(['admin'])
    expect(audience('deletions.client')).toEqual(['admin'])
    expect(audience('hosts.set')).toEqual(['ops', 'admin'])
  })

  it('leaves searching, bulk acts and kept views to staff, ops and administrators', () => {
    const ofThem = procedures.filter(([name]) => /^(search|bulk|views)\./.test(name))
    expect(ofThem.map(([name]) => name)).toEqual(expect.arrayContaining(['search.runs', 'bulk.runs', 'views.save']))
    for (const [, procedure] of ofThem) expect(audienceOf(procedure)).toEqual(['staff', 'ops', 'admin'])
  })

  it.each([
    'queues.pause',
    'queues.resume',
    'queues.clear',
    'workers.drain',
    'workers.work',
    'hosts.set',
    'hosts.stop',
    'hosts.let',
    'webhooks.replayEverybodysFailed',
  ])('%s is for ops and administrators, and staff look on', (name) => {
    expect(audienceOf(Object.fromEntries(procedures)[name]!)).toEqual(['ops', 'admin'])
  })

  it.each(['queues.follow', 'hosts.follow', 'hosts.history', 'webhooks.follow', 'audit.list', 'audit.follow'])(
    '%s is for staff too',
    (name) => {
      expect(audienceOf(Object.fromEntries(procedures)[name]!)).toEqual(['staff', 'ops', 'admin'])
    },
  )

  it('opens a client’s page to no photographer without a client', async () => {
    expect(await refusalOf('clientPage.albums', personAs('photographer'))).toMatchObject({ code: 'no_client' })
  })
})

describe('the form of a provider', () => {
  it('offers every way to sign in, the usual one first', () => {
    const zenfolio = describeProviders().find(({ id }) => id === 'zenfolio')
    const ways = zenfolio!.ways.map(({ fields }) => fields.map(({ name }) => name))
    expect(ways).toEqual([['loginName', 'password'], ['token']])
    expect(Object.keys(zenfolio!.endpoints)).toEqual(['api'])
  })
})

function personAs(role: Role): SignedIn {
  const id = randomUUID()
  return { sessionId: id, userId: id, email: 'p@pass.test', name: 'P', role, clientId: null, secondFactor: true }
}

/** Nothing of the house is touched before a refusal: there is none. */
async function refusalOf(name: string, person: SignedIn | null): Promise<unknown> {
  const caller = appRouter.createCaller({ house: {} as House, person })
  const call = name.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], caller)
  const error = await (call as () => Promise<unknown>)().catch((caught: TRPCError) => caught)
  const { cause } = error as TRPCError
  expect(cause).toBeInstanceOf(Refusal)
  return cause
}
