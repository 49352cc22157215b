// The stand-in of a provider that there is not, as its author would write it.

export const sandboxLines = [
  { file: 'sandbox/providers.ts', after: '  zenfolio: startZenfolio,\n', text: `  'made-up': startMadeUp,\n` },
]

export const sandboxImport = `import { startMadeUp } from './made-up/start.ts'\n`

export const sandboxFolder: Record<string, string> = {
  'start.ts': `
import { createHash, randomBytes } from 'node:crypto'
import { FaultSwitch } from '../faults.ts'
import { openPictures } from '../pictures.ts'
import type { Sandbox, SandboxOptions } from '../providers.ts'
import { RequestBook } from '../requests.ts'
import { type Exchange, listen, type Reply } from '../server.ts'

const pageSize = 3
const password = 'open up'

export async function startMadeUp(options: SandboxOptions): Promise<Sandbox> {
  const pictures = await openPictures(options.pictures)
  const faults = new FaultSwitch(options.seed)
  const requests = new RequestBook()
  const tokens = new Map<string, number>()
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
  const bytesOf = (gallery: number, n: number) => pictures.photo(n % pictures.dated, 'made up ' + gallery + '/' + n, null)

  function* expected() {
    for (const gallery of numbers(options.galleries)) {
      const photos = numbers(options.photos).map((n) => 'p' + gallery + '-' + n)
      const unknown = { description: null, date: null, access: null, passwordKnown: null, expiresAt: null, coverRef: null }
      const sets = [{ ref: null, parentRef: null, title: null, photos }]
      const facts = { ref: 'g' + gallery, path: [], title: 'Gallery ' + gallery, statedCount: options.photos, sets }
      yield JSON.stringify({ type: 'gallery', ...facts, ...unknown })
      for (const n of numbers(options.photos)) {
        const bytes = bytesOf(gallery, n)
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        const photo = { ref: photos[n], gallery: 'g' + gallery, filename: n + '.jpg', kind: 'photo', isOriginal: true }
        const told = { caption: null, keywords: [], takenAt: null, contentType: 'image/jpeg' }
        yield JSON.stringify({ type: 'photo', ...photo, ...told, bytes: bytes.length, sha256 })
      }
    }
  }

  function answer({ method, url, headers, body }: Exchange): Reply {
    const { current } = faults
    if (method === 'POST' && url.pathname === '/session') {
      if (current.apiOff) return json(403, {})
      if (current.locked) return json(423, {})
      if (current.wrongPassword || JSON.parse(String(body)).password !== password) return json(401, {})
      const token = randomBytes(12).toString('hex')
      tokens.set(token, 0)
      return json(200, { token })
    }
    const token = String(headers['x-token'])
    const uses = tokens.get(token)
    if (uses === undefined || (current.expireTokenEvery > 0 && uses >= current.expireTokenEvery)) {
      tokens.delete(token)
      return json(401, {})
    }
    tokens.set(token, uses + 1)
    const [, what, gallery, photo] = url.pathname.split('/')
    const from = Number(url.searchParams.get('from'))
    const page = (count: number) => (current.emptyLists ? [] : numbers(count).slice(from, from + pageSize))
    const number = Number(gallery?.slice(1))
    if (what === 'account') return json(200, { name: 'Made Up Studio', galleries: options.galleries })
    if (what === 'galleries') {
      const galleries = page(options.galleries).map((n) => ({ id: 'g' + n, title: 'Gallery ' + n, count: options.photos }))
      return json(200, { galleries, total: options.galleries })
    }
    if (what === 'photos') {
      const photos = page(options.photos).map((n) => ({ id: 'p' + number + '-' + n, file: n + '.jpg' }))
      return json(200, { [current.changedMarkup ? 'items' : 'photos']: photos, total: options.photos })
    }
    if (what !== 'originals') return json(404, {})
    requests.originals++
    const bytes = bytesOf(number, Number(photo?.split('-')[1]))
    const start = Number(/^bytes=([0-9]+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
    return { status: headers.range ? 206 : 200, headers: { 'content-type': 'image/jpeg' }, body: bytes.subarray(start) }
  }

  function note({ method, url }: Exchange): void {
    if (url.pathname === '/session') requests.signIns++
    else if (method !== 'GET') requests.write(method + ' ' + url.pathname)
  }

  const { origin, close } = await listen({ answer, note, page }, { faults, requests, expected }, options.port)
  return { origin, endpoints: { site: origin }, credentials: { loginName: 'studio', password }, close }
}

function json(status: number, value: unknown): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

const page = (what: string, status: number): Reply => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<!DOCTYPE html><title>' + what + '</title>',
})
`,
}
