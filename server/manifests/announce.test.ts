import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun } from '../runs.ts'
import { snapshot } from '../snapshots.ts'
import { countedAndRecounted, jobsOf, type VerbHouse, verbHouse } from '../testing.ts'
import { announceFiles, completeManifest } from './announce.ts'
import { createUpload } from './create.ts'
import { again, anUpload, file, ledgerOf } from './testing.ts'

let house: VerbHouse
beforeAll(async () => {
  house = await verbHouse()
})
afterAll(() => house?.dispose())

describe('the list of files', () => {
  it('becomes galleries, sets and places in its order', async () => {
    const { id } = await anUpload(
      house,
      ['Smith/1.jpg', 'Smith/Party/2.jpg', 'Smith/Party/Late/3.jpg', 'Jones/4.jpg', '5.jpg'].map((path) => file(path)),
    )
    expect(
      (await ledgerOf(house, id)).map(({ gallery, set, path, position }) => [gallery, set, path, position]),
    ).toEqual([
      ['Smith', null, 'Smith/1.jpg', 0],
      ['Smith', 'Party', 'Smith/Party/2.jpg', 1],
      ['Smith', 'Party', 'Smith/Party/Late/3.jpg', 2],
      ['Jones', null, 'Jones/4.jpg', 3],
      ['Loose', null, '5.jpg', 4],
    ])
    const { counted, recounted } = await countedAndRecounted(house, id)
    expect(counted).toEqual(recounted)
    expect(await snapshot(house, id)).toMatchObject({
      state: 'running',
      totals: { found: 5, galleries: 3, bytesFound: 5000 },
    })
  })

  it('waits for its senders: nobody else fetches the bytes, and the run does not end', async () => {
    const { id } = await anUpload(house, [file('a.jpg')])
    const { sweep } = await import('../sweep.ts')
    await sweep(house)
    expect((await jobsOf(house, 'fetch-photos')).filter(({ group }) => group === id)).toEqual([])
    expect((await snapshot(house, id)).state).toBe('running')
  })

  it('changes nothing when it is announced again, and tells what is lacking', async () => {
    const files = [file('a.jpg'), file('b.jpg')]
    const { id } = await anUpload(house, files)
    const before = await ledgerOf(house, id)
    expect(await announceFiles(house, 'test', id, again(files, { add: true }))).toEqual({
      lacking: [0, 1],
      changed: [],
      unknown: [],
      refused: [],
    })
    expect(await ledgerOf(house, id)).toEqual(before)
  })

  it('tells which files it does not know, and takes them in where it is told to', async () => {
    const { id } = await anUpload(house, [file('b.jpg')])
    const more = [file('a.jpg'), file('b.jpg')]
    expect(await announceFiles(house, 'test', id, again(more))).toMatchObject({ lacking: [1], unknown: [0] })
    expect(await ledgerOf(house, id)).toHaveLength(1)
    expect(await announceFiles(house, 'test', id, again(more, { add: true }))).toMatchObject({
      lacking: [1, 0],
      unknown: [],
    })
    expect((await ledgerOf(house, id)).map(({ path }) => path)).toEqual(['a.jpg', 'b.jpg'])
  })

  it('gives files that come to it alone, later, a place of their own', async () => {
    const { id } = await anUpload(house, [file('a.jpg'), file('b.jpg')])
    await announceFiles(house, 'test', id, again([file('c.jpg')], { add: true }))
    await completeManifest(house, 'test', id, 1)
    expect((await ledgerOf(house, id)).map(({ path, position }) => [path, position])).toEqual([
      ['a.jpg', 0],
      ['c.jpg', 1],
      ['b.jpg', 2],
    ])
  })

  it('refuses empty and oversized files at once, and takes the rest', async () => {
    const { id } = await anUpload(house, [file('a.jpg', 0), file('b.jpg', 201e6), file('c.jpg')])
    expect((await ledgerOf(house, id)).map(({ state, code }) => [state, code])).toEqual([
      ['skipped', 'empty_file'],
      ['skipped', 'file_too_large'],
      ['listed', null],
    ])
  })

  it('starts nothing before it is whole', async () => {
    const { clientId } = await anUpload(house, [file('x.jpg')])
    const layout = { into: 'gallery', root: null, title: 'One' } as const
    const { id } = await createUpload(house, 'test', { clientId, renditions: ['none'], layout })
    await expect(completeManifest(house, 'test', id, 0)).rejects.toMatchObject({ code: 'nothing_announced' })
    await announceFiles(house, 'test', id, again([file('a.jpg')], { add: true }))
    await expect(completeManifest(house, 'test', id, 2)).rejects.toMatchObject({ code: 'manifest_incomplete' })
    expect((await snapshot(house, id)).state).toBe('planned')
  })

  it('goes on with the run of the same folder, until that was cancelled', async () => {
    const { clientId } = await anUpload(house, [file('x.jpg')])
    const layout = { into: 'gallery', root: null, title: 'One' } as const
    const wanted = { clientId, renditions: ['none'], layout, origin: 'here:/pictures' }
    const [first, second] = await Promise.all([
      createUpload(house, 'test', wanted),
      createUpload(house, 'test', wanted),
    ])
    expect(first.id).toBe(second.id)
    await cancelRun(house, 'test', first.id)
    expect((await createUpload(house, 'test', wanted)).id).not.toBe(first.id)
  })

  it('takes names that no index would hold, and tells them apart', async () => {
    const long = 'x'.repeat(1200)
    const files = [file(`${long}/${long}a.jpg`), file(`${long}/${long}b.jpg`)]
    const { id } = await anUpload(house, files)
    expect(await announceFiles(house, 'test', id, again(files))).toMatchObject({ lacking: [0, 1] })
  })
})
