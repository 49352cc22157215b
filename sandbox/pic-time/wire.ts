import { hash32 } from '../random.ts'
import { type Photo, type Project, photosOf } from './world.ts'

/** The positional arrays. Columns that nobody has named are filled with junk, so that none of them is read. */

type Column = string | number | boolean | null | unknown[]

export function projectRow(project: Project): Column[] {
  const row = junk(24, project.id, 'project')
  Object.assign(row, {
    0: project.status,
    4: project.created,
    6: project.eventDate,
    7: project.name,
    8: project.count,
    9: Number(project.id),
    10: project.coverFile,
    12: project.otherName,
    19: project.storageId,
    20: project.pathToken ?? '',
  })
  return row
}

/** The settings object: what is known by name, among much that is not. */
export function projectSettings(project: Project): Record<string, unknown> {
  return {
    projectId: Number(project.id),
    virtualPath: project.virtualPath,
    clientUsers_s: [['client@example.com', 'Main Client', ...junk(3, project.id, 'user')]],
    settings_s: junk(12, project.id, 'settings'),
    downloadPolicy: {
      freeDownloadsCount: -1,
      allowStore: true,
      boundHeight: project.bounded ? webEdge : -1,
      boundWidth: project.bounded ? webEdge : -1,
      hiresSampling: 1,
      hiresScope: 2,
      lowresSampling: 1,
      lowresScope: 2,
      sceneIds: [],
    },
    dtoRevision: hash32(project.id, 'revision') % 1000,
  }
}

/** The longer edge of what a bounded gallery gives. */
export const webEdge = 2048

export function contents(project: Project): { scenes_s: Column[][]; photos_s: Column[][] } {
  return {
    scenes_s: project.scenes.map(({ id, name }) => {
      const row = junk(7, id, 'scene')
      Object.assign(row, { 0: name, 1: Number(id) })
      return row
    }),
    photos_s: [...photosOf(project)].map(photoRow),
  }
}

export function photoRow({ id, fileName, scene }: Photo): Column[] {
  const row = junk(11, id, 'photo')
  Object.assign(row, { 0: fileName, 1: Number(id), 4: Number(scene.id) })
  return row
}

/** As if the service had been rewritten overnight: well-formed, and nothing where it was. */
export function renamed(text: string): string {
  return text
    .replaceAll('"projects_s":', '"projects_v2":')
    .replaceAll('"photos_s":', '"items_s":')
    .replaceAll('"virtualPath":', '"slug":')
}

/**
 * The public list of a gallery: flat, `stride` slots a photo, the first of them its id's distance from `minId`. The
 * others are junk that looks like sizes.
 */
export function manifest(project: Project): Record<string, unknown> {
  const photos = [...photosOf(project)]
  const minId = Math.min(...photos.map(({ id }) => Number(id)))
  const slots = (photo: Photo) =>
    Array.from({ length: project.stride }, (_, slot) =>
      slot === 0 ? Number(photo.id) - minId : 1000 + (hash32(photo.id, slot) % 3000),
    )
  return {
    title: project.name || project.otherName || '',
    subTitle: '',
    projectDate: project.eventDate,
    datePublished: project.created,
    minId: photos.length > 0 ? minId : 0,
    scenes: project.scenes.map((scene) => ({
      id: Number(scene.id),
      title: scene.name,
      photos: photos.filter((photo) => photo.scene.id === scene.id).flatMap(slots),
    })),
    rstPhotos: project.hidden.map((index) => Number(photos[index]?.id ?? minId) - minId),
  }
}

/** `{floor(id/1e6)}/{floor(id/1000)%1000}/{id}`, not padded. */
export function projectFolder({ id, pathToken }: Project): string {
  const number = Number(id)
  const shard = `${Math.floor(number / 1e6)}/${Math.floor(number / 1000) % 1000}/${id}`
  return pathToken === null ? shard : `${shard}/${pathToken}`
}

function junk(columns: number, ...seed: string[]): Column[] {
  return Array.from({ length: columns }, (_, at): Column => {
    const chosen = hash32(...seed, at)
    const kinds: Column[] = [
      null,
      chosen % 100_000,
      `x${chosen.toString(36)}`,
      chosen % 2 === 0,
      '',
      [],
      0,
      '2011-11-11T11:11:11',
    ]
    return kinds[chosen % kinds.length] ?? null
  })
}
