// The bytes: the provider's own to the last one, from any byte on, and never a page taken for a picture.
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { NotAvailable, NotFound, SessionExpired, Truncated, UnexpectedPage } from '../connector.ts'
import type { Meeting } from './meeting.ts'
import { all, readOriginal } from './reading.ts'

export function originalsTests(meeting: Meeting): void {
  describe('originals', () => {
    test('every original has the SHA-256 that the provider serves', async () => {
      const served: unknown[][] = []
      const withheld = new Map(meeting.truePhotos().map(([key, { code }]) => [key, code]))
      for (const [key, photo] of meeting.ownedPhotos()) {
        if (withheld.get(key) !== undefined) continue
        const { bytes, opened } = await readOriginal(meeting.session, photo)
        if (opened.bytes !== null) expect(bytes.length).toBe(opened.bytes)
        served.push([key, createHash('sha256').update(bytes).digest('hex'), opened.isOriginal])
      }
      const wanted = meeting
        .truePhotos()
        .flatMap(([key, { sha256, isOriginal, code }]) => (code === undefined ? [[key, sha256, isOriginal]] : []))
      expect(served.toSorted()).toEqual(wanted.toSorted())
    })
    if (meeting.connector.abilities.videos === 'derived')
      test('a video is said to be no original', async () => {
        const video = meeting.photos().find(({ kind }) => kind === 'video') ?? expect.unreachable('no video')
        expect((await readOriginal(meeting.session, video)).opened.isOriginal).toBe(false)
      })
    test('what cannot be had says why', async () => {
      const told = meeting.ownedPhotos()
      for (const [key, { code }] of meeting.truePhotos()) {
        const photo = told.get(key)
        if (code === undefined || !photo) continue
        const error = await meeting.failure(readOriginal(meeting.session, photo))
        if (code === 'gone_at_source') expect(error).toBeInstanceOf(NotFound)
        else expect(error).toMatchObject({ name: NotAvailable.name, code })
      }
    })
    test('goes on from a byte in the middle', async () => {
      const whole = await readOriginal(meeting.session, meeting.aPhoto())
      const start = whole.bytes.length >> 1
      const rest = await readOriginal(meeting.session, meeting.aPhoto(), { start })
      expect(rest.bytes.equals(whole.bytes.subarray(start))).toBe(true)
      expect(rest.opened.bytes ?? rest.bytes.length).toBe(whole.bytes.length - start)
    })
    test('a stream that ends before its stated length throws', async () => {
      await meeting.place.faults({ rateTruncated: 1 })
      const errors: unknown[] = []
      for (const photo of meeting.photos().slice(0, 12)) {
        const opened = await meeting.session.open(photo).catch((error) => void errors.push(error))
        if (opened && opened.bytes !== null) errors.push(await meeting.failure(all(opened.stream)))
        else for await (const _ of opened?.stream ?? []); // no length was stated: nobody could tell
      }
      expect(errors.length).toBeGreaterThan(0)
      for (const error of errors) expect(error).toBeInstanceOf(Truncated)
    })
    test('a page in place of a picture is not taken for one', async () => {
      const error = await meeting.failureUnder({ rateHtml: 1 }, () => meeting.session.open(meeting.aPhoto()))
      expect(error instanceof UnexpectedPage || error instanceof SessionExpired, inspect(error)).toBe(true)
    })
  })
}
