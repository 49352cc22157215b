import type { OddFiles } from '../odd-files.ts'
import type { Pictures } from '../pictures.ts'
import { Ids, idInHash, regularCollection, regularFolders, type WorldOptions } from './regular.ts'
import { TrapKit } from './trap-kit.ts'
import { growTraps } from './traps.ts'
import type { World } from './world.ts'

/** The photographer's account: regular collections first, then the traps where the scenario has them. */
export async function openAccount(options: WorldOptions, pictures: Pictures, oddFiles: OddFiles): Promise<World> {
  const ids = new Ids(options.seed)
  const kit = new TrapKit(options, ids, pictures, oddFiles)
  const regular = Array.from({ length: options.galleries }, (_, number) =>
    regularCollection(number, options, ids, pictures),
  )
  if (options.scenario === 'traps') await growTraps(kit, options, ids, pictures)
  const collections = [...regular, ...kit.collections]
  const sets = new Map(collections.flatMap((collection) => collection.sets.map((set) => [set.id, set] as const)))
  const byNumber = new Map(
    collections.flatMap((collection) => collection.sets.map((set) => [set.photo(0)?.id.slice(0, -6), set] as const)),
  )
  const userName = `studio-licht-${options.seed}`
  const photo = (id: string) => {
    const kept = kit.photos.get(id)
    const numbers = ids.ofPhoto(id)
    return kept ?? (numbers ? byNumber.get(id.slice(0, -6))?.photo(numbers.index) : undefined)
  }
  return {
    userId: 1000 + options.seed,
    userName,
    email: `${userName}@example.com`,
    password: `Schlüssel-№-${options.seed}`,
    businessName: 'Studio Licht',
    folders: [...regularFolders(options), ...kit.folders],
    collections,
    byId: new Map(collections.map((collection) => [collection.id, collection])),
    sets,
    photo,
    photoByHash(hash) {
      const id = idInHash(hash)
      return id === null ? undefined : photo(id)
    },
    video: (playbackId) => kit.videos.get(playbackId),
  }
}
