import { describe, expect, it } from 'vitest'
import { headline, reasonOf, standing } from './words.ts'

const count = (n: number) => n.toLocaleString('en')
const say = (total: number, safe: number, look: number) =>
  headline({ photos: { total, safe, look }, stage: 'moving', name: 'Anna' }, count)

describe('what a photographer reads', () => {
  it('is one sentence with what is safe and what needs a look', () => {
    expect(say(1210, 1204, 6)).toBe('1,204 of 1,210 photos are safe with us; 6 need a look.')
    expect(say(1210, 1209, 1)).toBe('1,209 of 1,210 photos are safe with us; 1 needs a look.')
    expect(say(1210, 1210, 0)).toBe('All 1,210 photos are safe with us.')
    expect(say(1210, 400, 0)).toBe('400 of 1,210 photos are safe with us so far.')
    expect(say(1, 1, 0)).toBe('Your photo is safe with us.')
  })

  it('never calls nothing at all safe', () => {
    expect(say(0, 0, 0)).toBe('We are looking through your galleries. Nothing has been moved yet.')
  })

  it('says what is needed before what goes on', () => {
    expect(standing({ stage: 'moving', needed: 'sign_in', from: ['Pixieset'] })).toMatch(
      /^Pixieset asks for a new sign-in/,
    )
    expect(standing({ stage: 'done', needed: null, from: [] })).toBeNull()
  })

  it('holds no word of how it is done, whatever the reason', () => {
    const codes = ['gone_at_source', 'truncated', 'worker_lost', 'count_differs', 'never heard of', 'password_needed']
    const said = codes.flatMap((code) =>
      (['photos', 'galleries', 'pictures'] as const).map((of) =>
        Object.values(reasonOf({ of, code }, ['Pixieset'])).join(' '),
      ),
    )
    for (const text of said)
      expect(text).not.toMatch(/\b(run|ledger|step|job|queue|worker|rendition|code|source|provider)s?\b|_/i)
  })
})
