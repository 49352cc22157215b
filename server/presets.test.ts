import { randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { InvalidInstructions, instructionsHash, parseInstructions } from './instructions.ts'
import { checkInstructions, listPresets, removePreset, renditionsByName, savePreset, wishOf } from './presets.ts'
import { createMigration } from './runs.ts'
import { aSource, type VerbHouse, verbHouse } from './testing.ts'
import { putWatermark } from './watermarks.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

const aClient = async () => (await createClient(house, 'test', { name: randomUUID() })).id
/** Everybody's presets are everybody's: each test calls its own differently. */
const aName = () => `p${randomUUID().slice(0, 8)}`
const save = (clientId: string | null, name: string, instructions: unknown = { resize: { width: 800 } }) =>
  savePreset(house, 'anna@pass.test', { clientId, name, instructions })
const widthOf = async (clientId: string, preset: string) =>
  (await wishOf(house, clientId, { preset })).instructions.resize?.width

describe('a preset', () => {
  test('is asked for by its name, and the rendition is called so', async () => {
    const [clientId, name] = [await aClient(), aName()]
    await save(clientId, name, { resize: { width: 321 }, format: 'jpeg' })
    const instructions = parseInstructions({ resize: { width: 321 }, format: 'jpeg' })
    expect(await wishOf(house, clientId, { preset: name })).toEqual({
      ...{ name, instructions, hash: instructionsHash(instructions) },
    })
  })

  test('of a client comes before everybody’s of the same name, and no other client has it', async () => {
    const [one, other, name] = [await aClient(), await aClient(), aName()]
    await save(one, name, { resize: { width: 111 } })
    await expect(wishOf(house, other, { preset: name })).rejects.toThrow(InvalidInstructions)
    await save(null, name, { resize: { width: 222 } })
    expect([await widthOf(one, name), await widthOf(other, name)]).toEqual([111, 222])
  })

  test('saved again under its name takes the place of the one before', async () => {
    const [clientId, name] = [await aClient(), aName()]
    const first = await save(clientId, name, { resize: { width: 1 } })
    expect(await save(clientId, name, { resize: { width: 2 } })).toEqual(first)
    expect(await widthOf(clientId, name)).toBe(2)
  })

  test('that is removed is not known any more, and each act is in the audit', async () => {
    const [clientId, name] = [await aClient(), aName()]
    const { id } = await save(clientId, name)
    await removePreset(house, 'otto@pass.test', id)
    await expect(wishOf(house, clientId, { preset: name })).rejects.toThrow(InvalidInstructions)
    await expect(removePreset(house, 'test', id)).rejects.toMatchObject({ code: 'not_found' })
    const { rows } = await house.pool.query('select actor, act from audit where subject = $1 order by id', [id])
    expect(rows).toEqual([
      { actor: 'anna@pass.test', act: 'preset.save' },
      { actor: 'otto@pass.test', act: 'preset.remove' },
    ])
  })

  test.each([
    '',
    'Web',
    'a b',
    '-a',
    'thumb',
    'web',
    'none',
    'original',
    '0123456789abcdef',
    'x'.repeat(65),
    '__proto__',
  ])('cannot be called “%s”', async (name) => {
    await expect(save(null, name)).rejects.toMatchObject({ code: 'invalid_name' })
  })

  test.each([
    ['an unknown key', { size: 3 }],
    ['another preset', { preset: 'web' }],
    ['a watermark that the client does not have', { watermark: 'logo.png' }],
  ])('cannot be %s', async (_, instructions) => {
    await expect(save(await aClient(), aName(), instructions)).rejects.toMatchObject({
      code: expect.stringMatching(/^invalid_(instructions|watermark)$/),
    })
  })
})

test('the list has the built-in ones, everybody’s, and the client’s own, as they were written', async () => {
  const [clientId, own, shared] = [await aClient(), aName(), aName()]
  const bytes = await sharp({ create: { width: 9, height: 5, channels: 4, background: '#8000ff' } })
    .png()
    .toBuffer()
  await putWatermark(house, 'test', { clientId, name: 'logo.png', bytes })
  await save(clientId, own, { watermark: 'logo.png' })
  await save(null, shared)
  await save(await aClient(), aName())
  const list = await listPresets(house, clientId)
  expect(list.slice(0, 2).map(({ name, scope }) => [name, scope])).toEqual([
    ['thumb', 'builtin'],
    ['web', 'builtin'],
  ])
  expect(list.filter(({ scope }) => scope === 'client')).toEqual([
    expect.objectContaining({
      ...{ name: own, updatedBy: 'anna@pass.test', updatedAt: expect.any(Date) },
      instructions: expect.objectContaining({ watermark: expect.objectContaining({ picture: 'logo.png' }) }),
    }),
  ])
  expect(list.filter(({ scope }) => scope === 'everybody').map(({ name }) => name)).toContain(shared)
})

describe('what a caller asks for', () => {
  test('is named by its hash where it names no preset, and the same wish twice is the same', async () => {
    const clientId = await aClient()
    const wish = await wishOf(house, clientId, { resize: { width: 5 } })
    expect(wish.name).toBe(wish.hash)
    expect(await wishOf(house, clientId, { format: 'webp', resize: { width: 5, fit: 'inside' } })).toEqual(wish)
  })

  test.each([
    ['an unknown preset', { preset: 'huge' }, '/preset'],
    ['a preset that is no name', { preset: 5 }, '/preset'],
    ['a preset beside something else', { preset: 'web', quality: 5 }, '/quality'],
    ['a preset in the prototype', JSON.parse('{"__proto__":{"preset":"web"}}'), '/__proto__'],
    ['nothing', null, ''],
  ])('as %s is invalid, at %3$s', async (_, value, pointer) => {
    await expect(wishOf(house, await aClient(), value)).rejects.toEqual(
      expect.toSatisfy((error) => error instanceof InvalidInstructions && error.pointer === pointer),
    )
  })
})

test('what is being written is judged with a pointer to what is wrong', () => {
  expect(checkInstructions({ resize: { width: 5 } })).toMatchObject({ ok: true, instructions: { format: 'webp' } })
  expect(checkInstructions({ resize: { width: -1 } })).toMatchObject({ ok: false, pointer: '/resize/width' })
  expect(checkInstructions('web')).toMatchObject({ ok: false, pointer: '' })
})

describe('a migration', () => {
  test('is given the instructions that its presets mean when it is created', async () => {
    const { clientId, sourceId } = await aSource(house)
    const name = aName()
    await save(clientId, name, { resize: { width: 640 } })
    const { id } = await createMigration(house, 'test', { sourceId, renditions: ['thumb', name], autoStart: false })
    await save(clientId, name, { resize: { width: 641 } })
    const { rows } = await house.pool.query('select renditions from runs where id = $1', [id])
    expect(Object.keys(rows[0].renditions).toSorted()).toEqual([name, 'thumb'].toSorted())
    expect(rows[0].renditions[name].resize.width).toBe(640)
  })

  test('is not created with a preset that only another client has', async () => {
    const { clientId } = await aSource(house)
    const name = aName()
    await save(clientId, name)
    const { sourceId } = await aSource(house)
    await expect(
      createMigration(house, 'test', { sourceId, renditions: [name], autoStart: false }),
    ).rejects.toMatchObject({ code: 'unknown_preset', message: expect.stringContaining('thumb, web') })
  })

  test('wants nothing with none', async () => {
    expect(await renditionsByName(house.db, await aClient(), ['none'])).toEqual({})
  })
})
