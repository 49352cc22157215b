// Sends the files of one upload run from a thread of its own: their list first, then the bytes that the other side lacks,
// six at a time. The page hears how it goes (`messages.ts`).
import { type Access, fileStates, type Phase, type SenderOptions, type ToWorker } from '../messages.ts'
import { Away, ask, Declined, Expired } from './media.ts'
import { openReport } from './report.ts'
import { type Begun, sendFile, Unreadable } from './send-file.ts'

const parallel = 6 // browsers open no more connections to one origin
const pageFiles = 5000
const waitSeconds = [1, 2, 4, 8, 15]

interface Scope {
  postMessage(message: unknown, transfer: Transferable[]): void
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
}

const scope = self as unknown as Scope
const report = openReport((message, transfer) => scope.postMessage(message, transfer))

const files: { path: string; file: File }[] = []
const begun = new Map<number, Partial<Begun>>()
let access: Access | null = null
let given = Promise.withResolvers<void>()
let moving = Promise.resolve()
let letGo = () => {}
let rounds = Promise.resolve()
let doing: Phase = 'announcing'

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case 'files':
      files.push(...data.files)
      return
    case 'access':
      access = data.access
      given.resolve()
      given = Promise.withResolvers()
      return
    case 'hold':
      letGo()
      if (data.held) moving = new Promise((resolve) => (letGo = resolve))
      return
    case 'start':
      rounds = rounds.then(() => round(data.options)).catch((error: Error) => report.phase('stopped', error.message))
  }
}

/** The list, what is lacking, and once more where the other side could not say whether it has all of it. */
async function round(options: SenderOptions): Promise<void> {
  let lacking = await announceAll(options)
  await rememberBegun()
  for (let tries = 0; lacking.length > 0 && tries < 3; tries++) {
    begin('sending')
    const unsure = await sendAll(lacking)
    lacking = unsure.length > 0 ? await announceAll({ add: false, replace: false }) : []
  }
  report.phase('done')
}

function begin(phase: Phase): void {
  doing = phase
  report.phase(phase)
}

interface Compared {
  lacking: number[]
  changed: number[]
  unknown: number[]
  refused: { n: number; code: string }[]
}

async function announceAll(options: SenderOptions): Promise<number[]> {
  begin('announcing')
  const lacking: number[] = []
  for (let from = 0; from < files.length; from += pageFiles) {
    const page = files.slice(from, from + pageFiles)
    const listed = page.map(({ path, file }) => ({ path, bytes: file.size, modified: file.lastModified }))
    const compared = await patiently((way) => ask<Compared>(way, '/uploads/files', { from, files: listed, ...options }))
    tellCompared(from, page.length, compared)
    lacking.push(...compared.lacking.sort((a, b) => a - b))
    report.announced(from + page.length)
  }
  if (options.add) await patiently((way) => ask(way, '/uploads/complete', { files: files.length }))
  return lacking
}

function tellCompared(from: number, length: number, { lacking, changed, unknown, refused }: Compared): void {
  const special = new Set([...lacking, ...changed, ...unknown, ...refused.map(({ n }) => n)])
  for (let n = from; n < from + length; n++) if (!special.has(n)) report.state(n, fileStates.here)
  for (const n of lacking) report.state(n, fileStates.waiting)
  for (const n of changed) report.state(n, fileStates.changed)
  for (const n of unknown) report.state(n, fileStates.unlisted)
  for (const { n, code } of refused) report.state(n, fileStates.refused, code)
}

/** Files that an earlier visit has sent in part. */
async function rememberBegun(): Promise<void> {
  interface Part {
    id: string
    path: string
    modified: number
  }
  const { parts } = await patiently((way) => ask<{ parts: Part[] }>(way, '/uploads/parts'))
  if (parts.length === 0) return
  const { mediaUrl } = await way()
  const byPath = new Map(files.map(({ path, file }, n) => [path, { n, file }]))
  for (const { id, path, modified } of parts) {
    const known = byPath.get(path)
    if (known?.file.lastModified === modified) begun.set(known.n, { url: `${mediaUrl}/uploads/bytes/${id}` })
  }
}

/** Returns the places of files of which the other side did not say what it made of them. */
async function sendAll(places: number[]): Promise<number[]> {
  const waiting = places[Symbol.iterator]()
  const unsure: number[] = []
  const hand = async () => {
    for (const n of waiting) if ((await sendOne(n)) === 'unsure') unsure.push(n)
  }
  await Promise.all(Array.from({ length: parallel }, hand))
  return unsure
}

async function sendOne(n: number): Promise<'unsure' | 'settled'> {
  const one = files[n]!
  const where = begun.get(n) ?? {}
  begun.set(n, where)
  report.state(n, fileStates.sending)
  try {
    const arrival = await patiently((way) => sendFile(way, one, where, (bytes) => report.progress(n, bytes)))
    begun.delete(n)
    if (arrival === 'here' || arrival === 'unwanted') report.state(n, fileStates.here)
    else if (arrival !== null) report.state(n, fileStates.refused, arrival)
    return arrival === null ? 'unsure' : 'settled'
  } catch (error) {
    if (error instanceof Unreadable) await leaveOut(n, 'unreadable_file')
    else if (!(error instanceof Declined)) throw error
    else if (error.code === 'already_here') report.state(n, fileStates.here)
    else if (error.code === 'file_changed' || error.code === 'file_too_large') await leaveOut(n, error.code)
    else report.state(n, fileStates.refused, error.code)
    return 'settled'
  }
}

/** The run is told that it need not wait for it. */
async function leaveOut(n: number, code: string): Promise<void> {
  await patiently((way) => ask(way, '/uploads/trouble', { files: [{ path: files[n]!.path, code }] }))
  report.state(n, fileStates.refused, code)
}

/** Asks until there is an answer: after sleep, without a network, with a new token, when the run moves again. */
async function patiently<Answer>(work: (way: Access) => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    await moving
    const shown = await way()
    try {
      const answer = await work(shown)
      if (tries > 0) report.phase(doing)
      return answer
    } catch (error) {
      if (error instanceof Expired) {
        // Whoever notices first asks; the others wait with it.
        if (access === shown) {
          access = null
          report.wantsAccess()
        }
      } else if (error instanceof Away) {
        report.phase('unreachable')
        await back(waitSeconds[tries] ?? waitSeconds.at(-1)!)
      } else if (error instanceof Declined && error.code === 'wrong_state') await standStill(error)
      else if (!(error instanceof Declined && error.status === 404 && tries < 3)) throw error
    }
  }
}

async function way(): Promise<Access> {
  while (!access) await given.promise
  return access
}

/** A network that comes back is not waited for any longer. */
function back(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      self.removeEventListener('online', done)
      resolve()
    }
    const timer = setTimeout(done, seconds * 1000)
    self.addEventListener('online', done)
  })
}

/** The page sees the run's state as well, and says when it moves again; or it never does. */
async function standStill(error: Declined): Promise<void> {
  report.phase('unreachable', error.message)
  await back(waitSeconds[2]!)
}
