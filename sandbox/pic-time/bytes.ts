import { type OddFiles, oddKinds } from '../odd-files.ts'
import type { Pictures } from '../pictures.ts'
import type { Content } from './world.ts'

export interface Served {
  bytes: Buffer
  contentType: string
}

/** What was uploaded, to the byte. */
export type Originals = (content: Content) => Promise<Served>

export function openOriginals(pictures: Pictures, oddFiles: OddFiles): Originals {
  return async (content) => {
    if (content.kind === 'scene')
      return { bytes: pictures.photo(content.scene, content.mark, content.takenAt), contentType: 'image/jpeg' }
    return { bytes: await oddFiles(content.odd, content.mark), contentType: oddKinds[content.odd].contentType }
  }
}
