import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aSite, type Site } from '#server/testing-site.ts'
import { groupMembers } from './browser/chrome.ts'
import { openGateway } from './browser/gateway.ts'
import { type BrowserOptions, createBrowser, type OpenBrowser } from './browser.ts'
import { AddressRefused, type Browser, SourceUnreachable, UnexpectedPage } from './connectors/connector.ts'

let site: Site
let origin: string
let port: number
/** Every request that the site was asked, as `<path>`, in order. */
let asked: string[] = []
let lastAsked: IncomingMessage
const temp = await mkdtemp(join(tmpdir(), 'browser-test-'))
const opened = new Set<OpenBrowser>()
const forever = new AbortController().signal

beforeAll(async () => {
  site = await aSite((request, answer) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://site')
    asked.push(request.url!)
    lastAsked = request
    const page = pages[pathname]
    if (pathname === '/go') return answer.writeHead(302, { location: searchParams.get('to')! }).end()
    if (pathname === '/enter') {
      const cookies = ['session=abc; HttpOnly', 'seen=1']
      return answer.writeHead(302, { location: '/inside', 'set-cookie': cookies }).end()
    }
    if (pathname === '/protected') {
      return answer.writeHead(401, { 'www-authenticate': 'Basic realm="site"', 'content-type': 'text/html' }).end('no')
    }
    if (pathname === '/silent') return
    answer.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
  })
  ;({ origin, port } = site)
})

afterAll(async () => {
  await Promise.all([...opened].map((browser) => browser.close()))
  await site?.close()
  await rm(temp, { recursive: true, force: true })
})

const pages: Record<string, string> = {
  '/': '<title>Hello</title><link rel="icon" href="data:,"><h1>Hello</h1>',
  '/sign-in': `<title>Sign in</title><form method="post" action="/enter">
    <p>For jane@example.com</p><input id="hidden" style="display:none"><input id="name" value="old name">
    <input id="password" type="password"><meta name="csrf-token" content="meta-secret"><button>Enter</button></form>`,
  '/inside': `<title>Inside</title><script>
    fetch('/api/list', { headers: { 'X-Token': 'from-the-page' } }).then(() => {
      history.pushState({}, '', '/inside#ready')
      document.body.insertAdjacentHTML('beforeend', '<b id="ready">Ready</b>')
    })</script>`,
  '/api/list': '{}',
  '/pictures': `<img src="/picture.png"><img src="/other.png"><link rel="icon" href="data:,">
    <script>document.write('<iframe src="http://localhost:' + location.port + '/framed"></iframe>')</script>`,
  '/framed': '<img src="/picture-of-another-site.png">',
}

function browser(options: Partial<BrowserOptions> = {}): OpenBrowser {
  const made = createBrowser({ allowLocal: true, temp, ...options })
  opened.add(made)
  return made
}

const hostOf = (pool: OpenBrowser, signal = forever): Browser => pool.scoped({ signal })

/** The process groups of the browsers whose files lie in the folder. */
async function browsersIn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (!words.includes(`--user-data-dir=${folder}/`)) return []
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
      return stat === '' ? [] : [Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])]
    }),
  )
  return [...new Set(found.flat())]
}

const living = async (group: number) => ((await groupMembers(group)) ?? []).length

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

test('a person’s sign-in: fields are filled, the button pressed, the session’s cookies and requests are told', async () => {
  await hostOf(browser()).visit(async (page) => {
    expect(await page.goto(`${origin}/sign-in`)).toBe(200)
    expect(await page.title()).toBe('Sign in')
    expect(await page.waitFor(['#hidden', '#absent', '#name', '#password'])).toBe('#name')
    await page.fill('#name', 'jane')
    await page.fill('#password', 'open sesame')
    await page.click('::-p-text(Enter)')
    expect(await page.waitForUrl((url) => url.pathname === '/inside')).toBe(true)
    expect(await page.waitFor(['#ready'])).toBe('#ready')
    expect(page.url()).toBe(`${origin}/inside#ready`)
    const listing = await page.request(({ url }) => url.endsWith('/api/list'))
    expect(listing).toMatchObject({ method: 'GET', headers: { 'x-token': 'from-the-page' } })
    const cookies = (await page.cookies()).map(({ name, value, domain }) => [name, value, domain])
    expect(cookies.sort()).toEqual([
      ['seen', '1', '127.0.0.1'],
      ['session', 'abc', '127.0.0.1'],
    ])
    expect(await page.html()).toContain('<b id="ready">')
    expect(await page.waitFor(['#absent'], 0.1)).toBeNull()
    expect(await page.waitForUrl(({ pathname }) => pathname === '/elsewhere', 0.1)).toBe(false)
    expect(await page.request(({ url }) => url.endsWith('/elsewhere'), 0.1)).toBeNull()
  })
  expect(lastAsked.headers['user-agent']).toMatch(/HeadlessChrome\/.* PassGalleryMigration\/1$/)
})

test('nothing of a visit is left for the next one, and pictures are loaded only where they are asked for', async () => {
  const host = hostOf(browser())
  await host.visit((page) => page.goto(`${origin}/enter`))
  await host.visit(async (page) => {
    await page.goto(`${origin}/sign-in`)
    expect(await page.cookies()).toEqual([])
  })
  asked = []
  const look = async (light: boolean) => {
    await host.visit(
      async (page) => {
        await page.goto(`${origin}/pictures`)
        await page.request(({ url }) => url.endsWith('/other.png'))
        await page.request(({ url }) => url.endsWith('/picture-of-another-site.png'))
        await page.goto(`${origin}/`)
      },
      { light },
    )
    return asked.splice(0).filter((path) => path !== '/favicon.ico') // the whole Chrome's own wish
  }
  expect(await look(true)).toEqual(['/pictures', '/framed', '/'])
  const pictures = ['/picture.png', '/picture-of-another-site.png']
  expect(await look(false)).toEqual(expect.arrayContaining(pictures))
})

test('only addresses that we talk to are reached, whatever names, redirects and scripts say', async () => {
  const names: Record<string, string> = { 'site.test': '127.0.0.1', 'inner.test': '10.1.2.3', localhost: '127.0.0.1' }
  const lookups: string[] = []
  const resolve = async (name: string) => {
    lookups.push(name)
    const address = names[name]
    if (!address) throw Object.assign(new Error('unknown'), { code: 'ENOTFOUND' })
    return [{ address, family: 4 }]
  }
  const local = hostOf(browser({ resolve }))
  const goto = (host: Browser, url: string) => errorOf(host.visit((page) => page.goto(url)))
  asked = []
  expect(await goto(local, `http://site.test:${port}/`)).toBeUndefined()
  expect([asked, lookups]).toEqual([['/'], ['site.test']])
  for (const url of [
    'http://10.0.0.1/',
    'https://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://inner.test/',
    'https://inner.test/',
    'http://127.0.0.1:22/',
    'file:///etc/passwd',
    'chrome://version/',
    'javascript:1',
    `${origin}/go?to=${encodeURIComponent('http://10.0.0.1/')}`,
    `${origin}/go?to=${encodeURIComponent('https://inner.test/')}`,
  ]) {
    expect(await goto(local, url), url).toBeInstanceOf(AddressRefused)
  }
  expect(await goto(local, 'https://unknown.test/')).toBeInstanceOf(SourceUnreachable)
  expect(await goto(local, 'http://127.0.0.1:9/'), 'a port of another protocol').toBeInstanceOf(AddressRefused)
  expect(await goto(local, 'http://127.0.0.1:65535/'), 'nobody listens').toBeInstanceOf(SourceUnreachable)
  expect(await goto(local, `${origin}/go?to=file:///etc/passwd`)).toBeInstanceOf(SourceUnreachable)
  const strict = hostOf(browser({ allowLocal: false, resolve }))
  for (const host of [
    `127.0.0.1:${port}`,
    `site.test:${port}`,
    `localhost:${port}`,
    `[::1]:${port}`,
    `2130706433:${port}`,
  ]) {
    expect(await goto(strict, `http://${host}/`), host).toBeInstanceOf(AddressRefused)
  }
})

test('a page cannot talk past the way that is judged, nor use it without the visit’s credentials', async () => {
  const outside = createSocket('udp4').bind(0, '127.0.0.1')
  await once(outside, 'listening')
  let datagrams = 0
  outside.on('message', () => datagrams++)
  pages['/escape'] = `<script>
    const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:${outside.address().port}' }] })
    peer.createDataChannel('x')
    peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && gathered()
    peer.createOffer().then((offer) => peer.setLocalDescription(offer))
    const gathered = () => Promise.allSettled([fetch('http://10.0.0.1/'), fetch('file:///etc/passwd')])
      .then((all) => document.body.insertAdjacentHTML('beforeend', '<b id="done">' + all.map((one) => one.status)))
    </script>`
  await hostOf(browser()).visit(async (page) => {
    await page.goto(`${origin}/escape`)
    expect(await page.waitFor(['#done'])).toBe('#done')
    expect(await page.html()).toContain('rejected,rejected')
    await page.goto(`${origin}/protected`)
    expect(lastAsked.headers.authorization).toBeUndefined()
    expect(lastAsked.headers['proxy-authorization']).toBeUndefined()
  })
  outside.close()
  expect(datagrams).toBe(0)

  const gateway = await openGateway({ allowLocal: true })
  asked = []
  const { port: way } = new URL(gateway.address)
  const [answer] = await once(plainRequest({ port: way, path: `${origin}/` }).end(), 'response')
  const [tunnel] = await once(
    plainRequest({ port: way, method: 'CONNECT', path: `127.0.0.1:${port}` }).end(),
    'connect',
  )
  expect([answer.statusCode, tunnel.statusCode, asked]).toEqual([407, 407, []])
  await gateway.close()
})

test('a page that is not recognised becomes evidence without what was typed or signs in', async () => {
  const host = hostOf(browser())
  const evidenceWith = (name: string, password: string) =>
    host.visit(async (page) => {
      await page.goto(`${origin}/sign-in`)
      await page.fill('#name', name)
      await page.fill('#password', password)
      return (await errorOf(page.click('#submit-of-last-year'))) as UnexpectedPage
    })
  const one = await evidenceWith('wallaby', 'secret-one')
  expect(one).toBeInstanceOf(UnexpectedPage)
  expect(one.expected).toBe('#submit-of-last-year')
  expect(one.evidence).toMatchObject({ url: `${origin}/sign-in`, status: 200, contentType: 'text/html; charset=utf-8' })
  expect(one.evidence.excerpt).toContain('<title>Sign in</title>')
  expect(one.evidence.excerpt).not.toMatch(/wallaby|secret-one|meta-secret|jane@/)
  expect([...one.evidence.screenshot!.subarray(1, 4)]).toEqual([...Buffer.from('PNG')])
  const other = await evidenceWith('pelican', 'secret-two')
  expect(Buffer.from(other.evidence.screenshot!).equals(one.evidence.screenshot!), 'looks the same').toBe(true)
})

test('who waits for nothing, or does not wait any more, is told at once', async () => {
  const pool = browser({ pages: 1 })
  const host = hostOf(pool)
  expect(await errorOf(host.visit((page) => page.goto(`${origin}/silent`, 0.2)))).toBeInstanceOf(SourceUnreachable)
  const leaving = new AbortController()
  const reason = new Error('the worker stops')
  const inside = Promise.withResolvers<void>()
  const first = hostOf(pool, leaving.signal).visit(async (page) => {
    inside.resolve()
    await page.goto(`${origin}/silent`)
  })
  await inside.promise
  const second = hostOf(pool, leaving.signal).visit((page) => page.goto(origin))
  leaving.abort(reason)
  expect(await Promise.all([first, second].map(errorOf))).toEqual([reason, reason])
  expect(await host.visit((page) => page.goto(origin)), 'the place is free again').toBe(200)
})

test('a browser or a page that crashes ends its visits as unreachable; the next visit finds a fresh one', async () => {
  const folder = await mkdtemp(join(temp, 'crash-'))
  const host = hostOf(browser({ temp: folder }))
  const crash = (signal: NodeJS.Signals, whom: (browser: number) => Promise<number[]>) =>
    errorOf(
      host.visit(async (page) => {
        await page.goto(origin)
        const [pid] = await browsersIn(folder)
        for (const victim of await whom(pid!)) process.kill(victim, signal)
        await page.waitFor(['#never'], 20)
      }),
    )
  const renderers = async (group: number) => {
    const members = (await groupMembers(group)) ?? []
    const words = await Promise.all(members.map(({ pid }) => readFile(`/proc/${pid}/cmdline`, 'utf8')))
    return members.filter((_, index) => words[index]!.includes('--type=renderer')).map(({ pid }) => pid)
  }
  expect(await crash('SIGKILL', renderers)).toBeInstanceOf(SourceUnreachable)
  const [first] = await browsersIn(folder)
  expect(await crash('SIGSEGV', async (pid) => [pid])).toBeInstanceOf(SourceUnreachable)
  expect(await crash('SIGKILL', async (pid) => [pid])).toBeInstanceOf(SourceUnreachable)
  expect(await host.visit((page) => page.goto(origin))).toBe(200)
  await expect.poll(() => living(first!)).toBe(0)
  await expect.poll(async () => (await readdir(folder)).length, { timeout: 5000 }).toBe(1)
})

test('a browser that has served enough, or holds too much, lets its visits end and makes room for a fresh one', async () => {
  for (const limit of [{ pagesEach: 2 }, { memoryBytes: 1 }]) {
    const folder = await mkdtemp(join(temp, 'recycled-'))
    const pool = browser({ temp: folder, ...limit })
    const host = hostOf(pool)
    const seen = () => host.visit(async () => (await browsersIn(folder)).sort())
    const title = await host.visit(async (page) => {
      await page.goto(origin)
      const [first] = await seen()
      const both = 'pagesEach' in limit ? await seen() : [first, ...(await browsersIn(folder))]
      expect(new Set(both).size, JSON.stringify(limit)).toBe(2)
      return page.title()
    })
    expect(title).toBe('Hello')
    await expect.poll(async () => (await browsersIn(folder)).length).toBe(1)
    await pool.close()
    expect([await browsersIn(folder), await readdir(folder)]).toEqual([[], []])
  }
})

test('200 pages, twelve at once, leave no process and no file behind, nor does a browser that nobody needs', {
  timeout: 180_000,
}, async () => {
  const folder = await mkdtemp(join(temp, 'many-'))
  const pool = browser({ temp: folder, pages: 12, pagesEach: 90, idleSeconds: 0.5 })
  const host = hostOf(pool)
  const groups = new Set<number>()
  const twelveIn = Promise.withResolvers<void>()
  let within = 0
  const visits = Array.from({ length: 200 }, (_, index) =>
    host.visit(async (page) => {
      if (++within === 12) twelveIn.resolve()
      await twelveIn.promise
      const status = await page.goto(`${origin}/?visit=${index}`)
      if (index % 10 === 0) for (const pid of await browsersIn(folder)) groups.add(pid)
      return status
    }),
  )
  expect(new Set(await Promise.all(visits))).toEqual(new Set([200]))
  expect(groups.size).toBe(3)
  await expect.poll(() => readdir(folder), { timeout: 5000 }).toEqual([])
  for (const group of groups) await expect.poll(() => living(group)).toBe(0)
})

test('a browser ends with its worker, even where that one is killed', async () => {
  const folder = await mkdtemp(join(temp, 'killed-'))
  const script = `import { createBrowser } from '#workers/browser.ts'
    const host = createBrowser({ allowLocal: true, temp: ${JSON.stringify(folder)} }).scoped({ signal: new AbortController().signal })
    await host.visit(async (page) => {
      await page.goto(${JSON.stringify(origin)})
      process.stdout.write('inside')
      await page.waitFor(['#never'], 60)
    })`
  const worker = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(worker.stdout, 'data')
  const [group] = await browsersIn(folder)
  expect(await living(group!)).toBeGreaterThan(2)
  worker.kill('SIGKILL')
  await expect.poll(() => living(group!), { timeout: 10_000 }).toBe(0)
})
