import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerAccounts, createUser, livingSessions, type SignedIn, signedIn } from './accounts.ts'
import { changeOwnPassword } from './own-password.ts'
import { type VerbHouse, verbHouse } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const aNewOne = 'quite another one'

async function somebody() {
  const user = await createUser(house, { email: `${crypto.randomUUID()}@pass.test`, role: 'staff' })
  return { ...user, ...(await signIn(user.email, user.password)) }
}

async function signIn(email: string, password: string): Promise<{ status: number; person: SignedIn | null }> {
  const origin = house.env.CONSOLE_URL
  const answer = await answerAccounts(
    house,
    new Request(`${origin}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ email, password }),
    }),
  )
  const cookie = answer.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  return { status: answer.status, person: await signedIn(house, new Headers({ cookie })) }
}

it('changes the password of whoever has the one before, and signs them out everywhere else', async () => {
  const { email, password, person } = await somebody()
  const { person: elsewhere } = await signIn(email, password)
  expect(await changeOwnPassword(house, person!, { current: password, next: aNewOne })).toEqual({ ended: 1 })
  expect(await livingSessions(house, [person!.sessionId, elsewhere!.sessionId])).toEqual(new Set([person!.sessionId]))
  expect((await signIn(email, password)).status).toBe(401)
  expect((await signIn(email, aNewOne)).status).toBe(200)
})

it('leaves it as it is where the one before is wrong, and looks at no more than ten tries', async () => {
  const { email, password, person } = await somebody()
  for (let n = 0; n < 10; n++)
    await expect(changeOwnPassword(house, person!, { current: 'a guess', next: aNewOne })).rejects.toMatchObject({
      code: 'wrong_password',
    })
  await expect(changeOwnPassword(house, person!, { current: password, next: aNewOne })).rejects.toMatchObject({
    code: 'too_many_attempts',
  })
  expect((await signIn(email, password)).status).toBe(429)
})

it('takes none that is too short', async () => {
  const { password, person } = await somebody()
  const short = changeOwnPassword(house, person!, { current: password, next: 'short' })
  await expect(short).rejects.toMatchObject({ code: 'invalid_password' })
})
