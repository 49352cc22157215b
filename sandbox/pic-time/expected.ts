import { setImmediate as breathe } from 'node:timers/promises'
import { bareLine } from '../expected.ts'
import type { Originals } from '../originals.ts'
import { isOffline, type Project, photosOf, type World } from './world.ts'

/** The truth as report lines: projects in the order of the dashboard, each with its photos. */
export async function* expectedLines(world: World, originals: Originals): AsyncGenerator<string> {
  for (const project of world.projects) {
    yield JSON.stringify(projectLine(project))
    for (const photo of photosOf(project)) {
      yield JSON.stringify(bareLine(photo, project.id, await originals(photo.content)))
      // Hashing half a million pictures must not keep others from being answered.
      await breathe()
    }
  }
}

function projectLine(project: Project): Record<string, unknown> {
  const photos = [...photosOf(project)]
  const within = (scene: { id: string }) => photos.filter((photo) => photo.scene.id === scene.id).map(({ id }) => id)
  const scenes = project.scenes.map((scene) => ({
    ref: scene.id,
    parentRef: null,
    title: scene.name,
    photos: within(scene),
  }))
  return {
    type: 'gallery',
    ref: project.id,
    path: [],
    title: project.name || project.otherName || '',
    description: null,
    date: project.date,
    // Who else may see a project is told nowhere; whether a password is asked for neither.
    access: isOffline(project) ? 'private' : null,
    passwordKnown: null,
    expiresAt: null,
    coverRef: project.coverRef,
    statedCount: project.count,
    sets: scenes.length > 0 ? scenes : [{ ref: null, parentRef: null, title: null, photos: [] }],
  }
}
