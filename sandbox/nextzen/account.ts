import type { OddFiles } from '../odd-files.ts'
import type { Pictures } from '../pictures.ts'
import { uuid } from './ids.ts'
import { growRegular, type WorldOptions } from './regular.ts'
import { growTraps } from './traps.ts'
import { albumsOf, type Node, type World } from './world.ts'

export interface AccountOptions extends WorldOptions {
  scenario: 'plain' | 'traps'
}

/** The photographer's account: traps first where the scenario has them, then the regular albums. */
export async function openAccount(options: AccountOptions, pictures: Pictures, oddFiles: OddFiles): Promise<World> {
  const top: Node[] = []
  growRegular(top, options, pictures)
  if (options.scenario === 'traps') await growTraps(top, options, pictures, oddFiles)
  return {
    siteId: uuid('site', options.seed, 0),
    email: `atelier-${options.seed}@example.com`,
    // Not ASCII, and with what HTML and JSON write otherwise.
    password: `Pässwort & "№" <${options.seed}>`,
    displayName: 'Atelier Nordlicht',
    top,
    albums: new Map([...albumsOf(top)].map((album) => [album.id, album])),
    folders: countFolders(top),
  }
}

function countFolders(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => sum + (node.kind === 'folder' ? 1 + countFolders(node.children) : 0), 0)
}
