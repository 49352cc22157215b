// The bytes that a stand-in holds: drawn or written when they are asked for, the same each time.
import { type OddFiles, type OddKind, oddKinds } from './odd-files.ts'
import type { Pictures } from './pictures.ts'

export type Content =
  | { kind: 'scene'; scene: number; mark: string; takenAt: string | null }
  | { kind: 'odd'; odd: OddKind; mark: string }

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
