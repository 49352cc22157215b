import { expect, test } from 'vitest'
import { z } from 'zod'
import { explainFields, fieldKinds } from './fields.ts'
import { entryOf, providerIds } from './providers.ts'

/** The keys of every set of credentials that the provider takes. */
function accepted(id: (typeof providerIds)[number]): string[][] {
  const { anyOf, properties } = z.toJSONSchema(entryOf(id).credentials, { io: 'input' })
  return (anyOf ?? [{ properties }]).map((one) =>
    Object.keys((one as { properties?: object }).properties ?? {}).toSorted(),
  )
}

const namesOf = (fields: readonly { name: string }[]) => fields.map(({ name }) => name).toSorted()

test.each(providerIds)('%s: every set of credentials has a way to enter it, and every way enters one', (id) => {
  const { ways, oauth } = entryOf(id)
  const typed = ways.filter(({ connects }) => !connects).map(({ fields }) => namesOf(fields))
  // What a provider's own page brings back is entered by nobody.
  const brought = oauth ? [['clientId', 'code', 'redirectUri']] : []
  expect([...typed, ...brought].toSorted()).toEqual(accepted(id).toSorted())
  expect(ways.some(({ connects }) => connects)).toBe(oauth !== undefined)
})

test.each(providerIds)('%s: every way says in a line how the owner gets there, and hides what is secret', (id) => {
  for (const { id: way, label, help, fields } of entryOf(id).ways) {
    expect([way, label, help].every((text) => /\S/.test(text))).toBe(true)
    expect(help).toMatch(/\.$/)
    for (const { name, secret } of fields)
      expect([name, secret]).toEqual([name, !/^(loginName|email|clientId|baseUrl)$/.test(name)])
  }
})

test.each(providerIds)('%s: each kind that does not come along as it is has a sentence of why', (id) => {
  for (const fate of ['kept', 'mapped', 'not_offered', 'lost'] as const) {
    const explained = explainFields(id, Object.fromEntries(fieldKinds.map((kind) => [kind, fate])))
    expect(explained.map(({ kind }) => kind)).toEqual(fieldKinds)
    for (const { why } of explained) expect(why).toMatch(/^[A-ZÄÖÜ].*\.$/)
  }
})

test('a provider that is not known any more, and a kind that is not known yet, are told all the same', () => {
  expect(explainFields('gone', { colours: 'lost', sets: 'kept' })).toEqual([
    { kind: 'sets', fate: 'kept', why: expect.stringMatching(/\w/) },
    { kind: 'colours', fate: 'lost', why: 'The provider has it and does not tell it.' },
  ])
})

test.each(providerIds)('a capture time that was read from the originals of %s is not said to stay in them', (id) => {
  expect(explainFields(id, { takenAt: 'mapped' })[0]?.why).toContain('EXIF')
})
