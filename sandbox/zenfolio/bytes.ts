import { type OddFiles, oddKinds } from '../odd-files.ts'
import type { Pictures } from '../pictures.ts'
import type { Content } from './world.ts'

export interface Served {
  bytes: Buffer
  contentType: string
}

/** What an original's address really gives. */
export type Originals = (content: Content) => Promise<Served> | Served

export function openOriginals(pictures: Pictures, oddFiles: OddFiles): Originals {
  return (content) => {
    if (content.kind === 'scene') {
      return { bytes: pictures.photo(content.scene, content.mark, content.takenAt), contentType: 'image/jpeg' }
    }
    const { contentType } = oddKinds[content.odd]
    return oddFiles(content.odd, content.mark).then((bytes) => ({ bytes, contentType }))
  }
}
