import type { IconName } from '../icons.tsx'
import type { Outputs } from '../trpc.ts'
import type { Command } from './command-list.ts'

type Hit = Outputs['search']['anything']['hits'][number]

const kinds = {
  client: { group: 'Clients', icon: 'user', path: '/clients/' },
  run: { group: 'Runs', icon: 'moving', path: '/runs/' },
  gallery: { group: 'Galleries', icon: 'image', path: '/galleries/' },
  photo: { group: 'Photos', icon: 'file', path: '/galleries/' },
} as const satisfies Record<Hit['kind'], { group: string; icon: IconName; path: string }>

/** What was found, as something to go to. */
export function hitCommand({ kind, id, title, detail }: Hit): Command {
  const { group, icon, path } = kinds[kind]
  return { id: `${kind} ${id} ${title}`, group, icon, title, detail, href: `${path}${id}` }
}
