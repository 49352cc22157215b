import { randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from './clients.ts'
import { parseInstructions } from './instructions.ts'
import { savePreset, wishOf } from './presets.ts'
import { watermarkKey } from './store/store.ts'
import { aMovingRun, type VerbHouse, verbHouse } from './testing.ts'
import {
  listWatermarks,
  putWatermark,
  readWatermark,
  removeWatermark,
  sweepWatermarks,
  withPicture,
} from './watermarks.ts'

let house: VerbHouse
let red: Buffer
let blue: Buffer
beforeAll(async () => {
  house = await verbHouse()
  red = await aPng('#ff0000')
  blue = await aPng('#0000ff')
})
afterAll(() => house?.dispose())

const picture = (background: string, width = 9, height = 5) =>
  sharp({ create: { width, height, channels: 4, background } })
const aPng = (background: string, width?: number, height?: number) =>
  picture(background, width, height).png().toBuffer()
const aClient = async () => (await createClient(house, 'test', { name: randomUUID() })).id
const put = (clientId: string, bytes: Buffer, name = 'logo.png') =>
  putWatermark(house, 'anna@pass.test', { clientId, name, bytes })

/** The bytes that a worker would find for what is asked for. */
async function drawnWith(clientId: string, value: unknown): Promise<string> {
  const { watermark } = (await wishOf(house, clientId, value)).instructions
  return watermarkKey(clientId, (watermark as { picture: string }).picture)
}
const stored = async (key: string) => (await house.store.head(key)) !== null
const allMonthsOld = (clientId: string) =>
  house.pool.query(`update watermarks set replaced_at = replaced_at - interval '31 days' where client_id = $1`, [
    clientId,
  ])

test('a picture is listed with its name and size, read back to the byte, and is in the audit', async () => {
  const clientId = await aClient()
  await put(clientId, red)
  expect(await listWatermarks(house, clientId)).toEqual([
    { name: 'logo.png', bytes: red.length, width: 9, height: 5, addedBy: 'anna@pass.test', addedAt: expect.any(Date) },
  ])
  expect(await readWatermark(house, clientId, 'logo.png')).toEqual(red)
  await removeWatermark(house, 'otto@pass.test', clientId, 'logo.png')
  expect(await listWatermarks(house, clientId)).toEqual([])
  const { rows } = await house.pool.query(
    `select actor, act from audit where client_id = $1 and act like 'watermark%' order by id`,
    [clientId],
  )
  expect(rows).toEqual([
    { actor: 'anna@pass.test', act: 'watermark.put' },
    { actor: 'otto@pass.test', act: 'watermark.remove' },
  ])
})

test('another picture under the same name makes other renditions; the ones before keep their own', async () => {
  const clientId = await aClient()
  await put(clientId, red)
  const before = await wishOf(house, clientId, { watermark: 'logo.png' })
  const key = await drawnWith(clientId, { watermark: 'logo.png' })
  await put(clientId, blue)
  const after = await wishOf(house, clientId, { watermark: 'logo.png' })
  expect(after.hash).not.toBe(before.hash)
  expect(await drawnWith(clientId, before.instructions)).toBe(key)
  expect(await stored(key)).toBe(true)
  await put(clientId, red)
  expect(await wishOf(house, clientId, { watermark: 'logo.png' })).toEqual(before)
})

test('everybody’s preset is drawn with each client’s own picture of that name', async () => {
  const [one, other] = [await aClient(), await aClient()]
  const name = `p${randomUUID().slice(0, 8)}`
  await savePreset(house, 'test', { clientId: null, name, instructions: { watermark: 'logo.png' } })
  await put(one, red)
  await put(other, blue)
  expect(await stored(await drawnWith(one, { preset: name }))).toBe(true)
  expect(await drawnWith(one, { preset: name })).not.toBe(await drawnWith(other, { preset: name }))
})

describe('a picture is not had', () => {
  test('by another client, neither by its name nor by what it is', async () => {
    const [one, other] = [await aClient(), await aClient()]
    await put(one, red)
    const { instructions } = await wishOf(house, one, { watermark: 'logo.png' })
    for (const value of [{ watermark: 'logo.png' }, instructions])
      await expect(wishOf(house, other, value)).rejects.toMatchObject({ code: 'invalid_watermark', status: 422 })
  })

  test('by a name that was removed', async () => {
    const clientId = await aClient()
    await put(clientId, red)
    await removeWatermark(house, 'test', clientId, 'logo.png')
    await expect(wishOf(house, clientId, { watermark: 'logo.png' })).rejects.toMatchObject({
      code: 'invalid_watermark',
    })
    await expect(removeWatermark(house, 'test', clientId, 'logo.png')).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('text and no watermark are left as they are', async () => {
  for (const value of [{ watermark: { text: 'logo.png' } }, { format: 'png' }]) {
    const instructions = parseInstructions(value)
    expect(await withPicture(house.db, await aClient(), instructions)).toEqual(instructions)
  }
})

test.each<[string, () => Promise<Buffer> | Buffer, string]>([
  ['a JPEG', () => picture('#ffffff').jpeg().toBuffer(), 'invalid_watermark'],
  ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'invalid_watermark'],
  ['nothing', () => Buffer.alloc(0), 'invalid_watermark'],
  ['a PNG that is cut off', () => red.subarray(0, -12), 'invalid_watermark'],
  ['a PNG of 30 million pixels', () => aPng('#ffffff', 6000, 5000), 'invalid_watermark'],
  ['two megabytes and a byte', () => Buffer.concat([red, Buffer.alloc(2_000_001 - red.length)]), 'file_too_large'],
])('%s is no watermark', async (_, bytes, code) => {
  await expect(put(await aClient(), await bytes())).rejects.toMatchObject({ code })
})

test.each(['', 'a/b.png', 'a\\b.png', 'a\u0000b', 'x'.repeat(101), `sha256:${'0'.repeat(64)}`])(
  '“%s” is no name of a watermark',
  async (name) => {
    await expect(put(await aClient(), red, name)).rejects.toMatchObject({ code: 'invalid_name' })
  },
)

describe('the sweep', () => {
  test('removes pictures that no name has meant for a month, and keeps those that another name means', async () => {
    const clientId = await aClient()
    await put(clientId, red, 'a.png')
    await put(clientId, blue, 'b.png')
    await put(clientId, blue, 'c.png')
    const keys = [await drawnWith(clientId, { watermark: 'a.png' }), await drawnWith(clientId, { watermark: 'b.png' })]
    await removeWatermark(house, 'test', clientId, 'a.png')
    await removeWatermark(house, 'test', clientId, 'b.png')
    expect(await sweepWatermarks(house)).toBe(0)
    await allMonthsOld(clientId)
    expect(await sweepWatermarks(house)).toBe(1)
    expect(await Promise.all(keys.map(stored))).toEqual([false, true])
    expect(await listWatermarks(house, clientId)).toMatchObject([{ name: 'c.png' }])
  })

  test('waits for runs of the client that are open', async () => {
    const { id, clientId } = await aMovingRun(house)
    await put(clientId, red)
    await removeWatermark(house, 'test', clientId, 'logo.png')
    await allMonthsOld(clientId)
    expect(await sweepWatermarks(house)).toBe(0)
    await house.pool.query(`update runs set state = 'done' where id = $1`, [id])
    expect(await sweepWatermarks(house)).toBe(1)
  })
})
