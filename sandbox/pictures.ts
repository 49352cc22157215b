import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { drawScene, type PictureSize, placeholderDate, sceneCount, undatedScenes } from './scenes.ts'

/** Raised when the drawings change, so that an older cache is not taken for them. */
const cacheVersion = 4
const markBytes = 48

interface Scene {
  bytes: Buffer
  width: number
  height: number
  /** Where the comment goes: after the APP segments, where every reader expects one. */
  insertAt: number
  dateOffsets: number[]
}

/** The base pictures of one size, and any number of photos made from them without encoding again. */
export interface Pictures {
  dated: number
  undated: number
  /** Bytes of every photo made from the scene, and its stored (not turned) dimensions. */
  describe(scene: number): { bytes: number; width: number; height: number }
  /** A valid JPEG of its own: `mark` (at most 48 characters) in a comment, `takenAt` (`YYYY-MM-DD HH:MM:SS`) in its EXIF. */
  photo(scene: number, mark: string, takenAt: string | null): Buffer
}

export async function openPictures(size: PictureSize): Promise<Pictures> {
  const scenes = await Promise.all((await cached(size)).map(examine))
  const at = (index: number): Scene => {
    const scene = scenes[index]
    if (!scene) throw new RangeError(`No scene ${index}`)
    return scene
  }
  return {
    dated: sceneCount - undatedScenes,
    undated: undatedScenes,
    describe(index) {
      const { bytes, width, height } = at(index)
      return { bytes: bytes.length + 4 + markBytes, width, height }
    },
    photo: (index, mark, takenAt) => compose(at(index), mark, takenAt),
  }
}

function compose(scene: Scene, mark: string, takenAt: string | null): Buffer {
  const comment = Buffer.alloc(4 + markBytes, ' ')
  comment.writeUInt16BE(0xfffe, 0)
  comment.writeUInt16BE(2 + markBytes, 2)
  comment.write(mark.slice(0, markBytes), 4, 'latin1')
  const { bytes, insertAt } = scene
  const photo = Buffer.concat([bytes.subarray(0, insertAt), comment, bytes.subarray(insertAt)])
  if (takenAt) {
    for (const offset of scene.dateOffsets) photo.write(takenAt.replaceAll('-', ':'), offset, 19, 'latin1')
  }
  return photo
}

async function examine(bytes: Buffer): Promise<Scene> {
  const { width, height } = await sharp(bytes).metadata()
  let insertAt = 2
  while (bytes[insertAt] === 0xff && ((bytes[insertAt + 1] ?? 0) & 0xf0) === 0xe0) {
    insertAt += 2 + bytes.readUInt16BE(insertAt + 2)
  }
  const dateOffsets: number[] = []
  for (let at = bytes.indexOf(placeholderDate); at >= 0; at = bytes.indexOf(placeholderDate, at + 1)) {
    dateOffsets.push(at)
  }
  return { bytes, width, height, insertAt, dateOffsets }
}

async function cached(size: PictureSize): Promise<Buffer[]> {
  const folder = join(tmpdir(), `sandbox-pictures-${userInfo().uid}-v${cacheVersion}-${size}`)
  const known = await read(folder)
  if (known) return known
  const drawn: Buffer[] = []
  for (let index = 0; index < sceneCount; index++) drawn.push(await drawScene(index, size))
  await save(folder, drawn)
  return drawn
}

const fileOf = (folder: string, index: number) => join(folder, `scene-${String(index).padStart(2, '0')}.jpg`)

/** Null where the cache is not whole: temp folders are swept by others. */
async function read(folder: string): Promise<Buffer[] | null> {
  try {
    return await Promise.all(Array.from({ length: sceneCount }, (_, index) => readFile(fileOf(folder, index))))
  } catch {
    return null
  }
}

/** Written beside and renamed as a whole: another start never reads half a folder. */
async function save(folder: string, drawn: readonly Buffer[]): Promise<void> {
  const draft = await mkdtemp(`${folder}-`)
  try {
    for (const [index, bytes] of drawn.entries()) await writeFile(fileOf(draft, index), bytes)
    if (!(await read(folder))) await rm(folder, { recursive: true, force: true })
    await rename(draft, folder)
  } catch {
    // Another start was quicker with the same pictures, or there is no room: the cache only saves time.
    await rm(draft, { recursive: true, force: true })
  }
}
