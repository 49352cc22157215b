import type { Exchange, Reply } from '../server.ts'
import type { Service } from './service.ts'
import { contents, photoRow, projectRow, projectSettings } from './wire.ts'
import { type Project, photosOf } from './world.ts'

/** What is in `d`, or an answer that is none of an asmx method. */
export type Told = { d: unknown } | { reply: Reply }

type Body = Record<string, unknown>
type Method = (body: Body, service: Service, exchange: Exchange) => Told | Forbidden
type GalleryMethod = (body: Body, service: Service, project: Project) => Told | Forbidden

/** A write, or something near one. */
export class Forbidden {
  readonly what: string
  constructor(what: string) {
    this.what = what
  }
}

/** What ASP.NET makes of a body that does not fit. */
export const broken: Told = {
  reply: {
    status: 500,
    headers: { 'content-type': 'application/json; charset=utf-8', jsonerror: 'true' },
    body: JSON.stringify({ Message: 'There was an error processing the request.', StackTrace: '', ExceptionType: '' }),
  },
}

let dashboards = 0

export const photographers: Record<string, Method> = {
  dashboard(body, { world, faults }) {
    if (!only(body)) return broken
    if (faults.current.emptyLists) return { d: dashboards++ % 2 === 0 ? {} : { projects_s: [] } }
    return { d: { accountId: world.accountId, brands_s: [], projects_s: world.projects.map(projectRow), tags_s: [] } }
  },
  loadProject(body, { world, faults }) {
    if (!only(body, 'projectId')) return broken
    const project = world.project(String(body.projectId))
    return { d: project && !faults.current.emptyLists ? projectSettings(project) : null }
  },
  projectPhotos2(body, { world, faults }) {
    const { projectId, photoIds } = body
    if (!only(body, 'projectId', 'photoIds') || !(photoIds === null || isIds(photoIds))) return broken
    const project = world.project(String(projectId))
    if (!project) return { d: null }
    const whole = contents(project)
    if (faults.current.emptyLists) return { d: { ...whole, photos_s: [] } }
    if (photoIds === null) return { d: whole }
    const wanted = new Set(photoIds.map(String))
    return { d: { ...whole, photos_s: [...photosOf(project)].filter(({ id }) => wanted.has(id)).map(photoRow) } }
  },
  savePackage(body, service, { headers }) {
    const wish = exportIn(body)
    if (!wish) return new Forbidden('savePackage')
    const { account } = service.addresses
    if (headers.origin !== account || headers.referer !== `${account}/professional`) return broken
    const project = service.world.project(wish.project)
    const job = project ? service.exports.make(project, wish.photos) : null
    return job === null ? broken : { d: { newExports: [{ userJobId: job, projectId: Number(wish.project) }] } }
  },
  getDownloadInfo(body, { exports }) {
    if (!only(body, 'userJobId', 'startIndex', 'maxFiles') || body.startIndex !== 0 || body.maxFiles !== 0)
      return broken
    const downloadUrl = exports.downloadUrl(String(body.userJobId))
    return downloadUrl === undefined ? broken : { d: { downloadUrl, filesCount: 0 } }
  },
}

export const galleries: Record<string, GalleryMethod> = {
  sendPhotos(body, { archive }, project) {
    const pref = { boundHeight: -1, boundWidth: -1, jpgQuality: -1, noMobilities: true }
    if (!only(body, 'pref') || JSON.stringify(sorted(body.pref)) !== JSON.stringify(pref)) return broken
    return { d: { userJobId: archive.make(project) } }
  },
  getDownloadInfo2(body, { archive }, project) {
    const { mode, projectId, userJobId } = body
    if (!only(body, 'mode', 'projectId', 'userJobId') || String(projectId) !== project.id) return broken
    if (mode === 2) {
      if (!archive.ask(String(userJobId), project)) return broken
      return { d: { photosCount: project.count, status: 0 } }
    }
    const status = mode === 1 ? archive.status(String(userJobId), project) : null
    return status === null ? broken : { d: { status, progress: null } }
  },
}

/** The one package that writes nothing: an export, and every other list empty. */
function exportIn(body: Body): { project: string; photos: string[] } | null {
  const batch = body.saveBatch
  if (!only(body, 'saveBatch', 'pcpClientId') || !isObject(batch)) return null
  const { projectExport, dtoRevision, ignoreDtoRevision, ...lists } = batch
  if (typeof dtoRevision !== 'number' || ignoreDtoRevision !== false || !isNothing(lists)) return null
  const [wish, ...more] = Array.isArray(projectExport) ? projectExport : []
  if (!isObject(wish) || more.length > 0) return null
  const { projectId, photoIds, target, message, width, height, quality, ticketFields, type } = wish
  const isPlain = target === '' && message === '' && type === 'download' && isNothing(ticketFields)
  const isWhole = width === -1 && height === -1 && quality === -1
  return isPlain && isWhole && isIds(photoIds) ? { project: String(projectId), photos: photoIds.map(String) } : null
}

function isNothing(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isNothing)
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isIds(value: unknown): value is (string | number)[] {
  return Array.isArray(value) && value.every((id) => /^\d+$/.test(String(id)))
}

/** Exactly these keys. */
function only(body: Body, ...keys: string[]): boolean {
  return JSON.stringify(Object.keys(body).sort()) === JSON.stringify(keys.sort())
}

function sorted(value: unknown): unknown {
  return isObject(value) ? Object.fromEntries(Object.entries(value).sort()) : value
}
