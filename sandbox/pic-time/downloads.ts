import type { RequestBook } from '../requests.ts'
import type { Exchange, Reply } from '../server.ts'
import { blockPage, html, page, redirect } from './pages.ts'
import type { Service } from './service.ts'
import type { Project } from './world.ts'

/** `/-{virtualPath}/download`: single originals by redirect, and the ZIPs of export and retrieval jobs. */
export async function download(
  project: Project,
  exchange: Exchange,
  service: Service,
  requests: RequestBook,
): Promise<Reply> {
  const mode = exchange.url.searchParams.get('mode') ?? ''
  requests.method(`download ${mode}`)
  if (service.faults.current.locked || service.faults.current.emptyLists) return html(blockPage())
  if (!service.sessions.isAlive(exchange)) {
    // What an ended session gives here is not known: both ways are met.
    return project.number % 2 === 0 ? redirect(`${service.addresses.login}/login?returnUrl=x`) : page('signIn', 200)
  }
  if (mode === 'hiresphoto') return single(project, exchange, service)
  if (mode === 'exportzip' || mode === 'hireszip') return zip(mode, project, exchange, service, requests)
  return page('broken', 404)
}

const singleQuery = ['mode', 'photoId', 'systemName', 'gui', 'accessToken']

function single(project: Project, { url }: Exchange, { world, archive, cdn }: Service): Reply {
  const { searchParams: query } = url
  const isExact = [...query.keys()].join() === singleQuery.join() && query.get('systemName') === 'pictime'
  if (!isExact || query.get('gui') !== 'yes' || query.get('accessToken') !== '') return page('broken', 500)
  const found = world.photo(query.get('photoId') ?? '')
  if (found?.project !== project) return page('broken', 404)
  if (archive.isAtHand(project, found.photo) || project.cold === 'storage')
    return redirect(cdn.address(project, found.photo))
  if (project.cold === 'json')
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '{"result":"pending","code":7}' }
  return html(
    '<title>Pic-Time</title><h1>Your high-res photos are stored away</h1><button>Retrieve High-Res Photos</button>',
  )
}

async function zip(
  mode: 'exportzip' | 'hireszip',
  project: Project,
  { url }: Exchange,
  { exports, archive }: Service,
  requests: RequestBook,
): Promise<Reply> {
  const { searchParams: query } = url
  const size = Number(query.get('batchsize'))
  const start = Number(query.get(mode === 'exportzip' ? 'startIndex' : 'startindex'))
  const job = query.get('userjobid') ?? ''
  if (!(size > 0) || !(start >= 0)) return page('broken', 500)
  const isRetrieved = mode === 'hireszip' && archive.status(job, project) === 20
  const packed =
    mode === 'exportzip'
      ? await exports.batch(job, project, size, start)
      : isRetrieved
        ? await exports.packAll(project, size, start)
        : null
  if (!packed) return page('broken', 404)
  requests.bytes += packed.length
  return { status: 200, headers: { 'content-type': 'application/zip' }, body: packed }
}
