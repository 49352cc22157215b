import type { Pictures } from '../pictures.ts'
import { growRegular, numberOf, type WorldOptions } from './regular.ts'
import { growTraps } from './traps.ts'
import type { Project, World } from './world.ts'

/** The photographer's account in the order of the dashboard: traps first where the scenario has them. */
export function openAccount(options: WorldOptions & { scenario: 'plain' | 'traps' }, pictures: Pictures): World {
  const traps = options.scenario === 'traps' ? growTraps(options, pictures) : []
  const projects = [...traps, ...growRegular(options, pictures)]
  const byId = new Map(projects.map((project) => [project.id, project]))
  const byPath = new Map(projects.map((project) => [project.virtualPath, project]))
  const byNumber = new Map<number, Project>(projects.map((project) => [project.number, project]))
  return {
    accountId: 123_000 + options.seed,
    email: `studio-licht-${options.seed}@example.com`,
    password: `Schlüssel-№-${options.seed}`,
    projects,
    project: (id) => byId.get(id),
    at: (virtualPath) => byPath.get(virtualPath),
    photo(id) {
      const numbers = numberOf(id, options.seed)
      const project = numbers && byNumber.get(numbers.project)
      const photo = project?.photo(numbers?.index ?? -1)
      return project && photo ? { project, photo } : undefined
    },
  }
}
