import { describe, expect, it } from 'vitest'
import { gatherer } from './gathered.ts'

const page = (...ids: string[]) => ids.map((id) => ({ id }))
const idsOf = ({ rows }: { rows: { id: string }[] }) => rows.map(({ id }) => id)

describe('rows gathered from pages', () => {
  it('are the pages one after the other, each row once', () => {
    expect(idsOf(gatherer()([page('a', 'b'), page('b', 'c')]))).toEqual(['a', 'b', 'c'])
  })

  it('are the very same as long as no page has come', () => {
    const gather = gatherer()
    const first = page('a')
    expect(gather([first])).toBe(gather([first]))
  })

  it('grow by a page at the end, and leave what was handed out as it was', () => {
    const gather = gatherer()
    const first = page('a', 'b')
    const before = gather([first])
    expect(idsOf(gather([first, page('b', 'c')]))).toEqual(['a', 'b', 'c'])
    expect(idsOf(before)).toEqual(['a', 'b'])
  })

  it('begin anew where a page is another, or gone', () => {
    const gather = gatherer()
    const [first, second] = [page('a'), page('b')]
    gather([first, second])
    expect(idsOf(gather([page('x'), second]))).toEqual(['x', 'b'])
    const only = gather([first])
    expect(idsOf(only)).toEqual(['a'])
    expect(only.has('x')).toBe(false)
  })
})
