import { createHmac } from 'node:crypto'
import type { Photo, Video } from './world.ts'

/** Signed addresses of originals and tokens of videos. Both end by the clock. */
export class Signing {
  readonly #seconds: number
  /** What was given before: some are over already the first time. */
  readonly #given = new Set<string>()

  constructor(seconds: number) {
    this.#seconds = seconds
  }

  /** Path and query. */
  original(photo: Photo, ext: string): string {
    const path = `/${photo.hash.slice(0, 8)}/${photo.hash}-orig.${ext}`
    const until = this.#expires(photo, `photo ${photo.id}`)
    return `${path}?Expires=${until}&Signature=${sign(path, until)}&Key-Pair-Id=APKA`
  }

  isSigned(url: URL): boolean {
    const until = Number(url.searchParams.get('Expires'))
    return until * 1000 > Date.now() && url.searchParams.get('Signature') === sign(url.pathname, until)
  }

  token(video: Video): string {
    const until = this.#expires(video, `video ${video.playbackId}`)
    return `${until}.${sign(video.playbackId, until)}`
  }

  isTokenOf(video: Video, token: string | null): boolean {
    const [until = '', signature] = (token ?? '').split('.')
    return Number(until) * 1000 > Date.now() && signature === sign(video.playbackId, Number(until))
  }

  #expires(of: { overAtFirst: boolean }, key: string): number {
    const over = of.overAtFirst && !this.#given.has(key)
    if (of.overAtFirst) this.#given.add(key)
    return Math.floor(Date.now() / 1000) + (over ? -60 : this.#seconds)
  }
}

function sign(what: string, until: number): string {
  return createHmac('sha256', 'the stand-in').update(`${what}|${until}`).digest('base64url')
}
