// upload: a folder's list of files first, then the bytes of those that are not here yet, while the run is followed. The
// same command again goes on with the same run.
import { createReadStream } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join, resolve, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseIsAway } from '#server/availability.ts'
import { findOrCreateClient } from '#server/clients.ts'
import {
  type AnnouncedFile,
  announceFiles,
  completeManifest,
  finishWithout,
  pageFiles,
} from '#server/manifests/announce.ts'
import { type Arrivals, openArrivals, skipFiles } from '#server/manifests/arrivals.ts'
import { createUpload } from '#server/manifests/create.ts'
import { filesLacking } from '#server/manifests/facts.ts'
import { hasFolders, inPathOrder, isJunk, type Layout } from '#server/manifests/layout.ts'
import { Refusal } from '#server/refusal.ts'
import { resumeRun, runFacts } from '#server/runs.ts'
import { StoreUnavailable } from '#server/store/store.ts'
import { HoldLost } from '#server/uploads/loose.ts'
import { maxFileBytes, openReception, type Reception } from '#server/uploads/receive.ts'
import type { Upload } from './args.ts'
import { type ExitCode, exit, say } from './endings.ts'
import { count } from './figures.ts'
import { requireWritable } from './files.ts'
import { type Opening, toTheEnd } from './migrate.ts'
import type { System } from './system.ts'

type House = System['house']

export async function upload(wanted: Upload, opening: Opening, stop: AbortSignal): Promise<ExitCode> {
  const folder = resolve(wanted.folder)
  const files = inPathOrder(await filesIn(folder))
  if (files.length === 0) throw new Refusal('nothing_announced', 422, `There is no file in ${folder}.`)
  if (wanted.report) await requireWritable(wanted.report)

  const system = await opening()
  const { house } = system
  const client = await findOrCreateClient(house, 'cli', wanted.client)
  const { gallery, renditions } = wanted
  const { id, existed } = await createUpload(house, 'cli', {
    clientId: client.id,
    renditions,
    layout: layoutOf(files, folder, gallery),
    ...(gallery === undefined ? {} : { target: { title: gallery } }),
    origin: JSON.stringify([hostname(), folder, gallery ?? null]),
  })
  if (existed) await goOnWith(house, id)
  const lacking = await announceAll(house, id, files)

  const broken = new AbortController()
  let failure: unknown
  const ended = new AbortController()
  const sending = sendAll(house, id, folder, lacking, AbortSignal.any([stop, ended.signal])).catch((error: unknown) => {
    failure = error
    broken.abort()
  })
  const code = await toTheEnd(system, id, { ...wanted, plan: false }, AbortSignal.any([stop, broken.signal]))
  ended.abort()
  await sending
  if (failure) throw failure
  if (code === exit.waits) say('the same command again takes what is missing')
  return code
}

async function goOnWith(house: House, runId: string): Promise<void> {
  say(`this folder was uploaded before: going on with run ${runId}`)
  const { state } = await runFacts(house, runId)
  if (state === 'paused' || state === 'blocked') await resumeRun(house, 'cli', runId)
}

function layoutOf(files: AnnouncedFile[], folder: string, gallery: string | undefined): Layout {
  const root = nameOf(folder)
  if (gallery !== undefined) return { into: 'gallery', root, title: gallery }
  const into = hasFolders(
    files.map(({ path }) => path),
    root,
  )
    ? 'folders'
    : 'gallery'
  return { into, root, title: root }
}

const nameOf = (folder: string) => basename(folder) || 'Upload'

/** Everything below the folder, but for what systems leave there. Throws Refusal `unreadable_folder`. */
async function filesIn(folder: string): Promise<AnnouncedFile[]> {
  const files: AnnouncedFile[] = []
  try {
    for await (const entry of await opendir(folder, { recursive: true })) {
      const path = join(entry.parentPath, entry.name)
      const below = [nameOf(folder), ...path.slice(folder.length).split(sep).filter(Boolean)].join('/')
      if (entry.isDirectory() || isJunk(below.slice(nameOf(folder).length + 1))) continue
      // A link to a file is that file; one that leads nowhere is announced, and cannot be read then.
      const found = await stat(path).catch(() => null)
      if (found && !found.isFile()) continue
      files.push({ path: below, bytes: found?.size ?? 1, modified: Math.trunc(found?.mtimeMs ?? 0) })
    }
    return files
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Refusal('unreadable_folder', 422, `${folder} cannot be read${code ? ` (${code})` : ''}.`, { cause })
  }
}

/** Returns the files that are to be sent, in their order. */
async function announceAll(house: House, runId: string, files: AnnouncedFile[]): Promise<AnnouncedFile[]> {
  const lacking: AnnouncedFile[] = []
  let changed = 0
  for (let from = 0; from < files.length; from += pageFiles) {
    const page = { from, files: files.slice(from, from + pageFiles), add: true, replace: false }
    const compared = await announceFiles(house, 'cli', runId, page)
    lacking.push(...compared.lacking.sort((a, b) => a - b).map((n) => files[n]!))
    changed += compared.changed.length
  }
  await completeManifest(house, 'cli', runId, files.length)
  if (changed > 0) say(`${count(changed)} files look different from what was sent before; what was sent is kept`)
  return lacking
}

/** Files read and stored at once. */
const parallel = 6

/** Throws what neither a file nor the next minutes can help. */
async function sendAll(
  house: House,
  runId: string,
  folder: string,
  files: AnnouncedFile[],
  signal: AbortSignal,
): Promise<void> {
  const reception = openReception(house)
  const arrivals = openArrivals(house, reception)
  const waiting = files[Symbol.iterator]()
  const hand = async () => {
    for (const file of waiting) {
      if (signal.aborted) return
      await patiently(() => sendOne({ house, reception, arrivals, runId, folder }, file), signal)
    }
  }
  try {
    await Promise.all(Array.from({ length: parallel }, hand))
    if (!signal.aborted) await leaveOutTheRest(house, runId)
  } catch (error) {
    // Somebody paused or cancelled it: who follows the run says so.
    if (!(error instanceof Refusal && error.code === 'wrong_state')) throw error
  } finally {
    await reception.close()
  }
}

interface Sending {
  house: House
  reception: Reception
  arrivals: Arrivals
  runId: string
  folder: string
}

async function sendOne({ house, reception, arrivals, runId, folder }: Sending, file: AnnouncedFile): Promise<void> {
  const path = join(folder, ...file.path.split('/').slice(1))
  const leaveOut = (code: string) => skipFiles(house, runId, [{ path: file.path, code }])
  const found = await stat(path).catch(() => null)
  if (!found) return leaveOut('unreadable_file')
  if (found.size !== file.bytes || Math.trunc(found.mtimeMs) !== file.modified) return leaveOut('file_changed')
  if (file.bytes > maxFileBytes) return leaveOut('file_too_large')
  let spooled: Awaited<ReturnType<Reception['spool']>>
  try {
    spooled = await reception.spool(createReadStream(path), maxFileBytes)
  } catch (error) {
    const { syscall, path: met } = error as NodeJS.ErrnoException
    // Of the file itself, not of the copy that is written of it.
    if (met === path || syscall === 'read') return leaveOut('unreadable_file')
    throw error
  }
  if (spooled.bytes !== file.bytes) {
    await spooled.remove()
    return leaveOut('file_changed')
  }
  await arrivals.receive(runId, file.path, spooled)
}

/** Everything that is in the folder was sent: what was announced by an earlier command and is not there now never comes. */
async function leaveOutTheRest(house: House, runId: string): Promise<void> {
  if ((await filesLacking(house, runId)) === 0) return
  const { left } = await finishWithout(house, 'cli', runId)
  say(`${count(left)} files that were announced before are not in the folder any more and are left out`)
}

const patientSeconds = 120

/** A store or database that is away comes back, most times. */
async function patiently(send: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + patientSeconds * 1000; ; ) {
    try {
      return await send()
    } catch (error) {
      if (!isPassing(error) || Date.now() > deadline) throw error
      await delay(1000, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
    }
  }
}

const isPassing = (error: unknown) =>
  databaseIsAway(error) || error instanceof StoreUnavailable || error instanceof HoldLost
