import { type AnySet, type Element, effectiveAccess, type Photo, type World } from './world.ts'

/** Who asks: the owner by a token, or a visitor with the realms that a keyring opens. */
export interface Viewer {
  owner: boolean
  realms: readonly string[]
}

/** Private and UserList hide that a thing exists; Password shows it, with its metadata. */
export function exists(of: Element | Photo, viewer: Viewer): boolean {
  const { type } = effectiveAccess(of).access
  return viewer.owner || type === 'Public' || type === 'Password'
}

/** A visitor lists the photos of a password gallery only with its realm unlocked. */
export function mayEnter(set: AnySet, viewer: Viewer): boolean {
  const { access } = effectiveAccess(set)
  return (
    viewer.owner || access.type === 'Public' || (access.type === 'Password' && viewer.realms.includes(access.realmId))
  )
}

/** Whether the original may be had. Photos of another member are judged by what anybody may see. */
export function mayDownload(of: Element | Photo, viewer: Viewer, world: World, hasKey: boolean): boolean {
  const { access } = effectiveAccess(of)
  if (viewer.owner && (!('gallery' in of) || of.owner === world.loginName)) return true
  if (access.type === 'Private' || access.type === 'UserList') return false
  if (access.type === 'Password' && !viewer.realms.includes(access.realmId)) return false
  const masks = access.mask.split(', ')
  if (masks.includes('ProtectOriginals') || masks.includes('ProtectAll')) return false
  return !masks.includes('PasswordProtectOriginals') || hasKey
}
