import { createHmac } from 'node:crypto'
import type { FaultSwitch } from '../faults.ts'
import type { ColdStore } from './cold.ts'
import { ApiError, Broken } from './errors.ts'
import { bare } from './json.ts'
import { type Kind, readParameters, type Values } from './parameters.ts'
import type { SignIn } from './sign-in.ts'
import { exists, mayEnter, type Viewer } from './viewer.ts'
import { dateTime, type Fields, realmDescriptor, type Wire } from './wire.ts'
import { type AnySet, effectiveAccess, type Group, type Photo, type World } from './world.ts'

/** The read methods of API 1.8, each with the parameters it binds. */

export interface Service {
  world: World
  wire: Wire
  signIn: SignIn
  faults: FaultSwitch
  cold: ColdStore
  /** Traps that are not in the data: signed bytes. */
  tricky: boolean
}

export interface Caller extends Viewer {
  hasToken: boolean
  secure: boolean
}

type Run = (params: unknown, caller: Caller, service: Service) => unknown

function method<const Wanted extends readonly Kind[]>(
  wanted: Wanted,
  run: (values: Values<Wanted>, caller: Caller, service: Service) => unknown,
): Run {
  return (params, caller, service) => run(readParameters(params, wanted), caller, service)
}

export const methods: Record<string, Run> = {
  GetVersion: method([], () => '1.8.0.0'),
  GetCategories: method([], () => [{ $type: 'Category', Code: 10000000, DisplayName: 'People' }]),

  GetChallenge: method(['string'], ([login], caller, { signIn, tricky }) => {
    refuseOldToken(caller)
    const { salt, challenge } = signIn.challenge(login, tricky)
    return { $type: 'AuthChallenge', PasswordSalt: salt, Challenge: challenge }
  }),
  Authenticate: method(['bytes', 'bytes'], ([challenge, proof], caller, service) => {
    refuseOldToken(caller)
    return welcome(service.signIn.authenticate(challenge, proof), service)
  }),
  AuthenticatePlain: method(['string', 'string'], ([login, password], caller, service) => {
    refuseOldToken(caller)
    if (!caller.secure) throw new ApiError('E_CONNECTIONISNOTSECURE', 'This method requires a secure connection.')
    return welcome(service.signIn.authenticatePlain(login, password), service)
  }),
  CheckPrivilege: method(
    ['string', 'string'],
    ([login], caller, { world }) => caller.owner && login === world.loginName,
  ),

  LoadPrivateProfile: method([], (_, caller, { world, wire }) => {
    ownerOnly(caller)
    const sum = world.totals()
    return {
      ...profile(world),
      PrimaryEmail: world.email,
      GalleryCount: sum.galleries,
      CollectionCount: sum.collections,
      PhotoCount: sum.photos,
      PhotoBytes: bare(String(sum.photoBytes)),
      RawFileCount: sum.files,
      RawFileBytes: bare(String(sum.fileBytes)),
      RootGroup: wire.group(world.root, 'Level1', world.loginName),
      HierarchyCn: 77,
      RawStorageOptedIn: true,
      StorageQuota: bare('-1'),
    }
  }),
  LoadPublicProfile: method(['string'], ([login], _caller, { world }) => {
    if (login !== world.loginName) throw missing('user')
    return profile(world)
  }),

  LoadGroupHierarchy: method(['string'], ([login], caller, service) => {
    if (login !== service.world.loginName) throw missing('user')
    return tree(service.world.root, caller, service)
  }),
  LoadGroup: method(['id', 'level', 'bool'], ([id, level, children], caller, service) => {
    const { world, wire, faults } = service
    const group = world.groups.get(id)
    if (!group || !exists(group, caller)) throw missing('group')
    const elements = children && !faults.current.emptyLists ? visible(group, caller) : []
    return {
      ...wire.group(group, level, world.loginName),
      Elements: children ? elements.map((element) => shallow(element, service)) : null,
    }
  }),
  LoadPhotoSet: method(['id', 'level', 'bool'], ([id, level, photos], caller, service) => {
    const set = theSet(id, caller, service)
    const fields = service.wire.set(set, level, service.world.loginName)
    if (!photos) return { ...fields, Photos: null }
    // With photos the method is unreliable on big sets.
    if (set.count > set.pageMaximum) throw new Broken()
    return { ...fields, Photos: page(set, 0, set.count, caller, service) }
  }),
  LoadPhotoSetPhotos: method(['id', 'int', 'int'], ([id, start, count], caller, service) => {
    const set = theSet(id, caller, service)
    return page(set, start, Math.min(count, set.pageMaximum), caller, service)
  }),
  LoadPhotoSetPhotoSizes: method(['id', 'int', 'int'], ([id, start, count], caller, service) => {
    const set = theSet(id, caller, service)
    enter(set, caller)
    return slice(set, start, Math.min(count, set.pageMaximum), caller, service).map((photo) => ({
      $type: 'PhotoSize',
      Id: bare(photo.id),
      Width: photo.width,
      Height: photo.height,
    }))
  }),
  LoadPhoto: method(['id', 'level'], ([id, level], caller, { world, wire }) => {
    const photo = world.photo(id)
    if (!photo || !exists(photo, caller)) throw missing('photo')
    return wire.photo(photo, level, false, hidesOriginal(photo, caller))
  }),
  LoadGalleryFiles: method(['id', 'int', 'int'], ([id, start, count], caller, service) => {
    const set = theSet(id, caller, service)
    if (set.type !== 'Gallery' || !caller.owner) throw missing('gallery')
    range(start, count)
    if (service.faults.current.emptyLists) return []
    return set.files.slice(start, start + Math.min(count, set.pageMaximum)).map((file) => service.wire.file(file))
  }),
  LoadAccessRealm: method(['id'], ([id], _caller, { world }) => {
    const access = world.realms.get(id)
    if (!access) throw missing('realm')
    return realmDescriptor(access)
  }),
  LoadSharedFavoritesSets: method([], (_, caller, { world, faults }) => {
    ownerOnly(caller)
    if (faults.current.emptyLists) return []
    return world.favorites.map((list) => ({
      $type: 'FavoritesSet',
      Id: bare(list.id),
      ChangeNumber: list.changeNumber,
      Name: list.name,
      IsShared: true,
      SharedOn: dateTime(list.sharedAt),
      SharerName: list.sharerName,
      SharerEmail: list.sharerEmail,
      SharerMessage: list.sharerMessage,
    }))
  }),

  GetDownloadOriginalKey: method(['ids', 'string'], ([ids, password], _caller, { world }) => {
    for (const id of ids) {
      const photo = world.photo(id)
      if (!photo) throw missing('photo')
      if (effectiveAccess(photo).access.password !== password) {
        throw new ApiError('E_INVALIDCREDENTIALS', 'The password is not correct.')
      }
    }
    return ids.map((id) => originalKey(world, id)).join('.')
  }),
  KeyringAddKeyPlain: method(['string', 'id', 'string'], ([keyring, realm, password], _caller, { world, signIn }) => {
    const access = world.realms.get(realm)
    if (!access) throw missing('realm')
    if (access.password !== password) throw new ApiError('E_INVALIDCREDENTIALS', 'The password is not correct.')
    return signIn.unlock(keyring, realm)
  }),
  KeyringGetUnlockedRealms: method(['string'], ([keyring], _caller, { signIn }) => signIn.unlocked(keyring).map(bare)),
  GetVideoPlaybackUrl: method(['id', 'string', 'int', 'int'], ([id], caller, { world, wire }) => {
    const photo = world.photo(id)
    if (!photo?.isVideo || !exists(photo, caller)) throw missing('video')
    return wire.originalUrl(photo)
  }),
  ResolveReference: method(['string', 'string'], ([login, reference], caller, service) => {
    if (login !== service.world.loginName) throw missing('user')
    return resolved(reference, caller, service)
  }),
  ResolveUrl: method(['string'], ([url], caller, service) => resolved(url.split('/').at(-1) ?? '', caller, service)),
  LoadMessages: method(['string', 'string', 'bool'], () => []),
}

/** What `key=` on an original's address must hold for the photo. */
export function originalKey(world: World, photoId: string): string {
  return createHmac('sha256', world.password).update(photoId).digest('hex').slice(0, 16)
}

function refuseOldToken(caller: Caller): void {
  if (caller.hasToken) throw new ApiError('E_NOTAUTHENTICATED', 'The authentication token is not valid here.')
}

function welcome(token: string | null, { faults }: Service): string {
  if (faults.current.locked) throw new ApiError('E_ACCOUNTLOCKED', 'The account is locked.')
  if (faults.current.wrongPassword || token === null) {
    throw new ApiError('E_INVALIDCREDENTIALS', 'The login name or the password is not correct.')
  }
  return token
}

function ownerOnly(caller: Caller): void {
  if (!caller.owner) throw new ApiError('E_NOTAUTHENTICATED', 'Authentication is required.')
}

function missing(what: string): ApiError {
  return new ApiError('E_NOSUCHOBJECT', `There is no such ${what}.`)
}

function profile(world: World): Fields {
  return {
    $type: 'User',
    LoginName: world.loginName,
    DisplayName: world.displayName,
    UserSince: dateTime('2015-12-31 23:59:59'),
    LastUpdated: dateTime('2025-05-05 05:05:05'),
    DomainName: null,
  }
}

function tree(group: Group, caller: Caller, service: Service): Fields {
  const elements = service.faults.current.emptyLists ? [] : visible(group, caller)
  return {
    ...service.wire.group(group, 'Level1', service.world.loginName),
    Elements: elements.map((element) =>
      element.kind === 'group' ? tree(element, caller, service) : shallow(element, service),
    ),
  }
}

function shallow(element: Group | AnySet, { wire, world }: Service): Fields {
  return element.kind === 'group'
    ? { ...wire.group(element, 'Level1', world.loginName), Elements: null }
    : { ...wire.set(element, 'Level1', world.loginName), Photos: null }
}

function visible(group: Group, caller: Caller): (Group | AnySet)[] {
  return group.elements.filter((element) => exists(element, caller))
}

function theSet(id: string, caller: Caller, { world }: Service): AnySet {
  const set = world.sets.get(id)
  if (!set || !exists(set, caller)) throw missing('photo set')
  return set
}

function enter(set: AnySet, caller: Caller): void {
  if (!mayEnter(set, caller)) throw new ApiError('E_NOTAUTHORIZED', 'A password is required.')
}

function page(set: AnySet, start: number, count: number, caller: Caller, service: Service): Fields[] {
  enter(set, caller)
  if (set.cold === 'listing' && !service.cold.isThawed(set.id)) {
    throw new ApiError(
      'E_UNSPECIFIEDERROR',
      'This gallery has been archived. We are retrieving it; please try again later.',
    )
  }
  const photos = slice(set, start, count, caller, service)
  const { poison } = set
  if (poison && photos.length > poison.over && photos.some((photo) => photo.id === poison.photo)) throw new Broken()
  return photos.map((photo) => service.wire.photo(photo, 'Level2', true, hidesOriginal(photo, caller)))
}

function slice(set: AnySet, start: number, count: number, caller: Caller, service: Service): Photo[] {
  range(start, count)
  const photos: Photo[] = []
  if (service.faults.current.emptyLists) return photos
  for (let index = start; index < Math.min(start + count, set.count); index++) {
    const photo = set.photo(index)
    if (photo && exists(photo, caller)) photos.push(photo)
  }
  return photos
}

function range(start: number, count: number): void {
  if (start < 0 || count < 0) throw new ApiError('E_INVALIDPARAM', 'The range is not valid.')
}

function hidesOriginal(photo: Photo, caller: Caller): boolean {
  return !caller.owner && /ProtectOriginals|ProtectAll/.test(effectiveAccess(photo).access.mask)
}

function resolved(reference: string, caller: Caller, service: Service): Fields {
  const { world } = service
  const id = reference.slice(1)
  const found = reference.startsWith('f') ? world.groups.get(id) : world.sets.get(id)
  if (!found || !exists(found, caller)) throw missing('object')
  const fields = shallow(found, service)
  return {
    $type: 'ResolvedReference',
    LoginName: world.loginName,
    [found.kind === 'group' ? 'Group' : 'PhotoSet']: fields,
  }
}
